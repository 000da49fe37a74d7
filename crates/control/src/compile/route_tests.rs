//! The tests of routes that a configuration brings along.

use domain::ErrorCode;
use jiff::Timestamp;

use super::Problems;
use crate::file::{ConfigFile, ExpectSection, RouteTestSection};
use crate::path::Path;
use crate::settings::{Expectation, RouteTest};

/// Most tests.
const TESTS_MAX: usize = 1_000;

pub(super) fn compile(file: &ConfigFile, problems: &mut Problems) -> Vec<RouteTest> {
    let path = Path::root().key("tests");
    if file.tests.len() > TESTS_MAX {
        problems.push((path.clone(), format!("a configuration has at most {TESTS_MAX} tests")));
    }
    let tests = file.tests.iter().enumerate().take(TESTS_MAX);
    tests.filter_map(|(index, section)| test(file, section, &path.index(index), problems)).collect()
}

fn test(
    file: &ConfigFile,
    section: &RouteTestSection,
    path: &Path,
    problems: &mut Problems,
) -> Option<RouteTest> {
    if let Some(name) = &section.key
        && !file.keys.iter().any(|key| key.name == *name)
    {
        problems.push((path.key("key"), format!("no key is named `{name}`")));
    }
    let at = match section.at.as_deref().map(str::parse::<Timestamp>).transpose() {
        Ok(at) => at,
        Err(_) => {
            problems.push((path.key("at"), "expected a time such as `2026-11-27T22:00:00Z`".to_owned()));
            None
        }
    };
    let expected = expectation(&section.expect, &path.key("expect"), problems)?;
    Some(RouteTest {
        name: section.name.clone(),
        line: 0,
        key: section.key.clone(),
        posted_to: section.path.clone(),
        headers: section.headers.clone(),
        body: section.body.clone().into_iter().collect(),
        down: section.down.clone(),
        at,
        expected,
    })
}

fn expectation(section: &ExpectSection, path: &Path, problems: &mut Problems) -> Option<Expectation> {
    match (&section.targets, &section.first_of, &section.refused) {
        (Some(targets), None, None) if !targets.is_empty() => Some(Expectation::Targets(targets.clone())),
        (None, Some(targets), None) if !targets.is_empty() => Some(Expectation::FirstOf(targets.clone())),
        (None, None, Some(code)) => match ErrorCode::ALL.into_iter().find(|known| known.code() == code) {
            Some(code) => Some(Expectation::Refused(code)),
            None => {
                problems.push((path.key("refused"), format!("there is no error `{code}`; one is `TG2003`")));
                None
            }
        },
        _ => {
            let message = "expected one of `targets`, `first_of` and `refused`, and no empty list";
            problems.push((path.clone(), message.to_owned()));
            None
        }
    }
}
