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
}

/// Whose conventions a client speaks: decides the shape of errors and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientShape {
    /// OpenAI's error object and lists.
    OpenAi,
    /// Anthropic's error object and lists.
    Anthropic,
}

impl Endpoint {
    /// Every endpoint, in declaration order; `endpoint as usize` indexes it.
    pub const ALL: [Self; 8] = [
        Self::ChatCompletions,
        Self::Completions,
        Self::Responses,
        Self::Embeddings,
        Self::Moderations,
        Self::Models,
        Self::Messages,
        Self::CountTokens,
    ];

    /// The name used in provider data files, metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Moderations => "moderations",
            Self::Models => "models",
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
        }
    }

    /// The conventions of clients that call this endpoint.
    #[must_use]
    pub fn client_shape(self) -> ClientShape {
        match self {
            Self::Messages | Self::CountTokens => ClientShape::Anthropic,
            _ => ClientShape::OpenAi,
        }
    }

    /// Whether the answer is generated text, which another format could also ask for.
    #[must_use]
    pub fn is_generation(self) -> bool {
        matches!(self, Self::ChatCompletions | Self::Responses | Self::Messages)
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
    fn an_endpoints_number_is_its_place_in_all() {
        for (place, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            assert_eq!(endpoint as usize, place);
        }
    }
}
