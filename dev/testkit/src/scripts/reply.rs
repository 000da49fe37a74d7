//! What a model says, told once and written as each format's provider writes it.

mod chat;
mod cohere;
mod converse;
mod frames;
mod gemini;
mod messages;
mod responses;
#[cfg(test)]
mod tests;

use serde_json::Value;
use wire::formats::EventStream;

use super::EventScript;

/// The id of the first call of a tool; the second is `call_2`.
pub const CALL_ID: &str = "call_1";

/// What seals thinking, in base64 as the providers' own.
pub const SIGNATURE: &str = "c2VhbGVkIGJ5IHRoZSB0ZXN0";

/// An answer: its parts in the order in which they are said, and how it ends.
#[derive(Debug, Clone, Default)]
pub struct Reply<'a> {
    parts: Vec<Part<'a>>,
    ending: Ending<'a>,
    counts: Option<Counts>,
}

/// The tokens of a reply. A format that has no word for a detail leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All input, that from a cache included.
    pub input: u64,
    /// Of the input, what was read from a cache.
    pub cached: u64,
    /// All output, reasoning included.
    pub output: u64,
    /// Of the output, reasoning.
    pub reasoning: u64,
}

/// Something said, in the pieces that a stream brings it in.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Thinking(&'a [&'a str]),
    Text(&'a [&'a str]),
    Refusal(&'a [&'a str]),
    Call { id: CallId, name: &'a str, input: &'a [&'a str] },
}

/// The number of a call, from 1.
#[derive(Debug, Clone, Copy)]
struct CallId(usize);

/// Why there is no more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Ending<'a> {
    /// All is said, or a tool is called.
    #[default]
    Complete,
    Limit,
    Filter,
    /// The provider gave up with this message.
    Failure(&'a str),
}

impl<'a> Reply<'a> {
    /// A reply that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Thinks in these pieces, sealed with [`SIGNATURE`] where the format has seals.
    #[must_use]
    pub fn thinking(self, pieces: &'a [&'a str]) -> Self {
        self.with(Part::Thinking(pieces))
    }

    /// Says this text.
    #[must_use]
    pub fn text(self, pieces: &'a [&'a str]) -> Self {
        self.with(Part::Text(pieces))
    }

    /// Refuses in these words. A format without refusals says them as text; Anthropic's then ends with one, and
    /// Gemini's and Amazon's with a filter.
    #[must_use]
    pub fn refusal(self, pieces: &'a [&'a str]) -> Self {
        self.with(Part::Refusal(pieces))
    }

    /// Calls a tool with the pieces of a JSON object.
    #[must_use]
    pub fn call(self, name: &'a str, input: &'a [&'a str]) -> Self {
        let earlier = self.parts.iter().filter(|part| matches!(part, Part::Call { .. })).count();
        self.with(Part::Call { id: CallId(earlier + 1), name, input })
    }

    /// Ends at the most tokens that were asked for.
    #[must_use]
    pub fn limited(self) -> Self {
        Self { ending: Ending::Limit, ..self }
    }

    /// Is ended by a filter of content. Cohere names none, and ends as ever.
    #[must_use]
    pub fn filtered(self) -> Self {
        Self { ending: Ending::Filter, ..self }
    }

    /// Breaks off with an error.
    #[must_use]
    pub fn failing(self, message: &'a str) -> Self {
        Self { ending: Ending::Failure(message), ..self }
    }

    /// Counts so, and reports it even where it has to be asked for.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// The whole answer.
    ///
    /// # Panics
    /// When it fails, which answers are errors for, or is one of legacy completions, which hold text alone.
    #[must_use]
    pub fn answer(&self, format: EventStream) -> Value {
        assert!(!matches!(self.ending, Ending::Failure(_)), "an answer that fails is an error");
        match format {
            EventStream::Chat => chat::answer(self),
            EventStream::Responses => responses::answer(self),
            EventStream::Messages => messages::answer(self),
            EventStream::Gemini => gemini::answer(self),
            EventStream::Converse => converse::answer(self),
            EventStream::Cohere => cohere::answer(self),
            EventStream::Completions
            | EventStream::Images
            | EventStream::Speech
            | EventStream::Transcription => panic!("{format:?} holds one kind of content alone"),
        }
    }

    /// The whole stream.
    ///
    /// # Panics
    /// When it is one of legacy completions, which hold text alone.
    #[must_use]
    pub fn stream(&self, format: EventStream) -> EventScript {
        match format {
            EventStream::Chat => chat::stream(self),
            EventStream::Responses => responses::stream(self),
            EventStream::Messages => messages::stream(self),
            EventStream::Gemini => gemini::stream(self),
            EventStream::Converse => converse::stream(self),
            EventStream::Cohere => cohere::stream(self),
            EventStream::Completions
            | EventStream::Images
            | EventStream::Speech
            | EventStream::Transcription => panic!("{format:?} holds one kind of content alone"),
        }
    }

    fn with(mut self, part: Part<'a>) -> Self {
        self.parts.push(part);
        self
    }

    fn calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Call { .. }))
    }

    fn refuses(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Refusal(_)))
    }

    /// What was counted, or else what the smallest answers count.
    fn counts(&self) -> Counts {
        self.counts.unwrap_or(Counts { input: 7, cached: 0, output: 11, reasoning: 0 })
    }
}

impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "call_{}", self.0)
    }
}

/// The object that a call's pieces make.
fn object_of(pieces: &[&str]) -> Value {
    serde_json::from_str(&pieces.concat()).unwrap()
}
