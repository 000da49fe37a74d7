//! The metadata of a request: what its client says of it in a header, and over that what is known of whose key it is.

use domain::tenant::Labels;
use domain::{ApiKey, ErrorCode};
use http::HeaderMap;
use wire::json::{Kind, Value, object};

use crate::refusal::Refusal;

/// What the client says about its request; meant for the gateway alone.
const METADATA_HEADERS: [&str; 2] = ["x-tollgate-metadata", "x-portkey-metadata"];
/// Longest metadata, in bytes.
const METADATA_BYTES_MAX: usize = 8 * 1024;

/// Refuses a request whose metadata is not what its workspace wants.
///
/// # Errors
/// 400 with what is wrong in it.
pub(crate) fn permit(headers: &HeaderMap, key: &ApiKey) -> Result<(), Refusal> {
    let workspace = &key.subject.workspace;
    let Some(rule) = &workspace.metadata_rule else { return Ok(()) };
    let metadata = together(read(headers)?.as_ref(), &key.subject.labels);
    rule.check(&metadata).map_err(|why| {
        let message = format!(
            "the metadata of this request (`{}`) is not what the workspace `{}` wants: {why}",
            METADATA_HEADERS[0], workspace.name
        );
        Refusal::new(ErrorCode::MetadataRefused, message)
    })
}

/// What is said of a request, by its client and its key, as the text of one object; none where nothing is.
pub(crate) fn told(headers: &HeaderMap, labels: &Labels) -> Option<String> {
    let sent = read(headers).ok()?;
    (sent.is_some() || !labels.is_empty()).then(|| together(sent.as_ref(), labels))
}

/// What the client sent, with the labels over it, as the text of one object.
fn together(sent: Option<&Value<'_>>, labels: &Labels) -> String {
    let mut text = Vec::new();
    object(&mut text, |object| {
        let sent = sent.map(Value::members).unwrap_or_default();
        for (name, value) in sent.iter().filter(|(name, _)| labels.get(name).is_none()) {
            object.named(name, value.raw());
        }
        for (name, value) in labels.iter() {
            object.str(name, value);
        }
    });
    String::from_utf8(text).unwrap_or_default()
}

/// The metadata that the client sent, when it sent some.
///
/// # Errors
/// 400 when it is no JSON object, or too long.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Value<'_>>, Refusal> {
    let found = METADATA_HEADERS.iter().find_map(|name| headers.get(*name).map(|value| (name, value)));
    let Some((name, text)) = found else { return Ok(None) };
    let refuse = |problem: &str| Refusal::new(ErrorCode::InvalidHeader, format!("`{name}` {problem}"));
    if text.len() > METADATA_BYTES_MAX {
        return Err(refuse(&format!("has {} bytes, of at most {METADATA_BYTES_MAX}", text.len())));
    }
    match Value::parse(text.as_bytes()) {
        Ok(metadata) if metadata.kind() == Kind::Object => Ok(Some(metadata)),
        Ok(other) => Err(refuse(&format!("must hold a JSON object, found {}", other.kind()))),
        Err(error) => Err(refuse(&format!("must hold a JSON object: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Labels, METADATA_BYTES_MAX, Value, read, together};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    #[test]
    fn a_client_can_add_to_what_is_known_and_never_change_it() {
        let labels: Labels = [("cost_center", "4\"2"), ("tier", "gold")].into_iter().collect();
        let sent = Value::parse(br#"{"tier":"free","a\"b":{"deep":[1]},"tier":"lead"}"#).unwrap();
        assert_eq!(
            together(Some(&sent), &labels),
            r#"{"a\"b":{"deep":[1]},"cost_center":"4\"2","tier":"gold"}"#
        );
        assert_eq!(together(None, &Labels::default()), "{}");
    }

    fn headers(values: &[(&'static str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &[u8])| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
        };
        values.iter().map(pair).collect()
    }

    #[test]
    fn metadata_is_an_object_of_bounded_length_or_refused() {
        assert!(read(&headers(&[])).unwrap().is_none());
        let both =
            headers(&[("x-portkey-metadata", br#"{"a":1}"#), ("x-tollgate-metadata", br#"{"b":"\u00e9"}"#)]);
        assert_eq!(read(&both).unwrap().unwrap().get("b").unwrap().as_str().unwrap(), "é");
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(METADATA_BYTES_MAX));
        for (text, problem) in [
            (&b"{"[..], "must hold a JSON object: "),
            (b"[1]", "must hold a JSON object, found an array"),
            (b"", "must hold a JSON object: "),
            (b"{\"a\":\"\xff\"}", "must hold a JSON object: "),
            (long.as_bytes(), "has 8200 bytes, of at most 8192"),
        ] {
            let refusal = read(&headers(&[("x-portkey-metadata", text)])).unwrap_err();
            assert_eq!(refusal.code.code(), "TG1014");
            assert!(refusal.message.contains(problem), "{}", refusal.message);
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(bytes in prop::collection::vec(32_u8..=255, 0..64)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let headers = HeaderMap::from_iter([(HeaderName::from_static("x-tollgate-metadata"), value)]);
                if let Ok(Some(object)) = read(&headers) {
                    prop_assert_eq!(object.kind(), Kind::Object);
                }
            }
        }
    }
}
