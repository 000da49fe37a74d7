//! What an object says, as JSON: read strictly, so that nobody can mean another object than is checked here.

use std::fmt;

use domain::money::is_exact;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

use crate::yaml::{Entry, Node, Position, Scalar, Style, Value};

/// Why a text is no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyProblem(String);

/// Reads a JSON object in which no member occurs twice.
///
/// # Errors
/// With what is wrong, and where.
pub fn read_body(text: &[u8]) -> Result<Map<String, Json>, BodyProblem> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    let read = read.map_err(|error| BodyProblem(error.to_string()))?;
    if std::str::from_utf8(text).is_ok_and(|text| numbers(text).any(loses_digits)) {
        let problem = "a number has more digits than are kept of one; write it as a text";
        return Err(BodyProblem(problem.to_owned()));
    }
    match read {
        Json::Object(body) => Ok(body),
        _ => Err(BodyProblem("expected a JSON object".to_owned())),
    }
}

/// What stands outside of strings in a JSON text and may be a number.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let (mut is_string, mut is_escaped) = (false, false);
    text.split(move |letter: char| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = is_string && letter == '\\' && !is_escaped;
        is_string ^= is_end;
        is_string || !matches!(letter, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')
    })
}

/// Whether floating point would lose a digit of a number.
fn loses_digits(written: &str) -> bool {
    let is_whole = written.parse::<i64>().is_ok() || written.parse::<u64>().is_ok();
    !is_whole && written.parse().is_ok_and(|number| !is_exact(written, number))
}

/// A number without an exponent, as people write amounts.
fn decimal(number: &Number) -> String {
    let text = number.to_string();
    match number.as_f64().filter(|_| text.contains('e')) {
        Some(number) => number.to_string(),
        None => text,
    }
}

/// The tree of a value, as if it stood in the file.
pub(super) fn node(json: &Json) -> Node {
    let scalar = |text: String, style| Value::Scalar(Scalar { text, style });
    let value = match json {
        Json::Null => scalar("null".to_owned(), Style::Plain),
        Json::Bool(truth) => scalar(truth.to_string(), Style::Plain),
        Json::Number(number) => scalar(decimal(number), Style::Plain),
        Json::String(text) => scalar(text.clone(), Style::Quoted),
        Json::Array(items) => Value::Sequence(items.iter().map(node).collect()),
        Json::Object(members) => {
            Value::Mapping(members.iter().map(|(key, json)| entry(key, node(json))).collect())
        }
    };
    Node { position: Position::START, value }
}

/// An entry of a mapping.
pub(super) fn entry(key: &str, node: Node) -> Entry {
    Entry { key: key.to_owned(), position: Position::START, node }
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Number::from_f64(number).map(Json::Number).ok_or_else(|| E::custom("the number is too large"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            read.push(item);
        }
        Ok(Json::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Strict)?;
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Json::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::{node, read_body};
    use crate::structure::check;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn only_one_json_object_whose_members_occur_once_is_a_body() {
        assert_eq!(
            Json::Object(read_body(br#"{"a": [1, null, {"b": "c"}]} "#).unwrap()),
            json!({"a": [1, null, {"b": "c"}]})
        );
        for (text, problem) in [
            (r#"{"a": 1, "a": 2}"#, "a member occurs twice at line 1 column 16"),
            (r#"{"a": {"b": 1, "b": 1}}"#, "a member occurs twice"),
            ("[]", "expected a JSON object"),
            ("{}{}", "trailing characters"),
            ("a: 1", "expected value"),
            ("", "EOF"),
            ("{\"a\": 1e999}", "out of range"),
            (
                r#"{"\\\"1.5": [0.1, 123456789.123456789012]}"#,
                "more digits than are kept of one; write it as a text",
            ),
            (r#"{"a": 18446744073709551617}"#, "more digits"),
            (r#"{"1.2345678901234567890": true, "a\\": 1.2345678901234567890}"#, "more digits"),
        ] {
            let told = read_body(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(problem), "{text}: {told}");
        }
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read_body(deep.as_bytes()).is_err());
        assert!(read_body(b"{\"a\": \"\xff\"}").is_err());
    }

    #[test]
    fn numbers_that_come_through_whole_are_read_and_written_without_an_exponent() {
        for (text, tree) in [
            ("0.0000001", "0.0000001"),
            ("1e-7", "0.0000001"),
            ("1E+16", "10000000000000000"),
            ("-0.10", "-0.1"),
            ("0.3", "0.3"),
            ("18446744073709551615", "18446744073709551615"),
            ("-0.0", "-0.0"),
            (r#"0.5, "b": "\"1.2345678901234567890, ", "c": "\\""#, "0.5"),
        ] {
            let body = read_body(format!("{{\"a\": {text}}}").as_bytes()).unwrap();
            let crate::yaml::Value::Scalar(scalar) = node(&body["a"]).value else { panic!("{text}") };
            assert_eq!(scalar.text, tree, "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            ".{0,8}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn where_anything_goes_a_value_comes_out_of_its_tree_as_it_was(json in any_json()) {
            prop_assert_eq!(check(&node(&json), &Json::Bool(true)).json, Some(json));
        }
    }
}
