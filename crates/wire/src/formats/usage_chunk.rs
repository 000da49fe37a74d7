//! Asking for the usage chunk of a streamed completion: metering needs it, whether or not the client wants it.

use super::{RequestFacts, RequestKind};
use crate::json::{Edit, EditError};

/// Asks the provider for the usage chunk (`stream_options.include_usage`) where the format has it, the answer is
/// streamed, and the client did not ask already. Responses and Messages report usage unasked.
///
/// # Errors
/// When `stream_options` is not an object or a key to edit occurs twice, which [`super::facts`] has refused before.
pub fn ask_for_usage(edit: &mut Edit<'_>, facts: &RequestFacts) -> Result<(), EditError> {
    let has_option = matches!(facts.kind, RequestKind::Chat | RequestKind::Completions);
    if has_option && facts.stream && facts.include_usage != Some(true) {
        edit.set_within("stream_options", "include_usage", b"true")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::facts;
    use crate::json::{Document, ScanLimits};

    fn asked(kind: RequestKind, body: &'static str) -> String {
        let document = Document::parse(body.into(), ScanLimits::default()).unwrap();
        let facts = facts(kind, &document).unwrap();
        let mut edit = Edit::new(&document);
        ask_for_usage(&mut edit, &facts).unwrap();
        String::from_utf8(edit.apply().into_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_streamed_completion_is_asked_for_its_usage() {
        assert_eq!(
            asked(RequestKind::Chat, r#"{"stream":true}"#),
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#
        );
        assert_eq!(
            asked(
                RequestKind::Completions,
                r#"{"stream_options": {"include_usage": false, "x": 1}, "stream":true}"#
            ),
            r#"{"stream_options": {"include_usage": true, "x": 1}, "stream":true}"#
        );
        assert_eq!(
            asked(RequestKind::Chat, r#"{"stream":true,"stream_options":null}"#),
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#
        );
    }

    #[test]
    fn nothing_changes_where_usage_comes_anyway_or_not_at_all() {
        for (kind, body) in [
            (RequestKind::Chat, r#"{"stream":true,"stream_options":{ "include_usage" : true }}"#),
            (RequestKind::Chat, r#"{"stream":false}"#),
            (RequestKind::Responses, r#"{"stream":true}"#),
            (RequestKind::Messages, r#"{"stream":true}"#),
            (RequestKind::Embeddings, r#"{"stream":true}"#),
        ] {
            assert_eq!(asked(kind, body), body);
        }
    }
}
