//! A link from one page of the repository to another leads somewhere, down to the heading.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Finding;
use super::tree::Tree;
use crate::markdown;

/// Checks the relative links of every Markdown file. Links that leave the repository are nobody's to check here.
pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in tree.files().filter(|path| path.ends_with(".md")) {
        for (line, prose) in markdown::prose(&tree.text(path)?) {
            for target in targets(&prose) {
                if let Some((problem, remedy)) = breach(tree, path, target)? {
                    findings.push(Finding::new("link", path, line, &problem, remedy));
                }
            }
        }
    }
    Ok(findings)
}

fn breach(tree: &Tree, from: &str, target: &str) -> Result<Option<(String, &'static str)>> {
    if is_elsewhere(target) {
        return Ok(None);
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let resolved = if path.is_empty() { Some(from.to_owned()) } else { resolve(from, path) };
    let Some(resolved) = resolved.filter(|resolved| tree.has(resolved)) else {
        return Ok(Some((format!("`{target}` leads nowhere"), "correct the path")));
    };
    let Some(anchor) = anchor.filter(|_| resolved.ends_with(".md")) else {
        return Ok(None);
    };
    let is_found = anchors(&tree.text(&resolved)?).iter().any(|known| known == anchor);
    Ok((!is_found)
        .then(|| (format!("`{target}` names no heading of {resolved}"), "correct the part after #")))
}

fn is_elsewhere(target: &str) -> bool {
    let scheme = target.split_once(':').map_or("", |(scheme, _)| scheme);
    !scheme.is_empty()
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// The path from the root; `None` if it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where the links of one line lead: `[text](target "title")` and `[label]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.get(..closing_parenthesis(rest)?));
    let definition = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .filter(|(label, _)| !label.contains(']') && !label.starts_with('^'))
        .map(|(_, target)| target);
    inline.chain(definition).filter_map(destination).collect()
}

fn destination(text: &str) -> Option<&str> {
    let text = text.trim();
    match text.strip_prefix('<') {
        Some(bracketed) => bracketed.split_once('>').map(|(target, _)| target),
        None => text.split_whitespace().next(),
    }
}

fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The anchors of a page's headings, as the usual renderers make them: lower case, spaces as hyphens, punctuation gone,
/// `-1`, `-2` after repeated ones.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for heading in headings(text) {
        let slug = slug(&heading);
        let repeats = seen.entry(slug.clone()).or_default();
        anchors.push(if *repeats == 0 { slug.clone() } else { format!("{slug}-{repeats}") });
        *repeats += 1;
    }
    anchors
}

/// Headings outside fenced blocks, with the text of code spans, which is part of the anchor.
fn headings(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let outside = markdown::prose(text);
    let whole = outside.iter().filter_map(|(line, _)| lines.get(line - 1).copied());
    whole
        .filter_map(|line| {
            let words = line.trim_start_matches('#');
            let level = line.len() - words.len();
            ((1..=6).contains(&level) && words.starts_with(' ')).then(|| words.trim().to_owned())
        })
        .collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    #[test]
    fn links_are_followed_to_file_folder_and_heading() {
        let guide = "# Start\n[a](../adr/one.md) [b](../adr) [c](/README.md#two-words) [d](#start) [e](<../adr/one.md>)\n\
                     [f]: ../adr/one.md \"title\"\n[g](https://example.com/x.md) [h](mailto:a@example.com)\n";
        let planted =
            plant(&[("docs/guide/start.md", guide), ("docs/adr/one.md", ""), ("README.md", "# Two words\n")]);
        assert_eq!(check(&planted.tree).unwrap(), []);
    }

    #[test]
    fn broken_links_are_named_with_their_line() {
        let page = "# Start\n\n[a](two.md)\n```\n[b](three.md)\n```\n`[c](four.md)`\n[d](../../five.md) [e](#begin)\n[f]: six.md\n";
        let planted = plant(&[("docs/one.md", page)]);
        let findings = check(&planted.tree).unwrap();
        let problems: Vec<String> =
            findings.iter().map(|finding| format!("{}: {}", finding.line, finding.problem)).collect();
        assert_eq!(
            problems,
            [
                "3: `two.md` leads nowhere",
                "8: `../../five.md` leads nowhere",
                "8: `#begin` names no heading of docs/one.md",
                "9: `six.md` leads nowhere"
            ]
        );
    }

    #[test]
    fn parentheses_inside_a_target_belong_to_it() {
        assert_eq!(targets("[a](b_(c).md), [d](e.md \"(f)\")"), ["b_(c).md", "e.md"]);
        assert_eq!(targets("[^1]: a footnote"), [""; 0]);
    }

    #[test]
    fn anchors_are_made_as_renderers_make_them() {
        let text = "# A `b`: c!\n## Same\n## Same\n```\n# not one\n```\n#neither\n";
        assert_eq!(anchors(text), ["a-b-c", "same", "same-1"]);
    }
}
