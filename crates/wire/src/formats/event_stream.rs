//! Which format the events of a streamed answer are in.

use super::{
    EventFormat, RequestKind, chat, cohere, completions, converse, gemini, images, messages, responses,
    speech, transcription,
};
use crate::framing::Framing;

/// The event streams that the gateway understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStream {
    /// OpenAI chat completions.
    Chat,
    /// OpenAI completions, the legacy endpoint.
    Completions,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Messages,
    /// Gemini.
    Gemini,
    /// Amazon Bedrock Converse.
    Converse,
    /// Cohere chat.
    Cohere,
    /// OpenAI images, generated and edited.
    Images,
    /// OpenAI speech.
    Speech,
    /// OpenAI transcriptions.
    Transcription,
}

impl EventStream {
    /// How to read and write events of this stream.
    pub fn format(self) -> &'static dyn EventFormat {
        match self {
            Self::Chat => &chat::Events,
            Self::Completions => &completions::Events,
            Self::Responses => &responses::Events,
            Self::Messages => &messages::Events,
            Self::Gemini => &gemini::Events,
            Self::Converse => &converse::Events,
            Self::Cohere => &cohere::Events,
            Self::Images => &images::Events,
            Self::Speech => &speech::Events,
            Self::Transcription => &transcription::Events,
        }
    }

    /// What cuts the stream into events.
    pub fn framing(self) -> Framing {
        match self {
            Self::Converse => Framing::AmazonEventStream,
            _ => Framing::ServerSentEvents,
        }
    }

    /// Whether servers of this format may stream a JSON array of its events instead (Google's, without `alt=sse`).
    pub fn may_be_array(self) -> bool {
        self == Self::Gemini
    }
}

impl RequestKind {
    /// The event stream of a streamed answer; none for requests that are never streamed.
    pub fn event_stream(self) -> Option<EventStream> {
        match self {
            Self::Chat => Some(EventStream::Chat),
            Self::Completions => Some(EventStream::Completions),
            Self::Responses => Some(EventStream::Responses),
            Self::Messages => Some(EventStream::Messages),
            Self::Gemini => Some(EventStream::Gemini),
            Self::Converse => Some(EventStream::Converse),
            Self::Cohere => Some(EventStream::Cohere),
            Self::Images => Some(EventStream::Images),
            Self::Speech => Some(EventStream::Speech),
            Self::Transcription => Some(EventStream::Transcription),
            Self::Embeddings | Self::EmbedContent | Self::CohereRetrieval | Self::Rerank => None,
        }
    }
}
