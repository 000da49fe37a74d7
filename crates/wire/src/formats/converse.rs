//! Amazon Bedrock `Converse` and `ConverseStream` (Amazon Bedrock API reference).

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request: model and streaming are in its path.
pub(super) const REQUEST: RequestShape = RequestShape { model_in_path: true, ..RequestShape::PLAIN };

/// The events of a streamed answer (API reference, `ConverseStreamOutput`).
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        let name = frame.event().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        let data = frame.data();
        match Value::parse(&data) {
            Ok(event) => inspect_event(name, &event),
            Err(_) => Inspection::of(EventKind::Malformed),
        }
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        if let Some(b"contentBlockDelta" | b"contentBlockStart" | b"contentBlockStop") = frame.event() {
            return Inspection::of(EventKind::Content);
        }
        self.inspect(frame).glanced()
    }

    /// An exception, which botocore raises as an `EventStreamError`.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.amazon_event()
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "messageStart" | "contentBlockStop" => Inspection::of(EventKind::Preamble),
        "contentBlockStart" => {
            let opens = event.get("start").is_some_and(Value::has_substance);
            Inspection::of(if opens { EventKind::Content } else { EventKind::Preamble })
        }
        "contentBlockDelta" => Inspection::of(EventKind::Content),
        "messageStop" => Inspection { kind: EventKind::Content, usage: None, finished: true },
        "metadata" => {
            let usage = event.get("usage").and_then(Usage::of_converse);
            let usage = usage.map(|usage| usage.with_tier(event.get("serviceTier")));
            Inspection { kind: EventKind::End, usage, finished: true }
        }
        name if name.ends_with("Exception") => Inspection::of(EventKind::Error(error_of(name, event))),
        _ => Inspection::of(EventKind::Other),
    }
}

/// The exception's type is its name in the headers.
fn error_of(name: &str, event: &Value<'_>) -> ProviderError {
    let error = ProviderError::of(event);
    ProviderError { kind: error.kind.or_else(|| Some(name.to_owned())), ..error }
}
