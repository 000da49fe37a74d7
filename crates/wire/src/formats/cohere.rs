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
        "content-start" => {
            let content = event.at(&["delta", "message", "content"]);
            let text =
                |member| content.and_then(|content| content.get(member)).is_some_and(Value::has_substance);
            let says = text("text") || text("thinking");
            Inspection::of(if says { EventKind::Content } else { EventKind::Preamble })
        }
        "content-delta" | "tool-plan-delta" | "tool-call-start" | "tool-call-delta" | "citation-start" => {
            Inspection::of(EventKind::Content)
        }
        "message-end" => message_end(event),
        _ => named_events::unknown(event),
    }
}

fn message_end(event: &Value<'_>) -> Inspection {
    let usage = event.at(&["delta", "usage"]).and_then(Usage::of_cohere);
    let reason = event.at(&["delta", "finish_reason"]).and_then(Value::as_str);
    let message = event.at(&["delta", "error"]).and_then(Value::as_str);
    let failed =
        message.is_some() || matches!(reason.as_deref(), Some("ERROR" | "ERROR_TOXIC" | "ERROR_LIMIT"));
    let kind = if failed {
        let message = message.or(reason.clone()).map(std::borrow::Cow::into_owned);
        EventKind::Error(ProviderError { kind: None, code: None, message })
    } else {
        EventKind::End
    };
    Inspection { kind, usage, finished: !failed }
}
