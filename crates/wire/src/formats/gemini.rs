//! Gemini `generateContent` and `streamGenerateContent` (Gemini API reference, "Generating content").

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::usage::grounding_searches_of;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request: model and streaming are in its path.
pub(super) const REQUEST: RequestShape = RequestShape { model_in_path: true, ..RequestShape::PLAIN };

/// The events of a streamed answer: each is a whole `GenerateContentResponse`. There is no last event; the stream ends
/// with the connection after a reason to finish.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        if frame.is_comment_only() {
            return Inspection::of(EventKind::Comment);
        }
        let data = frame.data();
        if data.is_empty() {
            return Inspection::of(EventKind::Other);
        }
        match Value::parse(&data) {
            Ok(chunk) => inspect_chunk(&chunk),
            Err(_) => Inspection::of(EventKind::Malformed),
        }
    }

    /// Every chunk counts the tokens so far, so every one is read.
    fn glance(&self, frame: Frame<'_>) -> Inspection {
        self.inspect(frame).glanced()
    }

    /// `data: {"error":{…}}`, which Google's libraries raise as an error.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.google_event()
    }
}

fn inspect_chunk(chunk: &Value<'_>) -> Inspection {
    let candidates = chunk.get("candidates").map(Value::elements).unwrap_or_default();
    let blocked = chunk.at(&["promptFeedback", "blockReason"]).is_some_and(Value::has_substance);
    let stopped =
        candidates.iter().any(|candidate| candidate.get("finishReason").is_some_and(Value::has_substance));
    let finished = blocked || stopped;
    let kind = if chunk.get("error").is_some_and(Value::has_substance) {
        EventKind::Error(ProviderError::of(chunk))
    } else if finished || candidates.iter().any(says_something) {
        EventKind::Content
    } else {
        EventKind::Preamble
    };
    Inspection { kind, usage: usage_of(chunk), finished }
}

/// What an answer, or a piece of a streamed one, says that was used so far.
pub(crate) fn usage_of(answer: &Value<'_>) -> Option<Usage> {
    let candidates = answer.get("candidates").map(Value::elements).unwrap_or_default();
    let usage = answer.get("usageMetadata").and_then(Usage::of_gemini)?;
    Some(usage.with_searches(grounding_searches_of(candidates)))
}

/// Whether a candidate holds a part with more than an empty text.
fn says_something(candidate: &Value<'_>) -> bool {
    let parts = candidate.at(&["content", "parts"]).map(Value::elements).unwrap_or_default();
    parts.iter().any(|part| part.members().iter().any(|(_, value)| value.has_substance()))
}
