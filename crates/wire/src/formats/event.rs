//! What an event of a stream means for the gateway, whatever its format.

use std::fmt;

use bytes::Bytes;

use super::{ProviderError, Usage, WireError};
use crate::framing::Frame;

/// Reads the events of one format, and writes the one event that a gateway may have to add.
pub trait EventFormat: fmt::Debug + Send + Sync {
    /// Reads a frame in full. Used until the first content, when every frame decides what happens next.
    fn inspect(&self, frame: Frame<'_>) -> Inspection;

    /// Reads a frame only as far as metering needs. The result has the usage, `finished` and the kinds `Error`,
    /// `End`, `Usage` and `Comment` of [`Self::inspect`]; any other frame is `Content`.
    fn glance(&self, frame: Frame<'_>) -> Inspection;

    /// The event that ends a stream with an error. `frames_before` counts the frames that the client has been sent:
    /// Responses numbers its events from 0.
    fn error_event(&self, error: &WireError<'_>, frames_before: u64) -> Bytes;
}

/// What one frame says.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// What the frame is.
    pub kind: EventKind,
    /// The tokens used so far, where the frame reports them.
    pub usage: Option<Usage>,
    /// Whether the frame says why the model stopped. Some providers of chat completions end their stream after it
    /// without `[DONE]`.
    pub finished: bool,
}

/// What a frame is to the reader of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// Comment lines only, such as the keep-alives of OpenRouter.
    Comment,
    /// Nothing for the reader yet: roles, empty blocks, pings, states.
    Preamble,
    /// Something for the reader: text, reasoning, a tool call, a refusal, or why the model stopped.
    Content,
    /// Only usage, in an event that exists because it was asked for (`stream_options.include_usage`).
    Usage,
    /// The provider gave up.
    Error(ProviderError),
    /// The regular end of the stream.
    End,
    /// An event that the gateway does not know; it is forwarded.
    Other,
    /// The data is not JSON.
    Malformed,
}

impl Inspection {
    /// A frame that says nothing but what it is.
    pub fn of(kind: EventKind) -> Self {
        Self { kind, usage: None, finished: false }
    }

    /// What a glance makes of a frame that had to be read in full.
    pub(super) fn glanced(self) -> Self {
        match self.kind {
            EventKind::Preamble | EventKind::Other | EventKind::Malformed => {
                Self { kind: EventKind::Content, ..self }
            }
            EventKind::Comment
            | EventKind::Content
            | EventKind::Usage
            | EventKind::Error(_)
            | EventKind::End => self,
        }
    }
}
