//! What a model answers, step by step. Parts are numbered in the order in which they open.

use super::answer::{Stop, TokenChance};
use super::part::{Citation, Foreign, Seal};
use crate::formats::Usage;
use crate::json::Text;

/// Something that happens in a streamed answer.
///
/// A well-formed stream is one `Begin`, then for each part `Open`, any `Delta`, `Close`, then one `Finish` for each
/// choice. Usage may come at any time; a later count replaces an earlier one. The end of the stream itself is told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<'a> {
    /// The answer begins.
    Begin {
        /// The provider's id for it.
        id: Option<Text<'a>>,
        /// The model that answers.
        model: Option<Text<'a>>,
        /// When, in seconds since 1970.
        created: Option<u64>,
    },
    /// A part begins.
    Open(Place, Opening<'a>),
    /// A part goes on.
    Delta(Place, Delta<'a>),
    /// A part is complete.
    Close(Place),
    /// A choice ends.
    Finish {
        /// Which, counted from 0.
        choice: u32,
        /// Why.
        stop: Stop<'a>,
    },
    /// The tokens used so far.
    Usage(Usage),
    /// The tier of service that is given.
    ServiceTier(Text<'a>),
}

/// Which part of which choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The choice, counted from 0.
    pub choice: u32,
    /// The part of it, counted from 0.
    pub part: u32,
}

/// What kind of part begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening<'a> {
    /// Text.
    Text,
    /// Thinking; its item's id in Responses.
    Thought {
        /// The item's id.
        id: Option<Text<'a>>,
    },
    /// A call of a tool.
    ToolCall {
        /// What its result refers to.
        id: Text<'a>,
        /// The tool.
        name: Text<'a>,
        /// Whether its input is free text instead of JSON.
        is_free_text: bool,
    },
    /// The model declines.
    Refusal,
    /// Speech.
    Audio {
        /// The provider's id for it.
        id: Option<Text<'a>>,
    },
    /// A picture, whole.
    Image {
        /// Its media type.
        media_type: Option<Text<'a>>,
        /// Its bytes as base64.
        base64: Text<'a>,
    },
    /// Something that only its own format knows, whole.
    Foreign(Foreign<'a>),
}

/// What is added to a part.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta<'a> {
    /// To a text, a refusal or a transcript of speech.
    Text(Text<'a>),
    /// To the words of thinking.
    Thinking(Text<'a>),
    /// To the summary of thinking; `part` counts its paragraphs from 0.
    Summary {
        /// The paragraph.
        part: u32,
        /// The text.
        text: Text<'a>,
    },
    /// The proof of thinking, or of the thinking before a call.
    Seal(Seal<'a>),
    /// To the input of a tool's call: a piece of its JSON or free text.
    Input(Text<'a>),
    /// A source of the text.
    Citation(Citation<'a>),
    /// How likely the text's tokens were.
    Logprobs(Vec<TokenChance<'a>>),
    /// To speech, as base64.
    Audio(Text<'a>),
}
