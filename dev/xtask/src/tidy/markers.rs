//! What is put off is not finished: no leftover markers, no ignored tests, no silenced lints.

use anyhow::Result;
use proc_macro2::Delimiter;

use super::Finding;
use super::source::Source;
use super::tokens::{Kind, Token};
use super::tree::Tree;

/// Spelled in parts, so that this file does not breach its own rule.
const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Files whose text is looked at for leftovers.
const TEXT_ENDINGS: &[&str] =
    &[".rs", ".toml", ".md", ".yaml", ".yml", ".sh", ".py", ".js", ".mjs", ".ts", ".tsx", "justfile"];

/// Checks words in every text file and attributes in every Rust file, tests included.
pub(crate) fn check(tree: &Tree, sources: &[Source]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in tree.files().filter(|path| TEXT_ENDINGS.iter().any(|ending| path.ends_with(ending))) {
        findings.extend(check_words(path, &tree.text(path)?));
    }
    for source in sources {
        findings.extend(check_attributes(&source.path, &source.tokens));
    }
    Ok(findings)
}

fn check_words(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        for word in words.filter(|word| LEFTOVERS.contains(word)) {
            let remedy = "do it now, or write an issue and delete the note";
            findings.push(Finding::new(
                "leftover",
                path,
                index + 1,
                &format!("`{word}` is left over"),
                remedy,
            ));
        }
    }
    findings
}

fn check_attributes(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.is_mark('#') {
            let after = tokens.get(index + 1..).unwrap_or_default();
            for (line, problem, remedy) in refused_attributes(after) {
                findings.push(Finding::new("attribute", path, line, problem, remedy));
            }
        }
    }
    findings
}

/// What is refused in the attribute whose tokens follow a `#`; nothing if they are not an attribute.
fn refused_attributes(after: &[Token]) -> Vec<(usize, &'static str, &'static str)> {
    let after = match after {
        [mark, rest @ ..] if mark.is_mark('!') => rest,
        _ => after,
    };
    let [open, inside @ ..] = after else {
        return Vec::new();
    };
    if !open.opens(Delimiter::Bracket) {
        return Vec::new();
    }
    let end = inside.iter().position(|token| token.kind == Kind::Close(Delimiter::Bracket));
    let inside = inside.get(..end.unwrap_or(inside.len())).unwrap_or_default();
    let is_conditional = inside.first().is_some_and(|token| token.is_word("cfg_attr"));
    let looked_at = inside.get(..if is_conditional { inside.len() } else { 1 }).unwrap_or_default();
    looked_at.iter().filter_map(refusal).collect()
}

fn refusal(token: &Token) -> Option<(usize, &'static str, &'static str)> {
    if token.is_word("ignore") {
        Some((token.line, "the test is ignored", "repair it or delete it"))
    } else if token.is_word("allow") {
        Some((token.line, "a lint is silenced for good", "use `#[expect(lint, reason = \"...\")]`"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    fn attribute_lines(text: &str) -> Vec<usize> {
        let source = Source::parse("crates/a/src/b.rs", text).unwrap();
        check_attributes(&source.path, &source.tokens).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn leftover_words_are_found_as_whole_words_in_every_text() {
        let word = LEFTOVERS[0];
        let text = format!("a\n// {word}: later\n{word}S and MY_{word}\n");
        let planted = plant(&[("crates/a/src/b.rs", &text), ("docs/a.md", word), ("a.bin", word)]);
        let findings = check(&planted.tree, &[]).unwrap();
        let places: Vec<String> =
            findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
        assert_eq!(places, ["crates/a/src/b.rs:2", "docs/a.md:1"]);
    }

    #[test]
    fn ignored_tests_and_silenced_lints_are_refused() {
        let text = "#![allow(x)]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() {}\n\
                    #[cfg_attr(unix, allow(x))]\nfn c() {}\nm! { #[ignore] fn d() {} }\n";
        assert_eq!(attribute_lines(text), [1, 2, 4, 6, 8]);
    }

    #[test]
    fn expectations_names_and_strings_are_free() {
        let text = "#[expect(x, reason = \"#[allow(y)]\")]\nfn allow() {}\n#[derive(ignore)]\nstruct A;\nfn b() { allow(1) }\n";
        assert_eq!(attribute_lines(text), [0; 0]);
    }
}
