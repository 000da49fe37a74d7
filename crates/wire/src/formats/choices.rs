//! Events that carry `choices`: chat completions and legacy completions differ only in where the text stands.

use super::{EventKind, Inspection, ProviderError, Usage, wanted_keys};
use crate::framing::Frame;
use crate::json::{Kind, Value};

/// The data that ends the stream (OpenAI API reference, "Streaming").
const DONE: &[u8] = b"[DONE]";

pub(super) fn inspect(frame: Frame<'_>) -> Inspection {
    if frame.is_comment_only() {
        return Inspection::of(EventKind::Comment);
    }
    let data = frame.data();
    if data.trim_ascii() == DONE {
        return Inspection::of(EventKind::End);
    }
    if data.is_empty() {
        return Inspection::of(EventKind::Other);
    }
    match Value::parse(&data) {
        Ok(chunk) => inspect_chunk(&chunk, frame.event() == Some(b"error")),
        Err(_) => Inspection::of(EventKind::Malformed),
    }
}

pub(super) fn glance(frame: Frame<'_>) -> Inspection {
    if frame.bytes().starts_with(b":") && frame.is_comment_only() {
        return Inspection::of(EventKind::Comment);
    }
    let data = frame.data();
    let is_chunk =
        data.starts_with(b"{") && !wanted_keys::any_in(&data) && frame.bytes().starts_with(b"data");
    if is_chunk {
        return Inspection::of(EventKind::Content);
    }
    inspect(frame).glanced()
}

fn inspect_chunk(chunk: &Value<'_>, named_error: bool) -> Inspection {
    let choices = chunk.get("choices").map(Value::elements).unwrap_or_default();
    let usage = usage_of(chunk);
    let finished =
        choices.iter().any(|choice| choice.get("finish_reason").is_some_and(|it| it.has_substance()));
    let kind = if let Some(error) = error_of(chunk, choices, named_error) {
        EventKind::Error(error)
    } else if finished || choices.iter().any(says_something) {
        EventKind::Content
    } else if choices.is_empty() && usage.is_some() {
        EventKind::Usage
    } else if chunk.get("choices").is_some() {
        EventKind::Preamble
    } else {
        EventKind::Other
    };
    Inspection { kind, usage, finished }
}

/// Groq reports usage beside the choices under a name of its own.
fn usage_of(chunk: &Value<'_>) -> Option<Usage> {
    let usage = chunk.get("usage").filter(|usage| usage.kind() == Kind::Object);
    let usage = usage.or_else(|| chunk.at(&["x_groq", "usage"])).and_then(Usage::of_openai)?;
    Some(usage.with_tier(chunk.get("service_tier")))
}

/// An error stands in `error` (OpenAI, OpenRouter, most others), in the choice (OpenRouter), or is the whole object
/// (vLLM: `"object":"error"`); Gemini's compatible endpoint wraps it in an array.
fn error_of(chunk: &Value<'_>, choices: &[Value<'_>], named: bool) -> Option<ProviderError> {
    let is_object =
        chunk.get("object").and_then(|object| object.as_str()).is_some_and(|object| object == "error");
    let holds_error = |value: &Value<'_>| value.get("error").is_some_and(|error| error.has_substance());
    if named || is_object || holds_error(chunk) || chunk.elements().iter().any(holds_error) {
        return Some(ProviderError::of(chunk));
    }
    choices.iter().find(|choice| holds_error(choice)).map(ProviderError::of)
}

/// Whether a choice holds anything but a role: members that are unknown today may be content tomorrow.
fn says_something(choice: &Value<'_>) -> bool {
    let delta = choice.get("delta").map(Value::members).unwrap_or_default();
    let in_delta = delta.iter().any(|(key, value)| key != "role" && value.has_substance());
    in_delta || choice.get("text").is_some_and(|text| text.has_substance())
}
