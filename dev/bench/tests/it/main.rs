//! The whole tool as a user starts it: real processes, real sockets, short windows.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--quick", "--rounds", "1", "--date", "2026-01-02"])
        .args(arguments)
        .output()
        .unwrap()
}

/// An executable that has a key to give and then behaves as `serve` says when it is told to serve.
fn gateway(folder: &tempfile::TempDir, serve: &str) -> String {
    let file: PathBuf = folder.path().join("gateway");
    let script = format!(
        "#!/bin/sh\ncase $1 in\n--version) echo gateway 1 ;;\nkey) echo tg-{} blake3:00 ;;\nserve) {serve} ;;\nesac\n",
        "0".repeat(49)
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn the_floor_is_measured_and_the_page_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.md");
    let output = bench(&["--case", "first-token", "--case", "start", "--write", &file.to_string_lossy()]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        page.contains("| first-token: p50 | <sub>") && page.contains("| start: to the first 200 | <sub>"),
        "{page}"
    );
    assert!(page.contains("- Date: 2026-01-02"));
    assert_eq!(fs::read_to_string(file).unwrap(), page);
}

#[test]
fn a_gateway_that_does_not_start_is_a_failure_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        bench(&["--case", "start", "--tollgate", &gateway(&folder, "echo no such option >&2; exit 2")]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(page.contains("## Failures") && page.contains("no such option"), "{page}");
    // The floor's own rows are there all the same.
    assert!(page.contains("| start: to the first 200 | – | <sub>"), "{page}");
}

#[test]
fn a_gateway_that_is_not_there_is_an_error_before_anything_runs() {
    let output = bench(&["--tollgate", "/nonexistent/tollgate"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/tollgate"));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_load_without_a_plan_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).arg("load").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard input holds no plan"));
}
