//! OpenAI chat completions (API reference, "Chat Completions" and "Streaming").

use bytes::Bytes;

use super::request_shape::RequestShape;
use super::{EventFormat, Inspection, WireError, choices};
use crate::framing::Frame;

/// What governs a request.
pub(super) const REQUEST: RequestShape =
    RequestShape { streams: true, takes_usage_option: true, counts_choices: true, ..RequestShape::PLAIN };

/// The events of a chat completion.
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        choices::inspect(frame)
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        choices::glance(frame)
    }

    /// `data: {"error":{…}}`, which the OpenAI libraries raise as an error.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.openai_event()
    }
}
