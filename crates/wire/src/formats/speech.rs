//! OpenAI speech (API reference, "Create speech"): the audio itself, or with `stream_format: sse` events that carry it
//! in base64.

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape = RequestShape { streams_by_format: true, ..RequestShape::PLAIN };

/// The events of a text that is spoken.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        match frame.event() {
            Some(b"speech.audio.delta") => Inspection::of(EventKind::Content),
            _ => self.inspect(frame).glanced(),
        }
    }

    /// `data: {"error":{…}}`, which the OpenAI libraries raise as an error.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.openai_event()
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "speech.audio.done" => {
            let usage = event.get("usage").and_then(Usage::of_openai);
            Inspection { kind: EventKind::End, usage, finished: true }
        }
        "speech.audio.delta" => Inspection::of(EventKind::Content),
        "error" => Inspection::of(EventKind::Error(ProviderError::of(event))),
        _ => named_events::unknown(event),
    }
}
