//! cargo-deny, which checks the dependency tree against `deny.toml`: found in one exact version, or installed under
//! `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::background::Leash;
use crate::process;

/// One version for everybody, so that a check never changes its mind by itself.
const VERSION: &str = "0.20.2";

/// The program, installed if it is not there yet. Building it takes about two minutes of two processors (measured:
/// 124 s), so it runs at the lowest priority and belongs in the background.
pub(crate) fn ensure(root: &Path, leash: &Leash) -> Result<PathBuf> {
    let tools = root.join("target/tools");
    let installed = tools.join("bin/cargo-deny");
    if is_right_version(&installed) {
        return Ok(installed);
    }
    let on_path = PathBuf::from("cargo-deny");
    if is_right_version(&on_path) {
        return Ok(on_path);
    }
    let build = tools.join("build");
    leash.run(&mut install_command(root, &tools, &build)).context("cannot install cargo-deny")?;
    std::fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))?;
    Ok(installed)
}

/// `cargo-deny check` with these checks, in the root of the repository.
pub(crate) fn check(program: &Path, root: &Path, checks: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root).args(["--locked", "check"]).args(checks);
    command
}

fn is_right_version(program: &Path) -> bool {
    process::output(Command::new(program).arg("--version"))
        .is_ok_and(|text| text.split_whitespace().any(|word| word == VERSION))
}

fn install_command(root: &Path, tools: &Path, build: &Path) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "19", "cargo", "install", "cargo-deny", "--locked", "--version", VERSION, "--root"]);
    command.arg(tools).current_dir(root).env("CARGO_TARGET_DIR", build);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fake(folder: &Path, version: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("target/tools/bin/cargo-deny");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\necho cargo-deny {version}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_right_version_is_used_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = fake(folder.path(), VERSION);
        let leash = Leash::new(&folder.path().join("log")).unwrap();
        assert_eq!(ensure(folder.path(), &leash).unwrap(), path);
    }

    #[test]
    fn another_version_is_not_accepted() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_right_version(&fake(folder.path(), "0.20.20")));
    }

    #[test]
    fn the_version_is_pinned_and_the_build_has_its_own_folder() {
        let command = install_command(Path::new("/r"), Path::new("/r/tools"), Path::new("/r/tools/build"));
        assert_eq!(
            process::describe(&command),
            "nice -n 19 cargo install cargo-deny --locked --version 0.20.2 --root /r/tools"
        );
    }
}
