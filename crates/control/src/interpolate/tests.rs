//! What is put in from outside, and what is said when it is missing.

use std::io;
use std::path::{Path as FilePath, PathBuf};

use super::{Interpolation, interpolate};
use crate::environment::Environment;
use crate::vaulted::Vaulted;
use crate::yaml::{Node, Style, Value, read};
use proptest::prelude::*;

struct Fake;

impl Environment for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "TOKEN" => Some("sk-from-env".to_owned()),
            "COUNT" => Some("3".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("x\nkeys: []".to_owned()),
            _ => None,
        }
    }

    fn file(&self, path: &FilePath, _: u64) -> io::Result<String> {
        match path.to_str() {
            Some("/etc/tollgate/secret.txt") => Ok("sk-from-file\r\n".to_owned()),
            Some("/absolute") => Ok("a\n\n".to_owned()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}

fn done(text: &str) -> (Node, Interpolation) {
    let mut root = read(text).0.unwrap();
    let interpolation = interpolate(&mut root, FilePath::new("/etc/tollgate"), &Fake, &Vaulted::default());
    (root, interpolation)
}

fn value(text: &str) -> (String, Style) {
    let (root, interpolation) = done(&format!("a: {}", crate::yaml::quote(text)));
    assert!(interpolation.problems.is_empty(), "{:?}", interpolation.problems);
    match &root.get("a").unwrap().node.value {
        Value::Scalar(scalar) => (scalar.text.clone(), scalar.style),
        other => panic!("{other:?}"),
    }
}

fn problem(text: &str) -> String {
    let (_, interpolation) = done(&format!("a: {}", crate::yaml::quote(text)));
    assert_eq!(interpolation.problems.len(), 1, "{text}");
    interpolation.problems[0].message.clone()
}

#[test]
fn variables_files_and_defaults_are_put_in_anywhere_in_a_text() {
    for (text, expected) in [
        ("${env:TOKEN}", "sk-from-env"),
        ("Bearer ${env:TOKEN}, ${env:COUNT}", "Bearer sk-from-env, 3"),
        ("${env:NOBODY:-fallback}", "fallback"),
        ("${env:EMPTY:-fallback}", "fallback"),
        ("${env:NOBODY:-}", ""),
        ("${env:NOBODY:-http://a:80}", "http://a:80"),
        ("${file:secret.txt}", "sk-from-file"),
        ("${file:/absolute}", "a\n"),
    ] {
        assert_eq!(value(text), (expected.to_owned(), Style::Interpolated), "{text}");
    }
}

#[test]
fn what_is_escaped_or_meant_for_others_stays() {
    for (text, expected) in [
        ("$${env:TOKEN}", "${env:TOKEN}"),
        ("https://${resource}.example.com", "https://${resource}.example.com"),
        ("$${A} ${b} $5 {x}", "${A} ${b} $5 {x}"),
    ] {
        assert_eq!(value(text), (expected.to_owned(), Style::Quoted), "{text}");
    }
}

#[test]
fn a_value_cannot_change_the_structure() {
    let (root, interpolation) = done("a: ${env:TRICK}\n");
    assert!(interpolation.problems.is_empty());
    assert_eq!(root.entries().len(), 1);
}

#[test]
fn what_is_missing_or_misspelt_is_said_without_any_value() {
    assert_eq!(
        problem("${env:NOBODY}"),
        "the environment variable `NOBODY` is not set; set it, or write `${env:NOBODY:-default}`"
    );
    assert!(problem("${env:EMPTY}").contains("`EMPTY` is empty"));
    assert!(problem("${file:nowhere}").starts_with("the file `/etc/tollgate/nowhere` cannot be read"));
    assert!(problem("${TOKEN}").contains("write `${env:TOKEN}`"));
    assert!(problem("${env:TOKEN").contains("has no `}`"));
    assert!(problem("${env:}").contains("no environment variable's name"));
    assert!(problem("${file:}").contains("${file:path}"));
}

#[test]
fn problems_know_their_place_and_values_are_hidden_from_messages() {
    let (_, interpolation) = done("a:\n  - ok\n  - ${env:NOBODY}\nb: ${env:TOKEN}\nc: ${file:secret.txt}\n");
    let problem = &interpolation.problems[0];
    assert_eq!((problem.position.unwrap().line, problem.path.to_string().as_str()), (3, "a[1]"));
    assert_eq!(interpolation.redactions.apply("not sk-from-env"), "not ${env:TOKEN}");
    assert_eq!(interpolation.redactions.apply("not sk-from-file"), "not ${file:secret.txt}");
    assert_eq!(interpolation.files, [PathBuf::from("/etc/tollgate/secret.txt")]);
}

proptest! {
    #[test]
    fn no_text_panics_and_a_text_without_a_dollar_is_never_changed(text in "[${}a-zA-Z:/-]{0,40}") {
        let (root, _) = done(&format!("a: {}", crate::yaml::quote(&text)));
        let Value::Scalar(scalar) = &root.get("a").unwrap().node.value else { panic!("a scalar") };
        let may_change = text.contains("${");
        prop_assert!(may_change || scalar.text == text);
    }
}
