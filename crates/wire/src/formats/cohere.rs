//! Cohere chat, version 2 (API reference, "Chat" and "Chat with streaming").

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape = RequestShape { streams: true, ..RequestShape::PLAIN };

/// The events of a streamed answer.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        match frame.event() {
            Some(name) if name.ends_with(b"-delta") || name.ends_with(b"-start") => {
                Inspection::of(EventKind::Content)
            }
            _ => self.inspect(frame).glanced(),
        }
    }

    /// A last event with the reason `ERROR` and the message (API reference, `message-end`).
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.cohere_event()
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "message-start" | "content-end" | "tool-call-end" | "citation-end" => {
            Inspection::of(EventKind::Preamble)
        }
        "content-start" => Inspection::of(content_kind(event)),
        "content-delta" | "tool-plan-delta" | "tool-call-start" | "tool-call-delta" | "citation-start" => {
            Inspection::of(EventKind::Content)
        }
        "message-end" => message_end(event),
        _ => Inspection::of(error_of(event).map_or(EventKind::Other, EventKind::Error)),
    }
}

/// Text and thinking are announced empty; any other content says something.
fn content_kind(event: &Value<'_>) -> EventKind {
    let Some(content) = event.at(&["delta", "message", "content"]) else { return EventKind::Preamble };
    let kind = content.get("type").and_then(Value::as_str);
    let says = match kind.as_deref() {
        None | Some("text" | "thinking") => {
            ["text", "thinking"].iter().any(|key| content.get(key).is_some_and(Value::has_substance))
        }
        Some(_) => true,
    };
    if says { EventKind::Content } else { EventKind::Preamble }
}

fn message_end(event: &Value<'_>) -> Inspection {
    let usage = event.at(&["delta", "usage"]).and_then(Usage::of_cohere);
    match failure_of(event) {
        Some(error) => Inspection { kind: EventKind::Error(error), usage, finished: false },
        None => Inspection { kind: EventKind::End, usage, finished: true },
    }
}

/// Why a `message-end` is no regular end: its message, or else its reason.
pub(crate) fn failure_of(event: &Value<'_>) -> Option<ProviderError> {
    let text = |key: &str| event.at(&["delta", key]).and_then(Value::as_str).filter(|text| !text.is_empty());
    let reason = text("finish_reason").filter(|reason| is_failure(reason));
    let message = text("error").or(reason)?.into_owned();
    Some(ProviderError { message: Some(message), ..ProviderError::default() })
}

/// Whether a `finish_reason` says that the answer was given up: `ERROR` and `TIMEOUT`, and the kinds of the former that
/// version 1 had (`ERROR_TOXIC`, `ERROR_LIMIT`).
pub(crate) fn is_failure(reason: &str) -> bool {
    reason.starts_with("ERROR") || reason == "TIMEOUT"
}

/// The error that stands in place of an event, in Cohere's own shape (`{"message"}`) or another.
pub(crate) fn error_of(event: &Value<'_>) -> Option<ProviderError> {
    let says = event.get("type").is_none() && event.get("message").and_then(Value::as_str).is_some();
    let holds = event.get("error").is_some_and(Value::has_substance);
    (says || holds).then(|| ProviderError::of(event))
}
