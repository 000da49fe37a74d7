//! Anthropic Messages (API reference, "Messages" and "Streaming Messages").

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape = RequestShape { streams: true, ..RequestShape::PLAIN };

/// The events of a message.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        if let Some(b"content_block_delta" | b"content_block_start" | b"content_block_stop" | b"ping") =
            frame.event()
        {
            return Inspection::of(EventKind::Content);
        }
        self.inspect(frame).glanced()
    }

    /// `event: error` with the body of an error answer.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.anthropic_event()
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "message_start" => {
            let usage = event.at(&["message", "usage"]).and_then(Usage::of_anthropic);
            Inspection { kind: EventKind::Preamble, usage, finished: false }
        }
        "message_delta" => {
            let usage = event.get("usage").and_then(Usage::of_anthropic);
            let finished = event.at(&["delta", "stop_reason"]).is_some_and(|reason| reason.has_substance());
            Inspection { kind: if finished { EventKind::Content } else { EventKind::Other }, usage, finished }
        }
        "message_stop" => Inspection::of(EventKind::End),
        "ping" | "content_block_stop" => Inspection::of(EventKind::Preamble),
        "content_block_start" => Inspection::of(block_kind(event)),
        "content_block_delta" => Inspection::of(EventKind::Content),
        "error" => Inspection::of(EventKind::Error(ProviderError::of(event))),
        _ => named_events::unknown(event),
    }
}

/// Text and thinking blocks are announced empty; any other block (a tool call, redacted thinking) says something.
fn block_kind(event: &Value<'_>) -> EventKind {
    let Some(block) = event.get("content_block") else {
        return EventKind::Preamble;
    };
    let kind = block.get("type").and_then(|kind| kind.as_str());
    let says = match kind.as_deref() {
        Some(member @ ("text" | "thinking")) => block.get(member).is_some_and(|text| text.has_substance()),
        _ => true,
    };
    if says { EventKind::Content } else { EventKind::Preamble }
}
