//! The smallest request that proves an endpoint.

mod media;
mod retrieval;

use domain::endpoint::Task;
use domain::{Endpoint, Provider};
use serde_json::{Value, json};

/// Enough for a word; reasoning models spend some before they speak.
const OUTPUT_TOKENS_MAX: u32 = 64;

/// One thing to try.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    pub(super) title: String,
    pub(super) endpoint: Endpoint,
    /// The request's body; `None` is a GET.
    pub(super) body: Option<Value>,
    pub(super) model: String,
    /// What stands in the path in the place of the model.
    pub(super) in_path: Option<String>,
    /// Its query, percent-encoded.
    pub(super) query: Option<String>,
    /// Whether the answer is a stream that must reach its end.
    pub(super) streamed: bool,
}

/// The models to try with, one for each task.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Models<'a> {
    pub(super) generation: Option<&'a str>,
    pub(super) embedding: Option<&'a str>,
    pub(super) rerank: Option<&'a str>,
    pub(super) image: Option<&'a str>,
    pub(super) speech: Option<&'a str>,
    /// The voice that the model of speech speaks with.
    pub(super) voice: Option<&'a str>,
}

impl<'a> Models<'a> {
    fn of(self, task: Task) -> Option<&'a str> {
        match task {
            Task::Embedding => self.embedding,
            Task::Rerank => self.rerank,
            Task::Images => self.image,
            Task::Speech => self.speech,
            _ => self.generation,
        }
    }
}

/// What to try with a provider: whatever it serves, as far as models are known.
pub(super) fn trials(provider: &Provider, models: Models<'_>) -> Vec<Trial> {
    let all = Endpoint::ALL.into_iter().flat_map(|endpoint| of_endpoint(provider, endpoint, models));
    all.filter(|trial| provider.offer(trial.endpoint, &trial.model).is_some()).collect()
}

fn of_endpoint(provider: &Provider, endpoint: Endpoint, models: Models<'_>) -> Vec<Trial> {
    let trial = |model: &str, body: Option<Value>, streamed: bool| {
        let title = if streamed { format!("{endpoint}, streamed") } else { endpoint.to_string() };
        let (in_path, query) = media::address(endpoint, models);
        Trial { title, endpoint, body, model: model.to_owned(), in_path, query, streamed }
    };
    if endpoint == Endpoint::Models {
        return vec![trial("", None, false)];
    }
    let smallest = |model| match endpoint.task() {
        Task::Embedding => retrieval::embedding(endpoint, model),
        Task::Rerank => retrieval::order(endpoint, model, provider),
        Task::Images => media::image(endpoint, model),
        Task::Speech => media::speech(endpoint, model, models.voice),
        _ => body(endpoint, model),
    };
    let model = models.of(endpoint.task());
    let Some((model, body)) = model.and_then(|model| Some((model, smallest(model)?))) else {
        return Vec::new();
    };
    if endpoint.names_model_in_path() {
        return vec![trial(model, Some(body), endpoint.is_streamed())];
    }
    let mut trials = vec![trial(model, Some(body.clone()), false)];
    if endpoint.task() == Task::Generation {
        let mut streamed = body;
        streamed["stream"] = json!(true);
        trials.push(trial(model, Some(streamed), true));
    }
    trials
}

fn body(endpoint: Endpoint, model: &str) -> Option<Value> {
    let messages = json!([{"role": "user", "content": "Say hello."}]);
    match endpoint {
        Endpoint::ChatCompletions => Some(json!({"model": model, "messages": messages})),
        Endpoint::Responses => Some(
            json!({"model": model, "input": "Say hello.", "max_output_tokens": OUTPUT_TOKENS_MAX, "store": false}),
        ),
        Endpoint::Messages => {
            Some(json!({"model": model, "messages": messages, "max_tokens": OUTPUT_TOKENS_MAX}))
        }
        Endpoint::GenerateContent
        | Endpoint::StreamGenerateContent
        | Endpoint::GeminiCountTokens
        | Endpoint::VertexCountTokens => {
            Some(json!({"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}))
        }
        Endpoint::Converse | Endpoint::ConverseStream => {
            Some(json!({"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]}))
        }
        Endpoint::CohereChat => Some(json!({"model": model, "messages": messages})),
        Endpoint::CountTokens => Some(json!({"model": model, "messages": messages})),
        Endpoint::InputTokens => Some(json!({"model": model, "input": "Say hello."})),
        Endpoint::ConverseCountTokens => Some(json!({"input": {"converse": {
            "messages": [{"role": "user", "content": [{"text": "Say hello."}]}],
        }}})),
        // The others need models of their own kind, which nothing here knows.
        _ => None,
    }
}
