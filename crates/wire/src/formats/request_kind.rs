//! The kinds of inference requests, by the path that they come on.

/// The kinds of inference requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`
    Gemini,
    /// `POST /model/{model}/converse` and `/converse-stream`
    Converse,
    /// `POST /v2/chat`
    Cohere,
    /// `POST /v1/images/generations`, `/edits` and `/variations`
    Images,
    /// `POST /v1/audio/speech`
    Speech,
    /// `POST /v1/audio/transcriptions` and `/translations`
    Transcription,
    /// `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`
    EmbedContent,
    /// `POST /v2/embed` and `/v2/rerank`
    CohereRetrieval,
    /// `POST /v1/rerank` of Jina and Voyage
    Rerank,
}

impl RequestKind {
    /// The member of an answer that says what it used.
    pub fn usage_member(self) -> &'static str {
        match self {
            Self::Gemini | Self::EmbedContent => "usageMetadata",
            Self::CohereRetrieval => "meta",
            _ => "usage",
        }
    }
}
