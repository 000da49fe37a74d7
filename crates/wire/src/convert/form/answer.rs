//! What a model answers, whole.

use super::part::Part;
use crate::formats::Usage;
use crate::json::Text;

/// An answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer<'a> {
    /// The provider's id for it.
    pub id: Option<Text<'a>>,
    /// The model that answered.
    pub model: Option<Text<'a>>,
    /// When, in seconds since 1970.
    pub created: Option<u64>,
    /// One, unless more were asked for.
    pub choices: Vec<Choice<'a>>,
    /// What it used.
    pub usage: Usage,
    /// The tier of service that was given.
    pub service_tier: Option<Text<'a>>,
}

/// One of the answers to a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice<'a> {
    /// What it says.
    pub parts: Vec<Part<'a>>,
    /// Why it ends.
    pub stop: Option<Stop<'a>>,
    /// How likely each token was.
    pub logprobs: Vec<TokenChance<'a>>,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop<'a> {
    /// It is complete.
    Complete,
    /// At one of the request's stop sequences; which, where the provider says so.
    Sequence(Option<Text<'a>>),
    /// At the limit of tokens.
    Length,
    /// The model's context is full.
    ContextFull,
    /// For its tools to be used.
    ToolCalls,
    /// The provider's filter withheld something.
    Filtered,
    /// The model declined.
    Refused,
    /// The provider paused a long turn; the same request continues it (Anthropic's `pause_turn`).
    Paused,
    /// The model's call of a tool cannot be read.
    MalformedCall,
    /// For a reason that the form does not know.
    Other(Text<'a>),
}

/// How likely a token was.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenChance<'a> {
    /// The token's text.
    pub token: Text<'a>,
    /// The natural logarithm of its probability, as it was written.
    pub logprob: &'a str,
    /// Its bytes, as a JSON array.
    pub bytes: Option<&'a str>,
    /// Alternatives in its place.
    pub top: Vec<TokenChance<'a>>,
}

impl Stop<'_> {
    /// The same, borrowed from nothing, to be kept until a stream's end.
    #[must_use]
    pub fn into_owned(self) -> Stop<'static> {
        let owned = |text: Text<'_>| Text::from(text.into_plain().into_owned());
        match self {
            Self::Complete => Stop::Complete,
            Self::Sequence(text) => Stop::Sequence(text.map(owned)),
            Self::Length => Stop::Length,
            Self::ContextFull => Stop::ContextFull,
            Self::ToolCalls => Stop::ToolCalls,
            Self::Filtered => Stop::Filtered,
            Self::Refused => Stop::Refused,
            Self::Paused => Stop::Paused,
            Self::MalformedCall => Stop::MalformedCall,
            Self::Other(text) => Stop::Other(owned(text)),
        }
    }
}
