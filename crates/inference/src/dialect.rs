//! Which wire format an endpoint speaks, and its words in the domain's terms.

use domain::Endpoint;
use domain::endpoint::ClientShape;
use domain::price::Tier;
use wire::convert::Format;
use wire::convert::counting::CountFormat;
use wire::convert::embeddings::{EmbeddingClient, EmbeddingProvider};
use wire::convert::media::MediaFormat;
use wire::convert::rerank::{RerankClient, RerankProvider};
use wire::formats::{ErrorFormat, EventStream, RequestKind, ServiceTier, Usage};

/// How a request to this endpoint is read. `None` for endpoints without a request body.
pub(crate) fn request_kind(endpoint: Endpoint) -> Option<RequestKind> {
    match endpoint {
        Endpoint::ChatCompletions => Some(RequestKind::Chat),
        Endpoint::Completions => Some(RequestKind::Completions),
        Endpoint::Responses | Endpoint::InputTokens => Some(RequestKind::Responses),
        Endpoint::Messages | Endpoint::CountTokens => Some(RequestKind::Messages),
        // A moderation has the same facts as an embedding: a model and an input.
        Endpoint::Embeddings | Endpoint::Moderations => Some(RequestKind::Embeddings),
        Endpoint::GenerateContent
        | Endpoint::StreamGenerateContent
        | Endpoint::GeminiCountTokens
        | Endpoint::VertexCountTokens => Some(RequestKind::Gemini),
        Endpoint::Converse | Endpoint::ConverseStream | Endpoint::ConverseCountTokens => {
            Some(RequestKind::Converse)
        }
        Endpoint::CohereChat => Some(RequestKind::Cohere),
        Endpoint::ImageGenerations | Endpoint::ImageEdits | Endpoint::ImageVariations => {
            Some(RequestKind::Images)
        }
        Endpoint::AudioSpeech => Some(RequestKind::Speech),
        Endpoint::AudioTranscriptions | Endpoint::AudioTranslations => Some(RequestKind::Transcription),
        Endpoint::EmbedContent | Endpoint::BatchEmbedContents => Some(RequestKind::EmbedContent),
        Endpoint::CohereEmbed | Endpoint::CohereRerank => Some(RequestKind::CohereRetrieval),
        Endpoint::Rerank | Endpoint::VoyageRerank => Some(RequestKind::Rerank),
        // These have no body, or only providers are asked in them.
        Endpoint::Models
        | Endpoint::Realtime
        | Endpoint::VertexEmbeddings
        | Endpoint::MistralEmbeddings
        | Endpoint::VoyageEmbeddings
        | Endpoint::VoyageMultimodalEmbeddings
        | Endpoint::JinaEmbeddings
        | Endpoint::TitanEmbeddings
        | Endpoint::TitanMultimodalEmbeddings
        | Endpoint::NovaEmbeddings
        | Endpoint::CohereEmbedOnBedrock
        | Endpoint::BedrockRerank
        | Endpoint::CohereRerankOnBedrock
        | Endpoint::GeminiImages
        | Endpoint::StabilityImages
        | Endpoint::TogetherImages
        | Endpoint::FireworksImages
        | Endpoint::KontextImages
        | Endpoint::ReplicateImages
        | Endpoint::ElevenLabsSpeech
        | Endpoint::DeepgramSpeech
        | Endpoint::ElevenLabsTranscriptions
        | Endpoint::DeepgramTranscriptions => None,
    }
}

/// What the events of a streamed answer of this endpoint are.
#[must_use]
pub fn event_stream(endpoint: Endpoint) -> Option<EventStream> {
    request_kind(endpoint)?.event_stream()
}

/// The format of an endpoint whose answer is generated text.
pub(crate) fn format_of(endpoint: Endpoint) -> Option<Format> {
    match endpoint {
        Endpoint::ChatCompletions => Some(Format::Chat),
        Endpoint::Responses => Some(Format::Responses),
        Endpoint::Messages => Some(Format::Messages),
        Endpoint::GenerateContent | Endpoint::StreamGenerateContent => Some(Format::Gemini),
        Endpoint::Converse | Endpoint::ConverseStream => Some(Format::Converse),
        Endpoint::CohereChat => Some(Format::Cohere),
        _ => None,
    }
}

/// The format of an endpoint that counts tokens.
pub(crate) fn count_format(endpoint: Endpoint) -> Option<CountFormat> {
    CountFormat::ALL.into_iter().find(|format| count_endpoint(*format) == endpoint)
}

/// Where tokens are counted in a format.
pub(crate) fn count_endpoint(format: CountFormat) -> Endpoint {
    match format {
        CountFormat::Messages => Endpoint::CountTokens,
        CountFormat::Responses => Endpoint::InputTokens,
        CountFormat::Gemini => Endpoint::GeminiCountTokens,
        CountFormat::Vertex => Endpoint::VertexCountTokens,
        CountFormat::Converse => Endpoint::ConverseCountTokens,
    }
}

/// Where a format is spoken.
pub(crate) fn endpoint_of(format: Format, streamed: bool) -> Endpoint {
    match (format, streamed) {
        (Format::Chat, _) => Endpoint::ChatCompletions,
        (Format::Responses, _) => Endpoint::Responses,
        (Format::Messages, _) => Endpoint::Messages,
        (Format::Gemini, false) => Endpoint::GenerateContent,
        (Format::Gemini, true) => Endpoint::StreamGenerateContent,
        (Format::Converse, false) => Endpoint::Converse,
        (Format::Converse, true) => Endpoint::ConverseStream,
        (Format::Cohere, _) => Endpoint::CohereChat,
    }
}

/// The endpoints that providers are asked for embeddings at, with the format of each. Of those that lose as much of a request
/// the first is taken, so a vendor's own stand before what it has like OpenAI's.
pub(crate) const EMBEDDINGS: [(Endpoint, EmbeddingProvider); 13] = [
    (Endpoint::CohereEmbed, EmbeddingProvider::Cohere),
    (Endpoint::BatchEmbedContents, EmbeddingProvider::Gemini),
    (Endpoint::EmbedContent, EmbeddingProvider::GeminiAlone),
    (Endpoint::VertexEmbeddings, EmbeddingProvider::Vertex),
    (Endpoint::MistralEmbeddings, EmbeddingProvider::Mistral),
    (Endpoint::VoyageEmbeddings, EmbeddingProvider::Voyage),
    (Endpoint::VoyageMultimodalEmbeddings, EmbeddingProvider::VoyageMultimodal),
    (Endpoint::JinaEmbeddings, EmbeddingProvider::Jina),
    (Endpoint::TitanEmbeddings, EmbeddingProvider::Titan),
    (Endpoint::TitanMultimodalEmbeddings, EmbeddingProvider::TitanMultimodal),
    (Endpoint::NovaEmbeddings, EmbeddingProvider::Nova),
    (Endpoint::CohereEmbedOnBedrock, EmbeddingProvider::CohereOnBedrock),
    (Endpoint::Embeddings, EmbeddingProvider::OpenAi),
];

/// The same for orders of documents.
pub(crate) const RERANKING: [(Endpoint, RerankProvider); 5] = [
    (Endpoint::CohereRerank, RerankProvider::Cohere),
    (Endpoint::Rerank, RerankProvider::Jina),
    (Endpoint::VoyageRerank, RerankProvider::Voyage),
    (Endpoint::CohereRerankOnBedrock, RerankProvider::CohereOnBedrock),
    (Endpoint::BedrockRerank, RerankProvider::BedrockAgent),
];

/// Where providers are asked in formats of their own for what clients ask OpenAI's way at an endpoint.
pub(crate) fn media_formats(endpoint: Endpoint) -> &'static [(Endpoint, MediaFormat)] {
    match endpoint {
        Endpoint::ImageGenerations => &[
            (Endpoint::GeminiImages, MediaFormat::GeminiImages),
            (Endpoint::StabilityImages, MediaFormat::StabilityImages),
            (Endpoint::TogetherImages, MediaFormat::TogetherImages),
            (Endpoint::FireworksImages, MediaFormat::FireworksImages),
            (Endpoint::KontextImages, MediaFormat::KontextImages),
            (Endpoint::ReplicateImages, MediaFormat::ReplicateImages),
        ],
        Endpoint::ImageEdits => &[
            (Endpoint::GeminiImages, MediaFormat::GeminiImages),
            (Endpoint::KontextImages, MediaFormat::KontextImages),
        ],
        Endpoint::AudioSpeech => &[
            (Endpoint::ElevenLabsSpeech, MediaFormat::ElevenLabsSpeech),
            (Endpoint::DeepgramSpeech, MediaFormat::DeepgramSpeech),
        ],
        Endpoint::AudioTranscriptions => &[
            (Endpoint::ElevenLabsTranscriptions, MediaFormat::ElevenLabsTranscription),
            (Endpoint::DeepgramTranscriptions, MediaFormat::DeepgramTranscription),
        ],
        _ => &[],
    }
}

/// The format in which clients ask for embeddings at an endpoint.
pub(crate) fn embedding_client(endpoint: Endpoint) -> Option<EmbeddingClient> {
    match endpoint {
        Endpoint::Embeddings => Some(EmbeddingClient::OpenAi),
        Endpoint::CohereEmbed => Some(EmbeddingClient::Cohere),
        Endpoint::EmbedContent | Endpoint::BatchEmbedContents => Some(EmbeddingClient::Gemini),
        _ => None,
    }
}

/// The format in which clients ask for an order of documents at an endpoint.
pub(crate) fn rerank_client(endpoint: Endpoint) -> Option<RerankClient> {
    match endpoint {
        Endpoint::CohereRerank => Some(RerankClient::Cohere),
        Endpoint::Rerank => Some(RerankClient::Jina),
        Endpoint::VoyageRerank => Some(RerankClient::Voyage),
        _ => None,
    }
}

/// The shape of errors for a client's conventions.
pub(crate) fn error_format(shape: ClientShape) -> ErrorFormat {
    match shape {
        ClientShape::OpenAi => ErrorFormat::OpenAi,
        ClientShape::Anthropic => ErrorFormat::Anthropic,
        ClientShape::Google => ErrorFormat::Google,
        ClientShape::Amazon => ErrorFormat::Amazon,
        ClientShape::Cohere => ErrorFormat::Cohere,
        ClientShape::Voyage => ErrorFormat::Voyage,
    }
}

/// Usage in the domain's words.
pub(crate) fn usage_of(usage: &Usage) -> domain::Usage {
    domain::Usage {
        input_tokens: usage.input_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cache_write_tokens: usage.cache_write_tokens,
        cache_write_1h_tokens: usage.cache_write_1h_tokens,
        cache_write_12h_tokens: usage.cache_write_12h_tokens,
        input_audio_tokens: usage.input_audio_tokens,
        cached_audio_tokens: usage.cached_audio_tokens,
        input_image_tokens: usage.input_image_tokens,
        cached_image_tokens: usage.cached_image_tokens,
        output_tokens: usage.output_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        output_audio_tokens: usage.output_audio_tokens,
        output_image_tokens: usage.output_image_tokens,
        images: usage.images,
        audio_milliseconds: usage.audio_milliseconds,
        characters: usage.characters,
        searches: usage.searches,
    }
}

/// The tier that an answer was served in; `None` when it is one that nothing is known of.
pub(crate) fn tier_of(usage: &Usage) -> Option<Tier> {
    match usage.tier {
        None | Some(ServiceTier::Standard) => Some(Tier::Standard),
        Some(ServiceTier::Batch) => Some(Tier::Batch),
        Some(ServiceTier::Flex) => Some(Tier::Flex),
        Some(ServiceTier::Priority) => Some(Tier::Priority),
        Some(ServiceTier::Fast) => Some(Tier::Fast),
        Some(ServiceTier::Other) => None,
    }
}
