//! The formats that a conversation can be had in.

use super::chat;
use super::codec::Codec;
use super::cohere;
use super::converse;
use super::gemini;
use super::messages;
use super::responses;
use crate::formats::EventStream;

/// A format of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// OpenAI chat completions, and all that are compatible with it.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Messages,
    /// Gemini `generateContent`.
    Gemini,
    /// Amazon Bedrock Converse.
    Converse,
    /// Cohere chat, version 2.
    Cohere,
}

impl Format {
    /// All of them, in the order of the reference.
    pub const ALL: [Self; 6] =
        [Self::Chat, Self::Responses, Self::Messages, Self::Gemini, Self::Converse, Self::Cohere];

    /// Its name in headers, seals and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
            Self::Converse => "converse",
            Self::Cohere => "cohere",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Chat => "OpenAI chat",
            Self::Responses => "OpenAI Responses",
            Self::Messages => "Anthropic Messages",
            Self::Gemini => "Gemini",
            Self::Converse => "Bedrock Converse",
            Self::Cohere => "Cohere chat",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The events of its streams.
    #[must_use]
    pub fn event_stream(self) -> EventStream {
        match self {
            Self::Chat => EventStream::Chat,
            Self::Responses => EventStream::Responses,
            Self::Messages => EventStream::Messages,
            Self::Gemini => EventStream::Gemini,
            Self::Converse => EventStream::Converse,
            Self::Cohere => EventStream::Cohere,
        }
    }

    /// What reads and writes it.
    pub(super) fn codec(self) -> &'static dyn Codec {
        match self {
            Self::Chat => &chat::Chat,
            Self::Messages => &messages::Messages,
            Self::Cohere => &cohere::Cohere,
            Self::Responses => &responses::Responses,
            Self::Converse => &converse::Converse,
            Self::Gemini => &gemini::Gemini,
        }
    }
}
