//! Each crate says on one page why it exists, what holds in it, and where to start reading.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

/// Every folder of `crates` and `dev` has a `README.md` with words.
pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for group in ["crates", "dev"] {
        for name in tree.folders_in(group) {
            let path = format!("{group}/{name}/README.md");
            if !tree.has_file(&path) || tree.text(&path)?.trim().is_empty() {
                let remedy = "write a page: reason, invariant, entry file";
                findings.push(Finding::new("readme", &path, 1, "the crate has no page", remedy));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    #[test]
    fn a_crate_without_words_is_refused() {
        let planted = plant(&[
            ("crates/wire/README.md", "# wire\n"),
            ("crates/domain/src/lib.rs", ""),
            ("dev/bench/README.md", " \n"),
        ]);
        let findings = check(&planted.tree).unwrap();
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["crates/domain/README.md", "dev/bench/README.md"]);
    }
}
