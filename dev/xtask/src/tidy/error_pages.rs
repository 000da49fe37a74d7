//! Every error that a person can see has a page, and every page an error.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::source::Source;
use super::tokens::Kind;
use super::tree::Tree;

const RULE: &str = "error-page";
const CODES_PATH: &str = "crates/domain/src/error_code.rs";
const PAGES_FOLDER: &str = "docs/errors/";
const CODE_DIGITS: usize = 4;

/// Compares the codes, string literals like `"TG1001"`, with the pages `docs/errors/TG1001.md`.
pub(crate) fn check(tree: &Tree, sources: &[Source]) -> Vec<Finding> {
    let Some(source) = sources.iter().find(|source| source.path == CODES_PATH) else {
        let problem = "the error codes are not where tidy looks for them";
        return vec![Finding::new(RULE, CODES_PATH, 1, problem, "keep the codes in this file")];
    };
    let codes = codes_of(source);
    let pages = pages_of(tree);
    let without_page = codes.iter().filter(|(code, _)| !pages.contains(*code)).map(|(code, &line)| {
        let problem = format!("{code} has no page");
        Finding::new(RULE, CODES_PATH, line, &problem, &format!("write {PAGES_FOLDER}{code}.md"))
            .of_item(code)
    });
    let without_code = pages.iter().filter(|page| !codes.contains_key(*page)).map(|page| {
        let path = format!("{PAGES_FOLDER}{page}.md");
        Finding::new(
            RULE,
            &path,
            1,
            &format!("no error has the code {page}"),
            "delete the page or add the code",
        )
    });
    without_page.chain(without_code).collect()
}

fn codes_of(source: &Source) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for token in source.tokens.iter().filter(|token| !source.is_test_line(token.line)) {
        if let Kind::Literal(literal) = &token.kind
            && is_code(literal.trim_matches('"'))
        {
            codes.entry(literal.trim_matches('"').to_owned()).or_insert(token.line);
        }
    }
    codes
}

fn pages_of(tree: &Tree) -> BTreeSet<String> {
    let names = tree.files().filter_map(|path| path.strip_prefix(PAGES_FOLDER)?.strip_suffix(".md"));
    names.filter(|name| is_code(name)).map(str::to_owned).collect()
}

fn is_code(text: &str) -> bool {
    text.strip_prefix("TG").is_some_and(|digits| {
        digits.len() == CODE_DIGITS && digits.chars().all(|digit| digit.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    #[test]
    fn codes_and_pages_meet_both_ways() {
        let text = "const A: &str = \"TG1001\";\nconst B: &str = \"TG1002\";\nconst C: &str = \"TG10021\";\n\
                    #[cfg(test)]\nmod tests { const D: &str = \"TG9999\"; }\n";
        let planted = plant(&[
            ("docs/errors/TG1001.md", ""),
            ("docs/errors/TG1003.md", ""),
            ("docs/errors/README.md", ""),
        ]);
        let findings = check(&planted.tree, &[Source::parse(CODES_PATH, text).unwrap()]);
        let problems: Vec<String> =
            findings.iter().map(|finding| format!("{}: {}", finding.line, finding.problem)).collect();
        assert_eq!(problems, ["2: TG1002 has no page", "1: no error has the code TG1003"]);
    }

    #[test]
    fn a_lost_list_of_codes_does_not_pass() {
        assert_eq!(check(&plant(&[("a.md", "")]).tree, &[]).len(), 1);
    }
}
