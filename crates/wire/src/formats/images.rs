//! OpenAI images, generated, edited and varied (API reference, "Images", "Image generation streaming events" and "Image
//! edit streaming events"). What other providers call OpenAI's images is the same without the streams.

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError, named_events};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request.
pub(super) const REQUEST: RequestShape =
    RequestShape { streams: true, counts_choices: true, ..RequestShape::PLAIN };

/// The events of an image that is generated or edited.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        named_events::inspect(frame, inspect_event)
    }

    /// A partial image is megabytes of base64, which nothing here needs to read.
    fn glance(&self, frame: Frame<'_>) -> Inspection {
        match frame.event() {
            Some(name) if name.ends_with(b".partial_image") => Inspection::of(EventKind::Content),
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
        "image_generation.completed" | "image_edit.completed" => {
            let usage = event.get("usage").and_then(Usage::of_images).unwrap_or_default();
            let usage = Some(Usage { images: Some(1), ..usage });
            Inspection { kind: EventKind::End, usage, finished: true }
        }
        "error" => Inspection::of(EventKind::Error(ProviderError::of(event))),
        name if name.ends_with(".partial_image") => Inspection::of(EventKind::Content),
        _ => named_events::unknown(event),
    }
}
