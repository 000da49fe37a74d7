//! Names are nouns of the domain: a name that fits everything attracts everything.

use syn::Item;

use super::Finding;
use super::source::Source;
use super::tree::Tree;

const REFUSED: &[&str] =
    &["core", "common", "util", "utils", "helper", "helpers", "manager", "managers", "misc", "types"];

/// Refused also as the last word of a longer name: `string_utils`, `session_manager`.
const REFUSED_ENDINGS: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers", "misc"];

const REMEDY: &str = "name it after the thing of the domain that it holds";

/// Files, folders and crates under `crates` and `dev`, and modules inside files.
pub(crate) fn check(tree: &Tree, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in tree.folders().filter(|path| is_ours(path)) {
        findings.extend(refuse(folder, folder.rsplit('/').next().unwrap_or_default()));
    }
    for source in sources {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        findings.extend(refuse(&source.path, file.trim_end_matches(".rs")));
        check_modules(&source.path, &source.syntax.items, &mut findings);
    }
    findings
}

fn is_ours(folder: &str) -> bool {
    folder.starts_with("crates/") || folder.starts_with("dev/")
}

fn refuse(path: &str, name: &str) -> Option<Finding> {
    is_refused(name).then(|| Finding::new("names", path, 1, &format!("`{name}` says nothing"), REMEDY))
}

fn is_refused(name: &str) -> bool {
    let last_word = name.rsplit(['_', '-']).next().unwrap_or_default();
    REFUSED.contains(&name) || REFUSED_ENDINGS.contains(&last_word)
}

fn check_modules(path: &str, items: &[Item], findings: &mut Vec<Finding>) {
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, inside)) = &module.content
        {
            let name = module.ident.to_string();
            let line = module.ident.span().start().line;
            findings.extend(refuse(path, &name).map(|finding| Finding { line, ..finding }));
            check_modules(path, inside, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    #[test]
    fn words_that_say_nothing_are_refused() {
        for name in ["core", "utils", "types", "string_utils", "session-manager", "misc"] {
            assert!(is_refused(name), "{name}");
        }
        for name in ["score", "pinned_core", "commons", "wire_types", "utility_price", "management"] {
            assert!(!is_refused(name), "{name}");
        }
    }

    #[test]
    fn files_folders_crates_and_modules_are_looked_at() {
        let text = "//! Why.\nmod a {\n    mod helpers {}\n}\n";
        let files = [
            ("crates/common/src/lib.rs", ""),
            ("crates/wire/src/misc/b.rs", ""),
            ("crates/wire/src/util.rs", text),
            ("docs/misc/a.md", ""),
        ];
        let sources: Vec<Source> =
            files[..3].iter().map(|(path, text)| Source::parse(path, text).unwrap()).collect();
        let findings = check(&plant(&files).tree, &sources);
        let places: Vec<String> =
            findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
        assert_eq!(
            places,
            [
                "crates/common:1",
                "crates/wire/src/misc:1",
                "crates/wire/src/util.rs:1",
                "crates/wire/src/util.rs:3"
            ]
        );
    }
}
