//! What a format has to do to take part in translation: read itself into the form, and write itself from it.

use super::client::ClientContext;
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt, Step};
use super::identifier::IdentifierRules;
use super::translation::Target;
use crate::formats::{EventKind, WireError};
use crate::framing::Frame;
use crate::json::Value;

/// One format, as both sides of a translation see it.
pub(super) trait Codec: Sync {
    /// What the format can say, by the names of its own members.
    fn features(&self) -> &'static [Entry];

    /// Whether a request for this target carries whole what the table says it changes or loses.
    fn keeps(&self, _feature: Feature, _prompt: &Prompt<'_>, _target: &Target<'_>) -> bool {
        false
    }

    /// What it lets tools and calls be called.
    fn identifiers(&self) -> IdentifierRules;

    /// Reads a request.
    ///
    /// # Errors
    /// When a member that matters is not what the format says.
    fn read_prompt<'a>(&self, request: &Value<'a>) -> Result<Prompt<'a>, Objection>;

    /// Writes a request. What the format cannot say was told by [`super::losses`] before and is left out.
    fn write_prompt(&self, prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8>;

    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not what the format says: the provider's failure.
    fn read_answer<'a>(&self, answer: &Value<'a>) -> Result<Answer<'a>, Malformed>;

    /// Writes an answer.
    fn write_answer(&self, answer: &Answer<'_>, client: &ClientContext) -> Vec<u8>;

    /// Reads a streamed answer.
    fn stream_reader(&self) -> Box<dyn StreamReader>;

    /// Writes a streamed answer.
    fn stream_writer(&self, client: &ClientContext) -> Box<dyn StreamWriter>;

    /// Whether the format has a place for the proof of the thinking before a call at the call; if not, it gets it as thinking
    /// of its own after the call.
    fn seals_calls(&self) -> bool {
        false
    }

    /// The members of a request that its answer repeats, as JSON, by name.
    fn echoed(&self, _request: &Value<'_>) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Reads the frames of one stream.
pub(super) trait StreamReader: Send {
    /// Reads a frame, and says in steps what happens in it. What it is for the relay is returned: content, an error, the
    /// regular end. A reader that takes a frame for content has told at least one step.
    fn read(&mut self, frame: Frame<'_>, steps: &mut dyn FnMut(Step<'_>)) -> EventKind;

    /// The stream is over; whatever is open is closed.
    fn finish(&mut self, steps: &mut dyn FnMut(Step<'_>));
}

/// Writes the frames of one stream.
pub(super) trait StreamWriter: Send {
    /// Writes what happens, as far as the format can say it now.
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>);

    /// Writes the regular end.
    fn end(&mut self, out: &mut Vec<u8>);

    /// Whether the format tells summaries of thinking apart from thinking; if not, it gets their paragraphs as thinking.
    fn sums_up(&self) -> bool {
        false
    }

    /// Whether the format has a place for the proof of the thinking before a call at the call; if not, it gets it as thinking
    /// of its own after the call.
    fn seals_calls(&self) -> bool {
        false
    }

    /// Takes note of a frame that the client got from elsewhere and whose steps were written to nobody, so that this goes on behind it. Only
    /// a format whose frames refer to each other needs to.
    fn follow(&mut self, _frame: Frame<'_>) {}

    /// Whether this can go on behind the frames that it followed.
    fn may_go_on(&self) -> bool {
        true
    }

    /// Writes the end with an error.
    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>);
}

/// Why a request cannot be read or carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Objection {
    /// The member at fault, such as `messages[2].content[0].type`.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A provider's answer that is not what its format says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

impl Objection {
    /// A body that is no JSON.
    #[must_use]
    pub fn of_body(error: &crate::json::NotJson) -> Self {
        Self::new("", error.to_string())
    }

    /// A member that is not what the format says.
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// A member of the wrong kind.
    pub(super) fn wanted(path: impl Into<String>, wanted: &str, found: &Value<'_>) -> Self {
        let path = path.into();
        let message = format!("`{path}` must be {wanted}, found {}", found.kind());
        Self { path, message }
    }
}
