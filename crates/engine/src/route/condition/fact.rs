//! The names of facts: `metadata.plan`, `params.messages[-1].role`, `headers.x-team`, `time.hour`.

use domain::condition::{Fact, Step};
use http::HeaderName;

use super::super::near;

/// Most steps from the top of the metadata or the body to a value.
const STEPS_MAX: usize = 16;

/// Facts without a path.
const NAMED: [(&str, Fact); 15] = [
    ("url.pathname", Fact::Pathname),
    ("key", Fact::Key),
    ("workspace", Fact::Workspace),
    ("team", Fact::Team),
    ("user", Fact::User),
    ("environment", Fact::Environment),
    ("region", Fact::Region),
    ("endpoint", Fact::Endpoint),
    ("model", Fact::Model),
    ("stream", Fact::Stream),
    ("time.hour", Fact::Hour),
    ("time.weekday", Fact::Weekday),
    ("estimated_tokens", Fact::EstimatedTokens),
    ("last_message", Fact::LastMessage),
    ("prompt", Fact::Prompt),
];
/// What other facts begin with.
const FAMILIES: [&str; 3] = ["metadata", "params", "headers"];

/// The fact of this name.
///
/// # Errors
/// With what is wrong with the name.
pub(crate) fn parse(name: &str) -> Result<Fact, String> {
    if let Some((_, fact)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Ok(fact.clone());
    }
    match name.split_once('.') {
        Some(("metadata", path)) => steps(path, name).map(Fact::Metadata),
        Some(("params", path)) => steps(path, name).map(Fact::Parameter),
        Some(("headers", header)) => HeaderName::from_bytes(header.to_ascii_lowercase().as_bytes())
            .map(Fact::Header)
            .map_err(|_| format!("`{header}` is no name of a header")),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    let family =
        name.split_once('.').and_then(|(family, rest)| Some((near::nearest(family, FAMILIES)?, rest)));
    let suggestion = match family {
        Some((family, rest)) => format!("; did you mean `{family}.{rest}`?"),
        None => near::suggestion(name, NAMED.iter().map(|(known, _)| *known)),
    };
    if !suggestion.is_empty() {
        return format!("there is no fact `{name}`{suggestion}");
    }
    let named: Vec<_> = NAMED.iter().map(|(known, _)| format!("`{known}`")).collect();
    let named = named.join(", ");
    format!("there is no fact `{name}`; there are `metadata.…`, `params.…`, `headers.…`, {named}")
}

fn steps(path: &str, name: &str) -> Result<Vec<Step>, String> {
    let malformed = || {
        format!(
            "`{name}` is no path; write it as `params.messages[0].role`, with `[-1]` for the last element and `[*]` for each"
        )
    };
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (member, indexes) = part.split_once('[').map_or((part, None), |(key, rest)| (key, Some(rest)));
        if member.is_empty() {
            return Err(malformed());
        }
        steps.push(Step::Member(member.to_owned()));
        for index in indexes.map(|rest| elements(rest).ok_or_else(malformed)).transpose()?.unwrap_or_default()
        {
            steps.push(index);
        }
    }
    if steps.len() > STEPS_MAX {
        return Err(format!("`{name}` has more than {STEPS_MAX} steps"));
    }
    Ok(steps)
}

/// Reads `0][*]`, what follows the first bracket.
fn elements(text: &str) -> Option<Vec<Step>> {
    text.strip_suffix(']')?.split("][").map(element).collect()
}

fn element(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Every);
    }
    match text.strip_prefix('-') {
        Some(from_back) => digits(from_back)?.checked_sub(1).map(Step::FromBack),
        None => digits(text).map(Step::FromFront),
    }
}

fn digits(text: &str) -> Option<usize> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
