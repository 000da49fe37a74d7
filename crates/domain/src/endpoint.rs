//! The operations of a provider's API that the gateway understands.

use std::fmt;

/// One operation with its request format. Providers say which they serve; clients choose one by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum Endpoint {
    /// `POST /v1/chat/completions`, OpenAI chat format.
    ChatCompletions,
    /// `POST /v1/completions`, OpenAI's legacy text completion.
    Completions,
    /// `POST /v1/responses` and its sub-resources, OpenAI Responses format.
    Responses,
    /// `POST /v1/embeddings`, OpenAI format.
    Embeddings,
    /// `POST /v1/moderations`, OpenAI format.
    Moderations,
    /// `GET /v1/models`.
    Models,
    /// `POST /v1/messages`, Anthropic Messages format.
    Messages,
    /// `POST /v1/messages/count_tokens`, Anthropic format.
    CountTokens,
    /// `POST /v1beta/models/{model}:generateContent`, Gemini format.
    GenerateContent,
    /// `POST /v1beta/models/{model}:streamGenerateContent`, Gemini format.
    StreamGenerateContent,
    /// `POST /model/{model}/converse`, Amazon Bedrock Converse format.
    Converse,
    /// `POST /model/{model}/converse-stream`, the same as a binary event stream.
    ConverseStream,
    /// `POST /v2/chat`, Cohere chat format.
    CohereChat,
}

/// Whose conventions a client speaks: decides the shape of errors and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientShape {
    /// OpenAI's error object and lists.
    OpenAi,
    /// Anthropic's error object and lists.
    Anthropic,
    /// Google's error object (`google.rpc.Status`) and lists.
    Google,
    /// Amazon's error: a message, with its type in a header.
    Amazon,
    /// Cohere's error: a message alone.
    Cohere,
}

/// What is known of an endpoint without a request.
struct Facts {
    name: &'static str,
    about: &'static str,
    shape: ClientShape,
}

impl Endpoint {
    /// Every endpoint, in declaration order; `endpoint as usize` indexes it.
    pub const ALL: [Self; 13] = [
        Self::ChatCompletions,
        Self::Completions,
        Self::Responses,
        Self::Embeddings,
        Self::Moderations,
        Self::Models,
        Self::Messages,
        Self::CountTokens,
        Self::GenerateContent,
        Self::StreamGenerateContent,
        Self::Converse,
        Self::ConverseStream,
        Self::CohereChat,
    ];

    /// The name used in provider data files, metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// What it is, with a path that is usual for it, for the reference of the configuration.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.facts().about
    }

    /// The endpoint of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.name() == name)
    }

    /// The conventions of clients that call this endpoint.
    #[must_use]
    pub fn client_shape(self) -> ClientShape {
        self.facts().shape
    }

    /// Whether the answer is generated text, which another format could also ask for.
    #[must_use]
    pub fn is_generation(self) -> bool {
        matches!(
            self,
            Self::ChatCompletions
                | Self::Responses
                | Self::Messages
                | Self::GenerateContent
                | Self::StreamGenerateContent
                | Self::Converse
                | Self::ConverseStream
                | Self::CohereChat
        )
    }

    /// Whether the model is named by the path, not by the body.
    #[must_use]
    pub fn names_model_in_path(self) -> bool {
        matches!(
            self,
            Self::GenerateContent | Self::StreamGenerateContent | Self::Converse | Self::ConverseStream
        )
    }

    /// Whether every answer is a stream, because the path says so.
    #[must_use]
    pub fn is_streamed(self) -> bool {
        matches!(self, Self::StreamGenerateContent | Self::ConverseStream)
    }

    fn facts(self) -> Facts {
        let facts = |name, about, shape| Facts { name, about, shape };
        match self {
            Self::ChatCompletions => facts(
                "chat_completions",
                "OpenAI chat completions: `/chat/completions`.",
                ClientShape::OpenAi,
            ),
            Self::Completions => {
                facts("completions", "OpenAI legacy text completions: `/completions`.", ClientShape::OpenAi)
            }
            Self::Responses => facts("responses", "OpenAI Responses: `/responses`.", ClientShape::OpenAi),
            Self::Embeddings => facts("embeddings", "OpenAI embeddings: `/embeddings`.", ClientShape::OpenAi),
            Self::Moderations => {
                facts("moderations", "OpenAI moderations: `/moderations`.", ClientShape::OpenAi)
            }
            Self::Models => facts("models", "The list of models: `/models`.", ClientShape::OpenAi),
            Self::Messages => {
                facts("messages", "Anthropic messages: `/v1/messages`.", ClientShape::Anthropic)
            }
            Self::CountTokens => facts(
                "count_tokens",
                "Anthropic token counting: `/v1/messages/count_tokens`.",
                ClientShape::Anthropic,
            ),
            Self::GenerateContent => facts(
                "generate_content",
                "Gemini, whole answers: `/models/{model}:generateContent`.",
                ClientShape::Google,
            ),
            Self::StreamGenerateContent => facts(
                "stream_generate_content",
                "Gemini, streams: `/models/{model}:streamGenerateContent?alt=sse`.",
                ClientShape::Google,
            ),
            Self::Converse => facts(
                "converse",
                "Bedrock Converse, whole answers: `/model/{model}/converse`.",
                ClientShape::Amazon,
            ),
            Self::ConverseStream => facts(
                "converse_stream",
                "Bedrock Converse, streams: `/model/{model}/converse-stream`.",
                ClientShape::Amazon,
            ),
            Self::CohereChat => facts("cohere_chat", "Cohere chat: `/v2/chat`.", ClientShape::Cohere),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn an_endpoint_is_found_by_its_place_and_by_its_name() {
        for (place, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            assert_eq!(endpoint as usize, place);
            assert_eq!(Endpoint::named(endpoint.name()), Some(endpoint));
        }
    }
}
