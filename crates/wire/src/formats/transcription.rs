//! OpenAI transcriptions and translations of audio (API reference, "Create transcription", "Create translation" and the
//! streaming events of transcriptions).

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape = RequestShape { streams: true, ..RequestShape::PLAIN };

/// The events of audio that is transcribed.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        match frame.event() {
            Some(b"transcript.text.delta" | b"transcript.text.segment") => Inspection::of(EventKind::Content),
            _ => self.inspect(frame).glanced(),
        }
    }

    /// `data: {"error":{…}}`, which the OpenAI libraries raise as an error.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.openai_event()
    }
}

/// Mistral's events have other names for the same things (API reference, "Create streaming transcription").
fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "transcript.text.done" | "transcription.done" => {
            let usage = event.get("usage").and_then(Usage::of_transcription);
            Inspection { kind: EventKind::End, usage, finished: true }
        }
        "transcript.text.delta" | "transcript.text.segment" => Inspection::of(EventKind::Content),
        "transcription.text.delta" | "transcription.segment" => Inspection::of(EventKind::Content),
        "transcription.language" => Inspection::of(EventKind::Preamble),
        "error" => Inspection::of(EventKind::Error(ProviderError::of(event))),
        _ => named_events::unknown(event),
    }
}
