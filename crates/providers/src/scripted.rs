//! The built-in provider that needs no credential: it speaks the formats of real ones, echoes what it is asked, and
//! fails on demand, so that fallback rules can be tried without waiting for an outage.
//!
//! [`answer`] is pure: the same request gives the same bytes. [`server`] plays what it says on a socket, and plays
//! anybody else's scripts as well.

mod behaviour;
mod chat;
mod completions;
mod conversation;
mod embeddings;
mod failure;
mod fingerprint;
mod frames;
mod messages;
mod models;
mod moderations;
mod open_ai;
mod responses;
mod routes;
mod schema;
mod script;
pub mod server;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use parking_lot::Mutex;

use crate::definition::{Auth, AuthScheme, Endpoints, Live, ProviderDefinition};

pub use behaviour::{Behaviour, FIRST_TOKEN_PAUSE, TOKEN_PAUSE};
pub use responses::ResponseStore;
pub use routes::answer;
pub use script::{Script, ScriptedRequest, Step};

/// The provider's name.
pub const NAME: &str = "scripted";

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
    let path = |path: &str| Some(path.to_owned());
    ProviderDefinition {
        title: Some("Scripted".to_owned()),
        live: Some(Live::Always),
        base_url: Some(format!("http://{address}/v1")),
        models: Some(Behaviour::all().map(Behaviour::model_name).map(Into::into).collect()),
        auth: Auth { scheme: Some(AuthScheme::None), ..Auth::default() },
        variables: BTreeMap::new(),
        endpoints: Endpoints {
            chat_completions: path("/chat/completions"),
            completions: path("/completions"),
            responses: path("/responses"),
            embeddings: path("/embeddings"),
            moderations: path("/moderations"),
            models: path("/models"),
            messages: path("/messages"),
            count_tokens: path("/messages/count_tokens"),
        },
        ..ProviderDefinition::default()
    }
}

#[cfg(test)]
mod tests;
