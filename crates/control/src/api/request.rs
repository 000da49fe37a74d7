//! A request as far as it is read: head, query and body, each within bounds.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use domain::ErrorCode;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use super::problem::Problem;
use crate::objects::read_body;

/// The longest time that a body may take to arrive.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);

/// Reads a body of JSON with an object in it.
pub(super) async fn json<B>(
    headers: &HeaderMap,
    body: B,
    bytes_max: usize,
) -> Result<Map<String, Json>, Problem>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    json_of(headers, body, (bytes_max, "application/merge-patch+json")).await
}

/// The same, of at most so many bytes, and of another type that is JSON as well.
pub(super) async fn json_of<B>(
    headers: &HeaderMap,
    body: B,
    (bytes_max, other_type): (usize, &str),
) -> Result<Map<String, Json>, Problem>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    check_type(headers, other_type)?;
    let too_large = || {
        let detail = format!("the body has more than {bytes_max} bytes, which is the most that is read here");
        Problem::new(ErrorCode::BodyTooLarge, detail)
    };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let reading = tokio::time::timeout(BODY_WAIT_MAX, Limited::new(body, bytes_max).collect());
    let broken_off = || Problem::new(ErrorCode::BodyTimeout, "the body came too slowly or broke off");
    let read = reading.await.map_err(|_| broken_off())?;
    let read =
        read.map_err(|error| if error.is::<LengthLimitError>() { too_large() } else { broken_off() })?;
    read_body(&read.to_bytes())
        .map_err(|problem| Problem::new(ErrorCode::MalformedJson, format!("the body is not read: {problem}")))
}

/// JSON, whichever of its names it goes by.
fn check_type(headers: &HeaderMap, other: &str) -> Result<(), Problem> {
    let written = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence == other;
    if is_json && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    let detail = "the body has to be JSON without an encoding: `content-type: application/json`";
    Err(Problem::new(ErrorCode::UnsupportedMediaType, detail))
}

/// The parameters of a query.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// The name behind which a list begins.
    pub(super) after: Option<String>,
    /// Most objects in a list.
    pub(super) limit: Option<usize>,
    /// Whether the hashes of keys are shown whole.
    pub(super) whole_hashes: bool,
    /// The file that a change is applied from.
    pub(super) applied_from: Option<String>,
}

/// Most objects in one answer.
pub(super) const LIMIT_MAX: usize = 100;
/// The longest name of a file.
const FILE_BYTES_MAX: usize = 256;

impl Query {
    /// Reads a query in which each parameter is known and has a value.
    pub(super) fn of(text: Option<&str>) -> Result<Self, Problem> {
        let mut query = Self::default();
        for parameter in parameters(text) {
            let (name, value) = parameter?;
            match name {
                "after" => query.after = Some(value.into_owned()),
                "limit" => query.limit = Some(limit(&value)?),
                "hashes" if value == "whole" => query.whole_hashes = true,
                "hashes" => return Err(invalid(name, "`whole`")),
                "applied_from" if value.len() <= FILE_BYTES_MAX && !value.chars().any(char::is_control) => {
                    query.applied_from = Some(value.into_owned());
                }
                "applied_from" => return Err(invalid(name, "the name of a file in at most 256 bytes")),
                _ => {
                    let detail = "the query has a parameter that is not known here; there are `after`, `limit`, `hashes` and `applied_from`";
                    return Err(Problem::new(ErrorCode::InvalidMember, detail));
                }
            }
        }
        Ok(query)
    }
}

/// The parameters of a query with their values.
pub(super) fn parameters(text: Option<&str>) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), Problem>> {
    text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8().map_err(|_| invalid(name, "UTF-8"))?;
        Ok((name, value))
    })
}

/// How much is wanted in one answer.
pub(super) fn limit(value: &str) -> Result<usize, Problem> {
    let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| invalid("limit", "a number from 1 to 100"))
}

/// A value of a query as forms are written, in which a plus is a space; none if it is not UTF-8.
pub(super) fn value(written: &str) -> Option<String> {
    let spaced = written.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

fn invalid(name: &str, expected: &str) -> Problem {
    Problem::new(ErrorCode::InvalidMember, format!("expected `{name}` in the query to be {expected}"))
}

/// The control key that a head presents.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_query_is_read_whole_or_refused() {
        let query = Query::of(Some("after=a%40b&limit=3&hashes=whole&applied_from=t.yaml")).unwrap();
        let expected = Query {
            after: Some("a@b".to_owned()),
            limit: Some(3),
            whole_hashes: true,
            applied_from: Some("t.yaml".to_owned()),
        };
        assert_eq!(query, expected);
        assert_eq!(Query::of(None).unwrap(), Query::default());
        for bad in [
            "limit=0",
            "limit=101",
            "limit=x",
            "limit",
            "page=2",
            "hashes=1",
            "after=%ff",
            "applied_from=%0a",
        ] {
            assert!(Query::of(Some(bad)).is_err(), "{bad}");
        }
    }
}
