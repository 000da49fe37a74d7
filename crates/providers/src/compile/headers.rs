//! The headers that go to a provider beside its credential.

use std::collections::BTreeMap;

use domain::provider::HeaderPattern;
use http::{HeaderName, HeaderValue};

use super::{Problems, Values};

/// Headers that frame a message or belong to one connection (RFC 9110 section 7.6.1): the HTTP client writes them.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers in which a client presents its own key, which no provider may see.
const CLIENT_SECRETS: [&str; 6] = [
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
];

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
    if FRAMING.contains(&name.as_str()) {
        return Err("this header is written by the HTTP client; remove it");
    }
    let value =
        HeaderValue::from_str(text).map_err(|_| "its value has a character that no header may have")?;
    Ok((name, value))
}

fn forward_pattern(text: &str) -> Result<HeaderPattern, String> {
    if text == "*" {
        return Err("`*` alone would pass on every header; name what is to be passed on".to_owned());
    }
    let (start, is_prefix) = text
        .strip_suffix('*')
        .map_or((text, false), |start| (start, true));
    // A `*` is a legal character of a header's name, but nobody means it so.
    let name = HeaderName::try_from(start).ok().filter(|_| !start.contains('*'));
    let name =
        name.ok_or_else(|| format!("`{text}` is not the name of a header; a `*` may stand only at its end"))?;
    let pattern = if is_prefix {
        HeaderPattern::Prefix(name.as_str().to_owned())
    } else {
        HeaderPattern::Exact(name)
    };
    let withheld = FRAMING.iter().chain(&CLIENT_SECRETS);
    let caught = withheld
        .copied()
        .find(|name| pattern.matches(&HeaderName::from_static(name)));
    match caught {
        Some(name) => Err(format!(
            "`{text}` would pass on `{name}`, which stays between client and gateway"
        )),
        None => Ok(pattern),
    }
}
