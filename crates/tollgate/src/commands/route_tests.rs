//! The tests of a configuration's routes: each request is asked where it would go.

use std::path::Path;

use control::Loaded;
use control::settings::{Expectation, RouteTest};
use engine::decision::Decision;
use inference::{Question, Refused};
use serde_json::Value;

use super::dry_run::DryRun;

/// How often a request is asked whose first target is drawn.
const DRAWS: usize = 64;

/// What failed, each with its line.
///
/// # Errors
/// When the configuration cannot be asked at all.
pub(super) fn failures(file: &Path, loaded: &Loaded) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    if loaded.tests.is_empty() {
        return Ok(failures);
    }
    let dry_run = DryRun::of(loaded)?;
    for test in &loaded.tests {
        if let Some(failure) = failure(&dry_run, test)? {
            failures.push(format!("{}:{}: {}: {failure}", file.display(), test.line, test.name));
        }
    }
    Ok(failures)
}

fn failure(dry_run: &DryRun, test: &RouteTest) -> anyhow::Result<Option<String>> {
    dry_run.begin(test.at);
    let key = dry_run.key(test.key.as_deref())?;
    let question = Question {
        path: test.posted_to.clone(),
        headers: test.headers.clone(),
        body: Value::Object(test.body.clone()),
        down: test.down.clone(),
    };
    let ask = || dry_run.gateway().explain(&question, &key);
    let differs = match &test.expected {
        Expectation::FirstOf(targets) => (0..DRAWS).map(|_| ask()).find_map(|found| {
            let is_one = |found: &Decision| {
                found.course().first().is_some_and(|first| targets.iter().any(|one| one == first))
            };
            let expected = format!("one of {} first", targets.join(", "));
            (!found.as_ref().is_ok_and(is_one)).then(|| told(&expected, &found))
        }),
        Expectation::Targets(targets) => {
            let found = ask();
            let is_so = found.as_ref().is_ok_and(|found| found.course() == *targets);
            (!is_so).then(|| told(&targets.join(", then "), &found))
        }
        Expectation::Refused(code) => {
            let found = ask();
            let is_so = found.as_ref().is_err_and(|refused| refused.code == *code);
            (!is_so).then(|| told(&format!("a refusal with {}", code.code()), &found))
        }
    };
    Ok(differs)
}

fn told(expected: &str, found: &Result<Decision, Refused>) -> String {
    match found {
        Ok(decision) => {
            let course = decision.course().join(", then ");
            let course = if course.is_empty() { "no target" } else { &course };
            format!("expected {expected}; found {course}\n{}", decision.to_string().trim_end())
        }
        Err(refused) => {
            format!("expected {expected}; it is refused with {}: {}", refused.code.code(), refused.message)
        }
    }
}
