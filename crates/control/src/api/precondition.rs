//! What a client has seen of an object that it wants to change (RFC 9110 section 13.1).

use domain::ErrorCode;
use http::{HeaderMap, HeaderName, header};

use super::problem::Problem;
use crate::objects::{Object, ObjectId};

/// What has to hold of an object before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Nobody said anything.
    Unsaid,
    /// Whatever there is, as somebody says who changes much at once.
    Any,
    /// `If-Match: "7"`: it is of this version.
    Version(u64),
    /// `If-Match: *`: it exists.
    Exists,
    /// `If-None-Match: *`: it does not.
    Absent,
}

impl Precondition {
    /// What a head says.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match (text(headers, &header::IF_MATCH)?, text(headers, &header::IF_NONE_MATCH)?) {
            (None, None) => Ok(Self::Unsaid),
            (Some("*"), None) => Ok(Self::Exists),
            (None, Some("*")) => Ok(Self::Absent),
            (Some(tag), None) => version(tag).map(Self::Version).ok_or_else(unreadable),
            _ => Err(unreadable()),
        }
    }

    /// Whether it holds. Where the object is about to be lost, something has to be said: `must_be_said`.
    pub(super) fn check(
        self,
        id: &ObjectId,
        found: Option<&Object>,
        must_be_said: bool,
    ) -> Result<(), Problem> {
        let holds = match (self, found) {
            (Self::Unsaid, Some(_)) if must_be_said => {
                let detail = format!(
                    "`{id}` exists; say in `if-match` which version of it you have seen, as its `etag` was, or `*` for any"
                );
                return Err(Problem::new(ErrorCode::VersionMissing, detail));
            }
            (Self::Unsaid | Self::Any, _) => true,
            (Self::Version(version), found) => found.is_some_and(|object| object.version == version),
            (Self::Exists, found) => found.is_some(),
            (Self::Absent, found) => found.is_none(),
        };
        let detail = || match found {
            Some(_) if self == Self::Absent => format!("`{id}` exists already"),
            Some(object) => {
                format!("`{id}` has changed since you saw it; it is of version {} now", object.version)
            }
            None => format!("`{id}` does not exist any more"),
        };
        if holds { Ok(()) } else { Err(Problem::new(ErrorCode::VersionMismatch, detail())) }
    }
}

/// The tag of a version.
pub(super) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn version(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| unreadable()),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Problem {
    let detail = "expected `if-match` with one tag such as `\"7\"` or `*`, or `if-none-match: *`";
    Problem::new(ErrorCode::InvalidHeader, detail)
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, Precondition};
    use http::{HeaderName, HeaderValue};

    fn read(lines: &[(&'static str, &str)]) -> Option<Precondition> {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        Precondition::of(&headers).ok()
    }

    #[test]
    fn one_tag_or_a_star_is_a_condition_and_nothing_else_is() {
        assert_eq!(read(&[]), Some(Precondition::Unsaid));
        assert_eq!(read(&[("if-match", "\"7\"")]), Some(Precondition::Version(7)));
        assert_eq!(read(&[("if-match", "*")]), Some(Precondition::Exists));
        assert_eq!(read(&[("if-none-match", "*")]), Some(Precondition::Absent));
        for bad in ["", "7", "W/\"7\"", "\"7\", \"8\"", "\"x\"", "\"-1\"", "\"99999999999999999999\""] {
            assert_eq!(read(&[("if-match", bad)]), None, "{bad}");
        }
        assert_eq!(read(&[("if-none-match", "\"7\"")]), None);
        assert_eq!(read(&[("if-match", "*"), ("if-none-match", "*")]), None);
        assert_eq!(read(&[("if-match", "\"1\""), ("if-match", "\"2\"")]), None);
    }
}
