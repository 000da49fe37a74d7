//! A request that is to be answered from where another answer broke off: with the text so far as its last turn.

use super::Format;
use super::form::{OutputFormat, Prompt, Reasoning, Role};
use super::seam::given;
use crate::json::{Document, Edit, EditError, Kind, MemberRef, ObjectWriter, Segments, Value, object};

/// The members of a limit of output, by format; the second stands in the first where there is one.
const LIMITS: [(Format, &str, Option<&str>); 7] = [
    (Format::Chat, "max_tokens", None),
    (Format::Chat, "max_completion_tokens", None),
    (Format::Messages, "max_tokens", None),
    (Format::Gemini, "generationConfig", Some("maxOutputTokens")),
    (Format::Converse, "inferenceConfig", Some("maxTokens")),
    (Format::Cohere, "max_tokens", None),
    (Format::Responses, "max_output_tokens", None),
];

/// How a provider is told that the last turn is to be gone on with.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'m> {
    /// Members of the last turn, with raw JSON.
    pub turn: &'m [(String, Vec<u8>)],
    /// Members of the request, with raw JSON.
    pub request: &'m [(String, Vec<u8>)],
}

/// Whether an answer to this could be gone on with: one answer in free words, without thinking, that does not go on with one already.
#[must_use]
pub fn may_go_on(prompt: &Prompt<'_>) -> bool {
    let is_plain = matches!(prompt.output, OutputFormat::Text) && prompt.spoken.is_none() && !prompt.pictures;
    let is_single = prompt.sampling.choices.is_none_or(|choices| choices == 1);
    let ends_with_the_user = prompt.turns.last().is_some_and(|turn| turn.role != Role::Assistant);
    is_plain && is_single && ends_with_the_user && prompt.reasoning == Reasoning::default()
}

/// The request with the text so far as a turn of the model, and with `tokens_said` taken off its limit of output; none where it holds no
/// turns.
///
/// # Errors
/// When a member that is changed is not what its format says.
pub fn going_on(
    format: Format,
    document: &Document,
    said: &str,
    tokens_said: u64,
    marks: Marks<'_>,
) -> Result<Option<Segments>, EditError> {
    let turns = match format {
        Format::Chat | Format::Messages | Format::Converse | Format::Cohere => "messages",
        Format::Gemini => "contents",
        Format::Responses => "input",
    };
    let mut edit = Edit::new(document);
    let text = given(said);
    if !text.is_empty() {
        let Some(mut raw) = document.member(turns)?.and_then(|given| turns_so_far(format, &given)) else {
            return Ok(None);
        };
        raw.push(b',');
        raw.extend_from_slice(&turn(format, text, marks.turn));
        raw.push(b']');
        edit.set(turns, &raw)?;
        for (member, json) in marks.request {
            edit.set(member, json)?;
        }
    }
    if format == Format::Responses {
        // A rest is no response that anybody asks for again.
        edit.set("store", b"false")?;
    }
    for (_, member, inner) in LIMITS.into_iter().filter(|(known, ..)| *known == format) {
        lower(&mut edit, document, (member, inner), tokens_said)?;
    }
    Ok(Some(edit.apply()))
}

/// The turns so far, as an array that is not closed. The conversation ends with its user, so there is one.
fn turns_so_far(format: Format, given: &MemberRef<'_>) -> Option<Vec<u8>> {
    let raw = given.raw();
    match (format, given.kind()) {
        (_, Kind::Array) => Some(raw.strip_suffix(b"]")?.to_vec()),
        (Format::Responses, Kind::String) => {
            Some([b"[{\"role\":\"user\",\"content\":", &*raw, b"}"].concat())
        }
        _ => None,
    }
}

fn turn(format: Format, text: &str, marks: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    object(&mut out, |turn| {
        turn.str("role", if format == Format::Gemini { "model" } else { "assistant" });
        match format {
            Format::Gemini => turn.array("parts", |parts| parts.object(|part| part.str("text", text))),
            Format::Converse => turn.array("content", |parts| parts.object(|part| part.str("text", text))),
            Format::Responses => write_output(turn, text),
            _ => turn.str("content", text),
        }
        for (member, json) in marks {
            turn.raw(member, &String::from_utf8_lossy(json));
        }
    });
    out
}

/// An item as a response has it: servers read whether it is complete of no other.
fn write_output(turn: &mut ObjectWriter<'_>, text: &str) {
    turn.str("type", "message");
    turn.str("id", "msg_0");
    turn.array("content", |content| {
        content.object(|part| {
            part.str("type", "output_text");
            part.str("text", text);
            part.array("annotations", |_| {});
        });
    });
}

/// Takes what was said off a limit, of which at least one token is left.
fn lower(
    edit: &mut Edit<'_>,
    document: &Document,
    (member, inner): (&str, Option<&str>),
    tokens_said: u64,
) -> Result<(), EditError> {
    let Some(limit) = document.member(member)? else { return Ok(()) };
    let raw = limit.raw();
    let value = Value::parse(&raw).ok();
    let limit = value.as_ref().and_then(|value| match inner {
        Some(inner) => value.get(inner),
        None => Some(value),
    });
    let Some(left) = limit.and_then(Value::as_u64).map(|limit| limit.saturating_sub(tokens_said).max(1))
    else {
        return Ok(());
    };
    let json = left.to_string().into_bytes();
    match inner {
        Some(inner) => edit.set_within(member, inner, &json)?,
        None => edit.set(member, &json)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::read_prompt;
    use crate::json::ScanLimits;

    const NO_MARKS: Marks<'_> = Marks { turn: &[], request: &[] };

    fn asked(format: Format, body: &str, said: &str, marks: Marks<'_>) -> Option<String> {
        let document = Document::parse(body.to_owned().into(), ScanLimits::default()).unwrap();
        let segments = going_on(format, &document, said, 30, marks).unwrap()?;
        Some(String::from_utf8(segments.into_bytes().to_vec()).unwrap())
    }

    #[test]
    fn the_text_so_far_is_the_last_turn_in_the_words_of_each_format() {
        let expected =
            r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"so \"far\""}]}"#;
        for format in [Format::Chat, Format::Messages, Format::Cohere] {
            let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
            assert_eq!(asked(format, body, "so \"far\" \n", NO_MARKS).as_deref(), Some(expected));
        }
        assert_eq!(
            asked(Format::Gemini, r#"{"contents": [{"parts":[{"text":"hi"}]} ]}"#, "so", NO_MARKS).as_deref(),
            Some(r#"{"contents": [{"parts":[{"text":"hi"}]} ,{"role":"model","parts":[{"text":"so"}]}]}"#)
        );
        assert_eq!(
            asked(
                Format::Converse,
                r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#,
                "so",
                NO_MARKS
            )
            .as_deref(),
            Some(
                r#"{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"text":"so"}]}]}"#
            )
        );
    }

    #[test]
    fn responses_is_given_an_item_of_its_own_kind_and_keeps_no_rest() {
        let status = [("status".to_owned(), br#""incomplete""#.to_vec())];
        let marks = Marks { turn: &status, request: &[] };
        let item = r#"{"role":"assistant","type":"message","id":"msg_0","content":[{"type":"output_text","text":"so","annotations":[]}],"status":"incomplete"}"#;
        let user = r#"{"role":"user","content":"hi"}"#;
        assert_eq!(
            asked(Format::Responses, r#"{"input":"hi","store":true,"max_output_tokens":40}"#, "so ", marks),
            Some(format!(r#"{{"input":[{user},{item}],"store":false,"max_output_tokens":10}}"#))
        );
        assert_eq!(
            asked(Format::Responses, &format!(r#"{{"input":[{user}]}}"#), "so ", marks),
            Some(format!(r#"{{"input":[{user},{item}],"store":false}}"#))
        );
        assert_eq!(asked(Format::Responses, r#"{"prompt":{"id":"p"}}"#, "so", NO_MARKS), None);
        assert_eq!(asked(Format::Chat, r#"{"messages":"hi"}"#, "so", NO_MARKS), None);
    }

    #[test]
    fn a_provider_is_told_in_its_own_way_that_the_turn_is_not_complete() {
        let member = |name: &str, json: &str| vec![(name.to_owned(), json.as_bytes().to_vec())];
        let (turn, request) = (member("prefix", "true"), member("continue_final_message", "true"));
        let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
        assert_eq!(
            asked(Format::Chat, body, "so", Marks { turn: &turn, request: &request }).as_deref(),
            Some(
                r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"so","prefix":true}],"continue_final_message":true}"#
            )
        );
        assert_eq!(
            asked(Format::Chat, body, " \n", Marks { turn: &turn, request: &request }).as_deref(),
            Some(body)
        );
    }

    #[test]
    fn what_was_said_is_taken_off_the_limit() {
        let limited = |format, body: &str| asked(format, body, " ", NO_MARKS).unwrap();
        assert_eq!(
            limited(Format::Messages, r#"{"max_tokens":100,"messages":[]}"#),
            r#"{"max_tokens":70,"messages":[]}"#
        );
        assert_eq!(
            limited(Format::Chat, r#"{"max_completion_tokens":20}"#),
            r#"{"max_completion_tokens":1}"#
        );
        assert_eq!(limited(Format::Chat, r#"{"max_tokens":null}"#), r#"{"max_tokens":null}"#);
        assert_eq!(
            limited(Format::Gemini, r#"{"generationConfig":{"maxOutputTokens":40,"topK":1}}"#),
            r#"{"generationConfig":{"maxOutputTokens":10,"topK":1}}"#
        );
        assert_eq!(
            limited(Format::Converse, r#"{"inferenceConfig":{"topP":1}}"#),
            r#"{"inferenceConfig":{"topP":1}}"#
        );
    }

    #[test]
    fn only_one_answer_in_free_words_can_be_gone_on_with() {
        let may = |body: &str| {
            let value = Value::parse(body.as_bytes()).unwrap();
            may_go_on(&read_prompt(&value, Format::Chat).unwrap())
        };
        let user = r#""messages":[{"role":"user","content":"hi"}]"#;
        assert!(may(&format!("{{{user}}}")));
        assert!(may(&format!("{{{user},\"n\":1,\"tools\":[]}}")));
        for other in
            ["\"n\":2", "\"response_format\":{\"type\":\"json_object\"}", "\"reasoning_effort\":\"low\""]
        {
            assert!(!may(&format!("{{{user},{other}}}")), "{other}");
        }
        assert!(!may(r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"{"}]}"#));
    }
}
