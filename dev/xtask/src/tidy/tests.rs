//! The whole of tidy on small repositories: a tidy one passes, and each exception is honoured.

use super::tree::planted::{Planted, plant};
use super::*;

const MANIFEST: &str = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n";
const DOMAIN: &str = "[package]\nname = \"domain\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";

fn repository(library: &str, allowances: &str) -> Planted {
    plant(&[
        ("Cargo.toml", MANIFEST),
        ("crates/domain/Cargo.toml", DOMAIN),
        ("crates/domain/README.md", "# domain\n"),
        ("crates/domain/src/lib.rs", library),
        ("crates/domain/src/error_code.rs", "//! Codes.\nconst A: &str = \"TG1001\";\n"),
        ("docs/errors/TG1001.md", "# TG1001\n"),
        ("dev/xtask/tidy.allow", allowances),
        ("dev/xtask/README.md", "# xtask\n"),
    ])
}

fn lines(planted: &Planted) -> Vec<String> {
    check(planted.folder.path()).unwrap().findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_tidy_repository_has_no_findings() {
    let planted = repository("//! Nouns.\nmod error_code;\n", "# none\n");
    assert_eq!(lines(&planted), [""; 0]);
    assert!(check(planted.folder.path()).unwrap().summary.starts_with("2 files, lines p50 2"));
}

#[test]
fn findings_come_in_the_order_of_the_files() {
    let planted = repository("mod error_code;\nmod utils {}\n", "");
    assert_eq!(
        lines(&planted),
        [
            "crates/domain/src/lib.rs:1: header: the file does not say why it exists; \
             open it with `//!` and a sentence that says why it exists",
            "crates/domain/src/lib.rs:2: names: `utils` says nothing; \
             name it after the thing of the domain that it holds",
        ]
    );
}

#[test]
fn an_exception_with_a_reason_is_honoured() {
    let allowances = "names crates/domain/src/lib.rs 1 # the word of a specification\n";
    assert_eq!(lines(&repository("//! Nouns.\nmod error_code;\nmod utils {}\n", allowances)), [""; 0]);
}

#[test]
fn a_file_that_does_not_parse_is_a_finding() {
    let found = lines(&repository("//! Nouns.\nfn {\n", ""));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("crates/domain/src/lib.rs:2: syntax: "), "{found:?}");
}
