//! Bounding how long the answers to a request may be, as each format has it.

use bytes::Bytes;

use super::RequestKind;
use crate::json::{Document, Edit, EditError};

/// The members that limit output where the limit is a member of the body. A provider may read one that its format lacks, so that each that is
/// there is bounded.
const LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// The body with no answer of more than so many tokens: limits that are larger, or absent, become this one. Where a chat has none, the one of
/// OpenAI's own models is written, or the one that others know.
///
/// # Errors
/// When a member to edit occurs twice or is not what it should be, which [`super::facts`] has refused before.
pub fn limited_output(
    document: &Document,
    kind: RequestKind,
    tokens: u64,
    of_openai: bool,
) -> Result<Bytes, EditError> {
    let raw = tokens.to_string();
    let mut edit = Edit::new(document);
    match kind {
        RequestKind::Gemini => {
            edit.set_within("generationConfig", "maxOutputTokens", raw.as_bytes())?;
        }
        RequestKind::Converse => {
            edit.set_within("inferenceConfig", "maxTokens", raw.as_bytes())?;
        }
        _ => {
            let given = |name: &str| document.member(name).ok().flatten().and_then(|member| member.as_u64());
            let usual = match kind {
                RequestKind::Responses => "max_output_tokens",
                RequestKind::Chat if of_openai => "max_completion_tokens",
                _ => "max_tokens",
            };
            if LIMITS.iter().all(|name| given(name).is_none()) {
                edit.set(usual, raw.as_bytes())?;
            }
            for name in LIMITS.into_iter().filter(|name| given(name).is_some_and(|limit| limit > tokens)) {
                edit.set(name, raw.as_bytes())?;
            }
        }
    }
    Ok(edit.apply().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{RequestKind, limited_output};
    use crate::json::{Document, ScanLimits};

    fn limited(kind: RequestKind, body: &'static str, of_openai: bool) -> String {
        let document = Document::parse(body.into(), ScanLimits::default()).unwrap();
        String::from_utf8(limited_output(&document, kind, 9, of_openai).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_limits_that_are_there_are_bounded_and_nothing_else_changes() {
        let body = r#"{"max_tokens" : 5, "n":1,"max_completion_tokens":70}"#;
        let expected = r#"{"max_tokens" : 5, "n":1,"max_completion_tokens":9}"#;
        assert_eq!(limited(RequestKind::Chat, body, true), expected);
        let body = r#"{"generationConfig":{"maxOutputTokens":500,"topK":4},"x":1}"#;
        let expected = r#"{"generationConfig":{"maxOutputTokens":9,"topK":4},"x":1}"#;
        assert_eq!(limited(RequestKind::Gemini, body, false), expected);
    }

    #[test]
    fn a_request_without_a_limit_gets_the_one_of_its_format() {
        for (kind, of_openai, expected) in [
            (RequestKind::Chat, true, r#"{"max_completion_tokens":9}"#),
            (RequestKind::Chat, false, r#"{"max_tokens":9}"#),
            (RequestKind::Responses, false, r#"{"max_output_tokens":9}"#),
            (RequestKind::Messages, false, r#"{"max_tokens":9}"#),
            (RequestKind::Cohere, false, r#"{"max_tokens":9}"#),
            (RequestKind::Completions, true, r#"{"max_tokens":9}"#),
            (RequestKind::Gemini, false, r#"{"generationConfig":{"maxOutputTokens":9}}"#),
            (RequestKind::Converse, false, r#"{"inferenceConfig":{"maxTokens":9}}"#),
        ] {
            assert_eq!(limited(kind, "{}", of_openai), expected, "{kind:?}");
        }
    }
}
