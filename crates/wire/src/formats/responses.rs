//! OpenAI Responses (API reference, "Responses" and "Streaming events").

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events, wanted_keys};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape =
    RequestShape { streams: true, continues_responses: true, ..RequestShape::PLAIN };

/// The events of a response.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        match frame.event() {
            Some(name)
                if name.ends_with(b".delta") || name.ends_with(b".done") || name.ends_with(b".added") =>
            {
                return Inspection::of(EventKind::Content);
            }
            Some(_) => {}
            None => {
                let data = frame.data();
                if data.starts_with(b"{") && !wanted_keys::any_in(&data) {
                    return Inspection::of(EventKind::Content);
                }
            }
        }
        self.inspect(frame).glanced()
    }

    /// `event: error` with the error's members beside `type` and `sequence_number`.
    fn error_event(&self, error: &WireError<'_>, frames_before: u64) -> Bytes {
        error.responses_event(frames_before)
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "response.created" | "response.in_progress" | "response.queued" => {
            Inspection::of(EventKind::Preamble)
        }
        "response.completed" | "response.incomplete" => {
            Inspection { kind: EventKind::End, usage: usage_of(event), finished: true }
        }
        "response.failed" => {
            let error = event.at(&["response", "error"]).map(ProviderError::of).unwrap_or_default();
            Inspection { kind: EventKind::Error(error), usage: usage_of(event), finished: false }
        }
        "error" => Inspection::of(EventKind::Error(ProviderError::of(event))),
        "response.output_item.added" => Inspection::of(item_kind(event)),
        "response.content_part.added" | "response.reasoning_summary_part.added" => {
            let part = event.get("part");
            let says = part.is_some_and(|part| part.get("text").is_some_and(|text| text.has_substance()));
            Inspection::of(if says { EventKind::Content } else { EventKind::Preamble })
        }
        name if name.ends_with(".delta") || name.ends_with(".done") => Inspection::of(EventKind::Content),
        _ => named_events::unknown(event),
    }
}

/// Messages and reasoning are announced empty; any other item (a tool call) already says what it is.
fn item_kind(event: &Value<'_>) -> EventKind {
    let item = event.at(&["item", "type"]);
    match item.and_then(Value::as_str).as_deref() {
        Some("message" | "reasoning") | None => EventKind::Preamble,
        Some(_) => EventKind::Content,
    }
}

fn usage_of(event: &Value<'_>) -> Option<Usage> {
    event.get("response").and_then(Usage::of_response)
}
