//! Members by either of their spellings: Google's services read `generationConfig` and `generation_config` alike (ProtoJSON,
//! "Field names"), and their own examples use both.

use std::borrow::Cow;

use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::Unknown;
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The spelling of a member that an object uses; the usual one when it has neither.
pub(super) fn spelled<'k>(object: &Value<'_>, key: &'k str) -> Cow<'k, str> {
    if object.get(key).is_some() {
        return Cow::Borrowed(key);
    }
    let snake = snake(key);
    if object.get(&snake).is_some() { snake } else { Cow::Borrowed(key) }
}

/// A key in the usual spelling: `inlineData` for `inline_data`.
pub(super) fn camel(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut characters = word.chars();
        camel.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(characters.as_str());
    }
    Cow::Owned(camel)
}

fn snake(key: &str) -> Cow<'_, str> {
    if !key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(key);
    }
    let mut snake = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    Cow::Owned(snake)
}

/// As [`Value::present`].
pub(super) fn present<'v, 'a>(object: &'v Value<'a>, key: &str) -> Option<&'v Value<'a>> {
    object.present(&spelled(object, key))
}

/// As [`read::text`].
pub(super) fn text<'a>(
    object: &Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<Text<'a>>, Objection> {
    read::text(object, &spelled(object, key), path)
}

/// As [`read::needed_text`].
pub(super) fn needed_text<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    read::needed_text(object, &spelled(object, key), path)
}

/// As [`read::number`].
pub(super) fn number<'a>(
    object: &Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<&'a str>, Objection> {
    read::number(object, &spelled(object, key), path)
}

/// As [`read::whole`].
pub(super) fn whole(object: &Value<'_>, key: &str, path: &Path<'_>) -> Result<Option<u64>, Objection> {
    read::whole(object, &spelled(object, key), path)
}

/// As [`read::flag`].
pub(super) fn flag(object: &Value<'_>, key: &str, path: &Path<'_>) -> Result<Option<bool>, Objection> {
    read::flag(object, &spelled(object, key), path)
}

/// As [`read::list`].
pub(super) fn list<'v, 'a>(
    object: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<&'v [Value<'a>], Objection> {
    read::list(object, &spelled(object, key), path)
}

/// As [`read::object`].
pub(super) fn object<'v, 'a>(
    object: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<&'v Value<'a>>, Objection> {
    read::object(object, &spelled(object, key), path)
}

/// As [`read::texts`].
pub(super) fn texts<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Vec<Text<'a>>, Objection> {
    read::texts(object, &spelled(object, key), path)
}

/// As [`read::unknown`], under the usual spelling.
pub(super) fn unknown<'a>(object: &Value<'a>, known: &[&str], path: &Path<'_>) -> Vec<Unknown<'a>> {
    let members = object.members().iter().filter(|(_, value)| value.kind() != Kind::Null);
    members
        .map(|(key, value)| (camel(key), value))
        .filter(|(key, _)| !known.contains(&key.as_ref()))
        .map(|(key, value)| unknown_member(&key, value, path))
        .collect()
}

/// A member that has no place in the form.
pub(super) fn unknown_member<'a>(key: &str, value: &Value<'a>, path: &Path<'_>) -> Unknown<'a> {
    Unknown { format: Format::Gemini, path: path.member(key).to_string(), raw: value.raw() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_in_both_spellings() {
        for json in [r#"{"inlineData":1,"xyz":null}"#, r#"{"inline_data":1,"xyz":null}"#] {
            let value = Value::parse(json.as_bytes()).unwrap();
            assert_eq!(present(&value, "inlineData").and_then(Value::as_u64), Some(1), "{json}");
            assert!(present(&value, "xyz").is_none() && present(&value, "fileData").is_none());
            assert_eq!(unknown(&value, &["inlineData"], &Path::ROOT), []);
            assert_eq!(unknown(&value, &[], &Path::ROOT)[0].path, "inlineData");
        }
        assert_eq!((camel("top_p"), camel("seed"), camel("_a_")), ("topP".into(), "seed".into(), "A".into()));
    }
}
