//! What a token says, as JSON in which each member occurs once: of two that have the same name, one reader takes the first and
//! another the last, and a token must not mean two things.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Pattern;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The members of an object.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

/// Where in the claims something is: the name of a claim as it is, else names from the outside in with dots between them, of which
/// each may have dots itself (`kubernetes.io.pod.name`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Box<str>);

impl ClaimPath {
    /// A path as it is written; `None` when a name in it is empty.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.split('.').any(str::is_empty)).then(|| Self(text.into()))
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Claims {
    /// Reads JSON; `None` when it is no object, or a member occurs twice anywhere in it.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        match serde_json::from_slice::<Unambiguous>(json).ok()?.0 {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A point in time (RFC 7519 section 2, "NumericDate"): `None` when there is none.
    ///
    /// # Errors
    /// When it is there and no time.
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<SystemTime>, &'static str> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time =
            seconds.filter(|seconds| *seconds <= TIME_MAX).and_then(|time| UNIX_EPOCH.checked_add(time));
        time.map(Some).ok_or(name)
    }

    /// What is at a path.
    pub(crate) fn at(&self, path: &ClaimPath) -> Option<&Value> {
        find(&self.0, &path.0)
    }

    /// Whether what is at a path, or any item of the list there, matches one of these patterns.
    pub(crate) fn matches(&self, path: &ClaimPath, patterns: &[Pattern]) -> bool {
        let one = |value: &Value| {
            scalar(value).is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(&text)))
        };
        match self.at(path) {
            Some(Value::Array(items)) => items.iter().any(one),
            Some(value) => one(value),
            None => false,
        }
    }
}

/// The year 9999: a later time is a number of milliseconds, or a mistake.
const TIME_MAX: Duration = Duration::from_secs(253_402_300_799);

fn find<'c>(members: &'c Map<String, Value>, path: &str) -> Option<&'c Value> {
    if let Some(value) = members.get(path) {
        return Some(value);
    }
    path.rmatch_indices('.').find_map(|(place, _)| {
        let (name, rest) = (path.get(..place)?, path.get(place + 1..)?);
        find(members.get(name)?.as_object()?, rest)
    })
}

/// A value that is one text: itself, or the digits of a number, or the word of a truth value.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// JSON in which no member occurs twice.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor).map(Self)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without doubled members")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unambiguous(value))) = entries.next_entry::<String, Unambiguous>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimPath, Claims, Duration, Pattern, UNIX_EPOCH};

    fn claims(json: &str) -> Option<Claims> {
        Claims::read(json.as_bytes())
    }

    #[test]
    fn a_member_that_occurs_twice_anywhere_makes_it_no_claims() {
        for json in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"sub":"a","s\u0075b":"a"}"#,
            r#"{"a":{"b":[{"c":1,"c":1}]}}"#,
            "[]",
            "null",
            r#"{"a":1} x"#,
            "",
        ] {
            assert!(claims(json).is_none(), "{json}");
        }
        assert!(claims(r#"{"a":{"a":[{"a":null}]},"b":[true,-1,1.5,"x"]}"#).is_some());
        assert!(claims(&format!("{}{}", "{\"a\":[".repeat(500), "]}".repeat(500))).is_none(), "too deep");
    }

    #[test]
    fn a_path_is_the_name_of_a_claim_before_it_is_a_way_inwards() {
        let claims = claims(
            r#"{"a":{"b":{"c":"deep"},"b.c":"nearer"},"a.b":"name","https://x.example/team":"t","k.io":{"pod":{"name":"p"}}}"#,
        );
        let claims = claims.unwrap();
        let at = |path: &str| claims.at(&ClaimPath::new(path).unwrap()).and_then(|value| value.as_str());
        assert_eq!(at("a.b"), Some("name"));
        assert_eq!(at("a.b.c"), Some("nearer"));
        assert_eq!(at("https://x.example/team"), Some("t"));
        assert_eq!(at("k.io.pod.name"), Some("p"));
        assert_eq!((at("a.x"), at("x.a"), at("a")), (None, None, None));
        assert!(
            ClaimPath::new("").is_none() && ClaimPath::new("a..b").is_none() && ClaimPath::new(".").is_none()
        );
    }

    #[test]
    fn a_list_matches_by_any_of_its_items_and_an_object_by_nothing() {
        let claims =
            claims(r#"{"groups":["ops","ml-vision"],"level":3,"admin":true,"deep":{"a":1},"none":null}"#);
        let claims = claims.unwrap();
        let matches = |path: &str, pattern: &str| {
            claims.matches(&ClaimPath::new(path).unwrap(), &[Pattern::from("never"), Pattern::from(pattern)])
        };
        assert!(matches("groups", "ml-*") && matches("level", "3") && matches("admin", "true"));
        assert!(
            !matches("groups", "ml") && !matches("deep", "*") && !matches("none", "*") && !matches("x", "*")
        );
    }

    #[test]
    fn a_time_is_a_number_of_seconds_that_can_be_one() {
        let time = |json: &str| claims(&format!("{{\"exp\":{json}}}")).unwrap().time("exp");
        assert_eq!(time("1.5"), Ok(Some(UNIX_EPOCH + Duration::from_millis(1500))));
        assert_eq!(claims("{}").unwrap().time("exp"), Ok(None));
        for json in ["-1", "\"1\"", "null", "1e30", "1767323045000000", "[1]"] {
            assert_eq!(time(json), Err("exp"), "{json}");
        }
    }
}
