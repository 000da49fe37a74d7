//! Reading members of a request: each is what the format says, or the objection names where it is not.

use std::fmt;

use super::Format;
use super::codec::Objection;
use super::form::Unknown;
use crate::json::{Kind, Text, Value};

/// Where a value stands, written only when it has to be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'p> {
    above: Option<&'p Path<'p>>,
    step: PathStep<'p>,
}

#[derive(Debug, Clone, Copy)]
enum PathStep<'p> {
    Root,
    Member(&'p str),
    Element(usize),
}

impl<'p> Path<'p> {
    /// The body itself.
    pub(super) const ROOT: Path<'static> = Path { above: None, step: PathStep::Root };

    /// A member of what stands here.
    pub(super) fn member(&'p self, key: &'p str) -> Path<'p> {
        Path { above: Some(self), step: PathStep::Member(key) }
    }

    /// An element of what stands here.
    pub(super) fn element(&'p self, index: usize) -> Path<'p> {
        Path { above: Some(self), step: PathStep::Element(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(formatter)?;
        }
        match self.step {
            PathStep::Root => Ok(()),
            PathStep::Element(index) => write!(formatter, "[{index}]"),
            PathStep::Member(key) => {
                let is_first = self.above.is_none_or(|above| matches!(above.step, PathStep::Root));
                write!(formatter, "{}{key}", if is_first { "" } else { "." })
            }
        }
    }
}

/// The string of a member, when it is there.
pub(super) fn text<'a>(
    object: &Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<Text<'a>>, Objection> {
    member(object, key, path, "a string", Value::text)
}

/// The string of a member that must be there.
pub(super) fn needed_text<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    text(object, key, path)?.ok_or_else(|| missing(key, path))
}

/// The digits of a number, when it is there.
pub(super) fn number<'a>(
    object: &Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<&'a str>, Objection> {
    member(object, key, path, "a number", Value::as_number)
}

/// A whole number, when it is there.
pub(super) fn whole(object: &Value<'_>, key: &str, path: &Path<'_>) -> Result<Option<u64>, Objection> {
    member(object, key, path, "a whole number from 0", Value::as_u64)
}

/// A truth value, when it is there.
pub(super) fn flag(object: &Value<'_>, key: &str, path: &Path<'_>) -> Result<Option<bool>, Objection> {
    member(object, key, path, "true or false", Value::as_bool)
}

/// The elements of a list, none when it is not there.
pub(super) fn list<'v, 'a>(
    object: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<&'v [Value<'a>], Objection> {
    let Some(value) = object.present(key) else { return Ok(&[]) };
    match value.kind() {
        Kind::Array => Ok(value.elements()),
        _ => Err(Objection::wanted(path.member(key).to_string(), "a list", value)),
    }
}

/// An object, when it is there.
pub(super) fn object<'v, 'a>(
    object: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<Option<&'v Value<'a>>, Objection> {
    let Some(value) = object.present(key) else { return Ok(None) };
    match value.kind() {
        Kind::Object => Ok(Some(value)),
        _ => Err(Objection::wanted(path.member(key).to_string(), "an object", value)),
    }
}

/// An object that must be there.
pub(super) fn needed_object<'v, 'a>(
    within: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
) -> Result<&'v Value<'a>, Objection> {
    object(within, key, path)?.ok_or_else(|| missing(key, path))
}

/// What kind of thing an object says it is.
pub(super) fn tag(object: &Value<'_>, key: &str, path: &Path<'_>) -> Result<String, Objection> {
    Ok(needed_text(object, key, path)?.into_plain().into_owned())
}

/// A string or a list of strings.
pub(super) fn texts<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Vec<Text<'a>>, Objection> {
    let Some(value) = object.present(key) else { return Ok(Vec::new()) };
    if let Some(text) = value.text() {
        return Ok(vec![text]);
    }
    let path = path.member(key);
    let element = |(index, value): (usize, &Value<'a>)| {
        value.text().ok_or_else(|| Objection::wanted(path.element(index).to_string(), "a string", value))
    };
    match value.kind() {
        Kind::Array => value.elements().iter().enumerate().map(element).collect(),
        _ => Err(Objection::wanted(path.to_string(), "a string or a list of strings", value)),
    }
}

/// The members of an object that are not among the known ones, with their place.
pub(super) fn unknown<'a>(
    object: &Value<'a>,
    known: &[&str],
    format: Format,
    path: &Path<'_>,
) -> Vec<Unknown<'a>> {
    let is_unknown = |key: &str, value: &Value<'_>| value.kind() != Kind::Null && !known.contains(&key);
    object
        .members()
        .iter()
        .filter(|(key, value)| is_unknown(key, value))
        .map(|(key, value)| Unknown { format, path: path.member(key).to_string(), raw: value.raw() })
        .collect()
}

/// A member that is not there and must be.
pub(super) fn missing(key: &str, path: &Path<'_>) -> Objection {
    let path = path.member(key).to_string();
    let message = format!("`{path}` is missing");
    Objection { path, message }
}

fn member<'v, 'a, T>(
    object: &'v Value<'a>,
    key: &str,
    path: &Path<'_>,
    wanted: &str,
    read: impl FnOnce(&'v Value<'a>) -> Option<T>,
) -> Result<Option<T>, Objection> {
    let Some(value) = object.present(key) else { return Ok(None) };
    match read(value) {
        Some(read) => Ok(Some(read)),
        None => Err(Objection::wanted(path.member(key).to_string(), wanted, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_says_where_and_what() {
        let value = Value::parse(br#"{"a":[{"b":1}],"n":null,"s":"x","l":["y",2]}"#).unwrap();
        let list = list(&value, "a", &Path::ROOT).unwrap();
        let place = Path::ROOT.member("a");
        let error = text(&list[0], "b", &place.element(0)).unwrap_err();
        assert_eq!(error.to_string(), "`a[0].b` must be a string, found a number");
        assert_eq!(error.path, "a[0].b");
        assert_eq!(text(&value, "n", &Path::ROOT), Ok(None));
        assert_eq!(needed_text(&value, "n", &Path::ROOT).unwrap_err().message, "`n` is missing");
        assert_eq!(texts(&value, "s", &Path::ROOT).unwrap().len(), 1);
        assert_eq!(texts(&value, "l", &Path::ROOT).unwrap_err().path, "l[1]");
        let unknown = unknown(&value, &["a", "s"], Format::Chat, &Path::ROOT);
        assert_eq!(unknown.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["l"]);
    }
}
