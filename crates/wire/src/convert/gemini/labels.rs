//! Labels of a request (Vertex AI, "Custom metadata labels"): at most 64 of lower-case letters, digits, underscores and hyphens,
//! up to 63 each, keys beginning with a letter.

use crate::json::{ObjectWriter, Value};

const PAIRS_MAX: usize = 64;
const CHARACTERS_MAX: usize = 63;

/// Writes the labels that fit.
pub(super) fn write(request: &mut ObjectWriter<'_>, metadata: Option<&str>) {
    let Some(value) = metadata.and_then(|raw| Value::parse(raw.as_bytes()).ok()) else { return };
    let pairs = value.members().iter().filter(|(key, value)| fits(key, value)).take(PAIRS_MAX);
    request.object_if("labels", |object| pairs.for_each(|(key, value)| object.named(key, value.raw())));
}

/// Whether all labels fit.
pub(super) fn are_kept(metadata: &str) -> bool {
    Value::parse(metadata.as_bytes()).is_ok_and(|value| {
        let pairs = value.members();
        pairs.len() <= PAIRS_MAX && pairs.iter().all(|(key, value)| fits(key, value))
    })
}

fn fits(key: &str, value: &Value<'_>) -> bool {
    let is_label = |text: &str| text.chars().count() <= CHARACTERS_MAX && text.chars().all(is_allowed);
    let begins = key.starts_with(|first: char| first.is_lowercase());
    begins && is_label(key) && value.as_str().is_some_and(|value| is_label(&value))
}

fn is_allowed(character: char) -> bool {
    character.is_lowercase() || character.is_ascii_digit() || matches!(character, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::object;

    #[test]
    fn labels_that_fit_are_kept_and_the_others_are_told() {
        let metadata = r#"{"team":"blue-1","Team":"x","a":"B","1a":"x","n":7,"e":""}"#;
        let mut out = Vec::new();
        object(&mut out, |request| write(request, Some(metadata)));
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"labels":{"team":"blue-1","e":""}}"#);
        assert!(!are_kept(metadata) && are_kept(r#"{"team":"blue"}"#) && are_kept("{}"));
    }
}
