//! Each file opens by saying why it exists.

use super::Finding;
use super::source::Source;

/// The first line of every file is a `//!` with words.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| !opens_with_a_reason(&source.text))
        .map(|source| {
            let remedy = "open it with `//!` and a sentence that says why it exists";
            Finding::new("header", &source.path, 1, "the file does not say why it exists", remedy)
        })
        .collect()
}

fn opens_with_a_reason(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_first_and_has_words() {
        assert!(opens_with_a_reason("//! Why.\nfn a() {}\n"));
        for text in ["", "fn a() {}\n", "// Why.\n", "//!\n//! Why.\n", "\n//! Why.\n"] {
            assert!(!opens_with_a_reason(text), "{text:?}");
        }
    }

    #[test]
    fn test_files_have_a_reason_too() {
        let source = Source::parse("crates/a/tests/it/main.rs", "fn a() {}\n").unwrap();
        assert_eq!(check(&[source]).len(), 1);
    }
}
