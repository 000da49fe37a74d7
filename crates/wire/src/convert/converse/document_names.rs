//! Names of documents: letters, digits, single spaces, hyphens, parentheses and square brackets, at most 200, and no name
//! twice in a request (API reference, `DocumentBlock`; Bedrock refuses letters beyond ASCII, too).

use std::collections::HashSet;

use crate::convert::form::{Document, Part, Prompt};
use crate::json::Text;

const BYTES_MAX: usize = 200;
/// Room for what tells equal names apart: ` (4096)`.
const NUMBER_BYTES_MAX: usize = 10;
/// What a document without a name is called: neutral, since a model may take a name for an instruction.
const NAMELESS: &str = "document";

/// The names of a prompt's documents, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Names {
    names: std::vec::IntoIter<String>,
}

impl Names {
    /// Names for all documents: those that have one are named first, so that they keep it.
    pub(super) fn of(prompt: &Prompt<'_>) -> Self {
        let documents: Vec<&Document<'_>> = documents(prompt).collect();
        let mut taken = HashSet::new();
        let mut names = vec![String::new(); documents.len()];
        for has_name in [true, false] {
            let of_kind = names.iter_mut().zip(&documents);
            for (name, document) in of_kind.filter(|(_, document)| document.name.is_some() == has_name) {
                let wish = document.name.as_ref().map_or(NAMELESS.to_owned(), fitted);
                *name = distinct(&wish, &mut taken);
            }
        }
        Self { names: names.into_iter() }
    }

    /// The name of the next document.
    pub(super) fn next(&mut self) -> String {
        self.names.next().unwrap_or_else(|| NAMELESS.to_owned())
    }
}

/// Whether every document keeps its name.
pub(super) fn are_kept(prompt: &Prompt<'_>) -> bool {
    let given = documents(prompt).map(|document| document.name.as_ref());
    let mut names = Names::of(prompt);
    given
        .map(|given| (given, names.next()))
        .all(|(given, name)| given.is_none_or(|given| given.plain() == name))
}

fn documents<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Document<'a>> {
    let parts = prompt.turns.iter().filter(|turn| !turn.role.instructs()).flat_map(|turn| &turn.parts);
    let with_inner = parts.flat_map(|part| match part {
        Part::ToolResult(result) => result.parts.iter(),
        part => std::slice::from_ref(part).iter(),
    });
    with_inner.filter_map(|part| match part {
        Part::Document(document) => Some(document),
        _ => None,
    })
}

/// A name of what may stand in one. What may not becomes a hyphen.
fn fitted(name: &Text<'_>) -> String {
    let mut fitted = String::new();
    for character in name.plain().chars() {
        let kept = match character {
            character if character.is_ascii_alphanumeric() || "-()[]".contains(character) => character,
            character if character.is_whitespace() => ' ',
            _ => '-',
        };
        if kept != ' ' || !fitted.ends_with(' ') {
            fitted.push(kept);
        }
    }
    fitted.truncate(BYTES_MAX);
    if fitted.trim().is_empty() { NAMELESS.to_owned() } else { fitted }
}

fn distinct(name: &str, taken: &mut HashSet<String>) -> String {
    let mut distinct = name.to_owned();
    let mut number = 2;
    while !taken.insert(distinct.clone()) {
        let kept = name.get(..name.len().min(BYTES_MAX - NUMBER_BYTES_MAX)).unwrap_or(NAMELESS);
        distinct = format!("{} ({number})", kept.trim_end());
        number += 1;
    }
    distinct
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::form::{Role, Source, Turn};

    fn prompt(names: &[Option<&str>]) -> Prompt<'static> {
        let document = |name: &Option<&str>| {
            Part::Document(Document {
                source: Source::Plain(Text::from("x")),
                media_type: None,
                name: name.map(|name| Text::from(name.to_owned())),
                context: None,
                cited: false,
                cache: None,
            })
        };
        let turn = Turn { role: Role::User, parts: names.iter().map(document).collect(), name: None };
        Prompt { turns: vec![turn], ..Prompt::default() }
    }

    fn names(given: &[Option<&str>]) -> Vec<String> {
        let mut names = Names::of(&prompt(given));
        given.iter().map(|_| names.next()).collect()
    }

    #[test]
    fn a_name_keeps_what_it_may_and_no_two_are_the_same() {
        assert_eq!(names(&[Some("report.pdf"), Some("a  b\tc"), Some("é.")]), ["report-pdf", "a b c", "--"]);
        assert_eq!(
            names(&[None, Some("document"), None, Some(" ")]),
            ["document (3)", "document", "document (4)", "document (2)"]
        );
        assert!(are_kept(&prompt(&[None, Some("document"), Some("A (1) [x]-y")])));
        assert!(!are_kept(&prompt(&[Some("a"), Some("a")])) && !are_kept(&prompt(&[Some("a.b")])));
    }

    proptest! {
        #[test]
        fn any_names_become_names_that_bedrock_takes(given in prop::collection::vec(".{0,220}", 0..6)) {
            let given: Vec<Option<&str>> = given.iter().map(|name| Some(name.as_str())).collect();
            let names = names(&given);
            for name in &names {
                let allowed = |c: char| c.is_ascii_alphanumeric() || " -()[]".contains(c);
                prop_assert!((1..=BYTES_MAX).contains(&name.len()) && name.chars().all(allowed), "{}", name);
                prop_assert!(!name.contains("  "), "{}", name);
            }
            let distinct: HashSet<&String> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
        }
    }
}
