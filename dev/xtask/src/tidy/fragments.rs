//! Fragments of the changelog are named so that they can be folded: `changelog.d/<change>.<kind>.md`.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;
use crate::commands::changelog::{FOLDER, Kind};

const RULE: &str = "fragment";

/// Checks the name of each fragment and that it says something.
pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in tree.files() {
        let Some(name) = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        if name == "README.md" || name.starts_with('.') {
            continue;
        }
        if Kind::of_fragment(name).is_none() {
            let remedy = "call it <change>.<added|changed|fixed|removed|security>.md";
            findings.push(Finding::new(RULE, path, 1, "the name has no kind of change", remedy));
        } else if tree.text(path)?.trim().is_empty() {
            findings.push(Finding::new(
                RULE,
                path,
                1,
                "the fragment is empty",
                "say what changed for the user",
            ));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    #[test]
    fn a_fragment_has_a_change_a_kind_and_words() {
        let planted = plant(&[
            ("changelog.d/README.md", ""),
            ("changelog.d/cache.added.md", "x"),
            ("changelog.d/cache.fixed.md", " "),
            ("changelog.d/cache.md", "x"),
            ("changelog.d/cache.improved.md", "x"),
            ("changelog.d/.added.md", "x"),
        ]);
        let findings = check(&planted.tree).unwrap();
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(
            paths,
            ["changelog.d/cache.fixed.md", "changelog.d/cache.improved.md", "changelog.d/cache.md"]
        );
    }
}
