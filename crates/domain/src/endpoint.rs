//! The operations of a provider's API that the gateway understands.

use std::fmt;

use ClientShape::{Amazon, Anthropic, Cohere, Google, OpenAi, Voyage};

/// The table of all endpoints: a name for files, metrics and logs, what it is for, whose conventions its clients speak, and
/// what it is, with a path that is usual for it.
macro_rules! endpoints {
    ($($endpoint:ident = $name:literal, $task:ident, $client:expr, $about:literal;)*) => {
        /// One operation with its request format. Providers say which they serve; clients choose one by its path, unless only
        /// providers speak the format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(usize)]
        pub enum Endpoint {
            $(#[doc = $about] $endpoint,)*
        }

        impl Endpoint {
            /// Every endpoint, in declaration order; `endpoint as usize` indexes it.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$endpoint),*];

            fn facts(self) -> Facts {
                match self {
                    $(Self::$endpoint => Facts { name: $name, about: $about, task: Task::$task, client: $client },)*
                }
            }
        }
    };
}

endpoints! {
    ChatCompletions = "chat_completions", Generation, Some(OpenAi),
        "OpenAI chat completions: `/chat/completions`.";
    Completions = "completions", Other, Some(OpenAi),
        "OpenAI legacy text completions: `/completions`.";
    Responses = "responses", Generation, Some(OpenAi),
        "OpenAI Responses: `/responses`.";
    Embeddings = "embeddings", Embedding, Some(OpenAi),
        "OpenAI embeddings: `/embeddings`.";
    Moderations = "moderations", Other, Some(OpenAi),
        "OpenAI moderations: `/moderations`.";
    Models = "models", Other, Some(OpenAi),
        "The list of models: `/models`.";
    Messages = "messages", Generation, Some(Anthropic),
        "Anthropic messages: `/v1/messages`.";
    CountTokens = "count_tokens", Counting, Some(Anthropic),
        "Anthropic token counting: `/v1/messages/count_tokens`.";
    InputTokens = "input_tokens", Counting, Some(OpenAi),
        "OpenAI token counting: `/responses/input_tokens`.";
    GeminiCountTokens = "gemini_count_tokens", Counting, Some(Google),
        "Gemini token counting: `/models/{model}:countTokens`.";
    VertexCountTokens = "vertex_count_tokens", Counting, None,
        "Gemini token counting as Vertex AI takes it, the request unwrapped: `/publishers/google/models/{model}:countTokens`.";
    ConverseCountTokens = "converse_count_tokens", Counting, Some(Amazon),
        "Bedrock token counting: `/model/{model}/count-tokens`.";
    Realtime = "realtime", Other, Some(OpenAi),
        "OpenAI Realtime sessions over a WebSocket: `/realtime?model={model}`.";
    GenerateContent = "generate_content", Generation, Some(Google),
        "Gemini, whole answers: `/models/{model}:generateContent`.";
    StreamGenerateContent = "stream_generate_content", Generation, Some(Google),
        "Gemini, streams: `/models/{model}:streamGenerateContent?alt=sse`.";
    Converse = "converse", Generation, Some(Amazon),
        "Bedrock Converse, whole answers: `/model/{model}/converse`.";
    ConverseStream = "converse_stream", Generation, Some(Amazon),
        "Bedrock Converse, streams: `/model/{model}/converse-stream`.";
    CohereChat = "cohere_chat", Generation, Some(Cohere),
        "Cohere chat: `/v2/chat`.";
    ImageGenerations = "image_generations", Images, Some(OpenAi),
        "OpenAI images, generated: `/images/generations`.";
    ImageEdits = "image_edits", Images, Some(OpenAi),
        "OpenAI images, edited: `/images/edits`.";
    ImageVariations = "image_variations", Other, Some(OpenAi),
        "OpenAI images, varied: `/images/variations`.";
    AudioSpeech = "audio_speech", Speech, Some(OpenAi),
        "OpenAI speech: `/audio/speech`.";
    AudioTranscriptions = "audio_transcriptions", Transcription, Some(OpenAi),
        "OpenAI transcriptions of audio: `/audio/transcriptions`.";
    AudioTranslations = "audio_translations", Other, Some(OpenAi),
        "OpenAI translations of audio into English: `/audio/translations`.";
    GeminiImages = "gemini_images", Images, None,
        "Images of Gemini models: `/models/{model}:generateContent`.";
    StabilityImages = "stability_images", Images, None,
        "Stability AI's images on Bedrock: `/model/{model}/invoke`.";
    TogetherImages = "together_images", Images, None,
        "Together AI's images: `/images/generations`.";
    FireworksImages = "fireworks_images", Images, None,
        "Fireworks' images of FLUX.1: `/workflows/{model_path}/text_to_image`.";
    KontextImages = "kontext_images", Images, None,
        "Fireworks' images of FLUX.1 Kontext: `/workflows/{model_path}`.";
    ReplicateImages = "replicate_images", Images, None,
        "Images of models on Replicate: `/predictions`.";
    ElevenLabsSpeech = "elevenlabs_speech", Speech, None,
        "ElevenLabs speech: `/v1/text-to-speech/{voice}`, streamed `/v1/text-to-speech/{voice}/stream`.";
    DeepgramSpeech = "deepgram_speech", Speech, None,
        "Deepgram speech: `/v1/speak`.";
    ElevenLabsTranscriptions = "elevenlabs_transcriptions", Transcription, None,
        "ElevenLabs transcriptions: `/v1/speech-to-text`.";
    DeepgramTranscriptions = "deepgram_transcriptions", Transcription, None,
        "Deepgram transcriptions: `/v1/listen`.";
    CohereEmbed = "cohere_embed", Embedding, Some(Cohere),
        "Cohere embed: `/v2/embed`.";
    EmbedContent = "embed_content", Embedding, Some(Google),
        "Gemini, one embedding: `/models/{model}:embedContent`.";
    BatchEmbedContents = "batch_embed_contents", Embedding, Some(Google),
        "Gemini, several embeddings: `/models/{model}:batchEmbedContents`.";
    VertexEmbeddings = "vertex_embeddings", Embedding, None,
        "Vertex AI text embeddings: `/publishers/google/models/{model}:predict`.";
    MistralEmbeddings = "mistral_embeddings", Embedding, None,
        "Mistral embeddings: `/embeddings`.";
    VoyageEmbeddings = "voyage_embeddings", Embedding, None,
        "Voyage embeddings of texts: `/embeddings`.";
    VoyageMultimodalEmbeddings = "voyage_multimodal_embeddings", Embedding, None,
        "Voyage embeddings of texts and pictures: `/multimodalembeddings`.";
    JinaEmbeddings = "jina_embeddings", Embedding, None,
        "Jina embeddings: `/embeddings`.";
    TitanEmbeddings = "titan_embeddings", Embedding, None,
        "Titan text embeddings on Bedrock: `/model/{model}/invoke`.";
    TitanMultimodalEmbeddings = "titan_multimodal_embeddings", Embedding, None,
        "Titan multimodal embeddings on Bedrock: `/model/{model}/invoke`.";
    NovaEmbeddings = "nova_embeddings", Embedding, None,
        "Nova multimodal embeddings on Bedrock: `/model/{model}/invoke`.";
    CohereEmbedOnBedrock = "cohere_embed_on_bedrock", Embedding, None,
        "Cohere embed on Bedrock: `/model/{model}/invoke`.";
    CohereRerank = "cohere_rerank", Rerank, Some(Cohere),
        "Cohere rerank: `/v2/rerank`.";
    Rerank = "rerank", Rerank, Some(Cohere),
        "Reranking as Jina, Cohere's version 1 and most others have it: `/rerank`.";
    VoyageRerank = "voyage_rerank", Rerank, Some(Voyage),
        "Voyage reranking: `/rerank`.";
    BedrockRerank = "bedrock_rerank", Rerank, None,
        "Bedrock reranking: `/rerank` of `bedrock-agent-runtime`.";
    CohereRerankOnBedrock = "cohere_rerank_on_bedrock", Rerank, None,
        "Cohere rerank on Bedrock: `/model/{model}/invoke`.";
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
    /// Voyage's error: a detail alone; lists as OpenAI's.
    Voyage,
}

/// What an endpoint is for. Endpoints for the same thing are that thing in different formats, between which requests and
/// answers can be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Generating text.
    Generation,
    /// Making vectors of texts and pictures.
    Embedding,
    /// Ordering documents by a question.
    Rerank,
    /// Counting the tokens of a request for generated text.
    Counting,
    /// Making and changing pictures.
    Images,
    /// Speaking a text.
    Speech,
    /// Writing down what is said.
    Transcription,
    /// Anything that only one format asks for.
    Other,
}

/// What is known of an endpoint without a request.
struct Facts {
    name: &'static str,
    about: &'static str,
    task: Task,
    client: Option<ClientShape>,
}

impl Endpoint {
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

    /// The conventions of clients that call this endpoint; `None` where only providers speak its format.
    #[must_use]
    pub fn client_shape(self) -> Option<ClientShape> {
        self.facts().client
    }

    /// What it is for.
    #[must_use]
    pub fn task(self) -> Task {
        self.facts().task
    }

    /// Whether the model is named by the path, not by the body.
    #[must_use]
    pub fn names_model_in_path(self) -> bool {
        matches!(
            self,
            Self::GenerateContent
                | Self::StreamGenerateContent
                | Self::GeminiCountTokens
                | Self::VertexCountTokens
                | Self::Converse
                | Self::ConverseStream
                | Self::ConverseCountTokens
                | Self::EmbedContent
                | Self::BatchEmbedContents
                | Self::Realtime
        )
    }

    /// Whether a request may be a form (`multipart/form-data`), because files are part of it.
    #[must_use]
    pub fn takes_form(self) -> bool {
        matches!(
            self,
            Self::ImageEdits | Self::ImageVariations | Self::AudioTranscriptions | Self::AudioTranslations
        )
    }

    /// Whether every answer is a stream, because the path says so.
    #[must_use]
    pub fn is_streamed(self) -> bool {
        matches!(self, Self::StreamGenerateContent | Self::ConverseStream)
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
