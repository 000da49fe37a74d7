//! Labels: at most sixteen, of a few characters (service model, `RequestMetadata`).

use crate::json::{ObjectWriter, Value};

const PAIRS_MAX: usize = 16;
const BYTES_MAX: usize = 256;
/// What may stand in a label beside letters, digits and whitespace.
const ALSO: &str = ":_@$#=/+,-.";

/// Writes the labels that fit.
pub(super) fn write(request: &mut ObjectWriter<'_>, metadata: Option<&str>) {
    let Some(value) = metadata.and_then(|raw| Value::parse(raw.as_bytes()).ok()) else { return };
    let pairs = value.members().iter().filter(|(key, value)| fits(key, value)).take(PAIRS_MAX);
    request.object_if("requestMetadata", |object| {
        pairs.for_each(|(key, value)| object.named(key, value.raw()));
    });
}

/// Whether all labels fit.
pub(super) fn are_kept(metadata: &str) -> bool {
    Value::parse(metadata.as_bytes()).is_ok_and(|value| {
        let pairs = value.members();
        pairs.len() <= PAIRS_MAX && pairs.iter().all(|(key, value)| fits(key, value))
    })
}

fn fits(key: &str, value: &Value<'_>) -> bool {
    let is_label = |text: &str| text.len() <= BYTES_MAX && text.chars().all(is_allowed);
    !key.is_empty() && is_label(key) && value.as_str().is_some_and(|value| is_label(&value))
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || character.is_ascii_whitespace() || ALSO.contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::object;

    fn written(metadata: &str) -> String {
        let mut out = Vec::new();
        object(&mut out, |request| write(request, Some(metadata)));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn labels_that_fit_are_kept_and_the_others_are_told() {
        let metadata = r#"{"team":"blue","a/b":"x y","odd!":"x","umlaut":"ü","number":7}"#;
        assert_eq!(written(metadata), r#"{"requestMetadata":{"team":"blue","a/b":"x y"}}"#);
        assert!(!are_kept(metadata) && are_kept(r#"{"team":"blue"}"#) && are_kept("{}"));
        assert_eq!(written(r#"{"odd!":"x"}"#), "{}");
    }

    #[test]
    fn no_more_than_sixteen_labels_are_sent() {
        let many: Vec<String> = (0..17).map(|number| format!("\"k{number}\":\"v\"")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert!(!are_kept(&many));
        assert_eq!(written(&many).matches("\"v\"").count(), 16);
    }
}
