//! The headers that go to a provider beside its credential.

use std::collections::BTreeMap;

use domain::client_header::{Withheld, withheld, withheld_below};
use domain::provider::HeaderPattern;
use http::{HeaderName, HeaderValue};

use super::{Problems, Values};

/// Headers that are sent unless the client sent its own.
pub(super) fn defaults(
    headers: &BTreeMap<String, String>,
    values: &Values,
    problems: &mut Problems,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut list = Vec::with_capacity(headers.len());
    for (name, text) in headers {
        let path = format!("headers.default.{name}");
        let Some(text) = values.fill(&path, text, problems) else {
            continue;
        };
        match default_header(name, &text) {
            Ok(header) => list.push(header),
            Err(message) => problems.add(path, message),
        }
    }
    list
}

/// Client headers that are passed on.
pub(super) fn forwarded(patterns: Option<&[String]>, problems: &mut Problems) -> Vec<HeaderPattern> {
    let mut list = Vec::new();
    for (place, pattern) in patterns.unwrap_or_default().iter().enumerate() {
        match forward_pattern(pattern) {
            Ok(pattern) => list.push(pattern),
            Err(message) => problems.add(format!("headers.forward[{place}]"), message),
        }
    }
    list
}

fn default_header(name: &str, text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::try_from(name).map_err(|_| "its name is not the name of a header")?;
    if withheld(&name) == Some(Withheld::Connection) {
        return Err("this header is written by the gateway; remove it");
    }
    let value =
        HeaderValue::from_str(text).map_err(|_| "its value has a character that no header may have")?;
    Ok((name, value))
}

fn forward_pattern(text: &str) -> Result<HeaderPattern, String> {
    if text == "*" {
        return Err("`*` alone would pass on every header; name what is to be passed on".to_owned());
    }
    let (start, is_prefix) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
    // A `*` is a legal character of a header's name, but nobody means it so.
    let name = HeaderName::try_from(start).ok().filter(|_| !start.contains('*'));
    let name =
        name.ok_or_else(|| format!("`{text}` is not the name of a header; a `*` may stand only at its end"))?;
    let (pattern, caught) = if is_prefix {
        (HeaderPattern::Prefix(name.as_str().to_owned()), withheld_below(name.as_str()).map(str::to_owned))
    } else {
        (HeaderPattern::Exact(name.clone()), withheld(&name).map(|_| name.to_string()))
    };
    match caught {
        Some(caught) => {
            Err(format!("`{text}` would pass on `{caught}`, which stays between client and gateway"))
        }
        None => Ok(pattern),
    }
}
