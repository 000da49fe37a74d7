//! The built-in provider that needs no credential: it speaks the formats of real ones, echoes what it is asked, and
//! fails on demand, so that fallback rules can be tried without waiting for an outage.
//!
//! [`answer`] is pure: the same request gives the same bytes. [`server`] plays what it says on a socket, and plays
//! anybody else's scripts as well.

mod behaviour;
mod chat;
mod cohere;
mod completions;
mod conversation;
mod converse;
mod embeddings;
mod failure;
mod fingerprint;
mod frames;
mod gemini;
mod images;
mod messages;
mod models;
mod moderations;
mod open_ai;
mod realtime;
mod responses;
mod retrieval;
mod routes;
mod schema;
mod script;
pub mod server;
mod speech;
mod transcriptions;
mod upload;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use domain::Endpoint;
use parking_lot::Mutex;

use crate::definition::{Auth, AuthScheme, Live, PrefillEntry, Prefills, ProviderDefinition};

pub use behaviour::{Behaviour, FIRST_TOKEN_PAUSE, TOKEN_PAUSE};
pub use responses::ResponseStore;
pub use routes::answer;
pub use script::{Script, ScriptedRequest, Step};

/// The provider's name.
pub const NAME: &str = "scripted";

/// What it serves, and where.
const ENDPOINTS: [(Endpoint, &str); 28] = [
    (Endpoint::ChatCompletions, "/chat/completions"),
    (Endpoint::Completions, "/completions"),
    (Endpoint::Responses, "/responses"),
    (Endpoint::Embeddings, "/embeddings"),
    (Endpoint::Moderations, "/moderations"),
    (Endpoint::Models, "/models"),
    (Endpoint::Messages, "/messages"),
    (Endpoint::CountTokens, "/messages/count_tokens"),
    (Endpoint::InputTokens, "/responses/input_tokens"),
    (Endpoint::GeminiCountTokens, "/models/{model}:countTokens"),
    (Endpoint::ConverseCountTokens, "/model/{model}/count-tokens"),
    (Endpoint::GenerateContent, "/models/{model}:generateContent"),
    (Endpoint::StreamGenerateContent, "/models/{model}:streamGenerateContent?alt=sse"),
    (Endpoint::Realtime, "/realtime?model={model}"),
    (Endpoint::CohereChat, "/v2/chat"),
    (Endpoint::CohereEmbed, "/v2/embed"),
    (Endpoint::CohereRerank, "/v2/rerank"),
    (Endpoint::Rerank, "/rerank"),
    (Endpoint::EmbedContent, "/models/{model}:embedContent"),
    (Endpoint::BatchEmbedContents, "/models/{model}:batchEmbedContents"),
    (Endpoint::Converse, "/model/{model}/converse"),
    (Endpoint::ConverseStream, "/model/{model}/converse-stream"),
    (Endpoint::ImageGenerations, "/images/generations"),
    (Endpoint::ImageEdits, "/images/edits"),
    (Endpoint::ImageVariations, "/images/variations"),
    (Endpoint::AudioSpeech, "/audio/speech"),
    (Endpoint::AudioTranscriptions, "/audio/transcriptions"),
    (Endpoint::AudioTranslations, "/audio/translations"),
];

/// The scripted provider with its memory of the responses it made.
#[derive(Debug, Default)]
pub struct Scripted {
    responses: Mutex<ResponseStore>,
}

impl Scripted {
    /// What it does when asked.
    pub fn answer(&self, request: &ScriptedRequest) -> Script {
        answer(request, &mut self.responses.lock())
    }
}

/// The definition of a scripted provider that listens at an address, to be compiled like any other.
#[must_use]
pub fn definition(address: SocketAddr) -> ProviderDefinition {
    ProviderDefinition {
        title: Some("Scripted".to_owned()),
        live: Some(Live::Always),
        base_url: Some(format!("http://{address}/v1")),
        models: Some(Behaviour::all().map(Behaviour::model_name).map(Into::into).collect()),
        auth: Auth { scheme: Some(AuthScheme::None), ..Auth::default() },
        variables: BTreeMap::new(),
        prefill: Prefills {
            chat_completions: Some(PrefillEntry::default()),
            responses: Some(PrefillEntry::default()),
            messages: Some(PrefillEntry::default()),
            converse: Some(PrefillEntry::default()),
            cohere_chat: Some(PrefillEntry::default()),
            ..Prefills::default()
        },
        endpoints: ENDPOINTS.map(|(endpoint, path)| (endpoint, path.to_owned())).into_iter().collect(),
        ..ProviderDefinition::default()
    }
}

#[cfg(test)]
mod tests;
