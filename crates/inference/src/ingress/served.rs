//! What the gateway serves, as a list: for the description of its API, and for the test that asks each of it without permission.

use domain::Endpoint;

/// An operation that clients may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// Its method.
    pub(crate) method: &'static str,
    /// Its path, with what stands for names in braces.
    pub(crate) path: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// What a key must have.
    pub(crate) needs: Needs,
}

/// What a key must have for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// None is asked for.
    Nothing,
    /// That it is good; what is answered is what it may use.
    Key,
    /// An endpoint, by `endpoints` of the key and its workspace.
    Endpoint(Endpoint),
    /// `passthrough`.
    Passthrough,
    /// `explain`.
    Explain,
}

const fn served(method: &'static str, path: &'static str, needs: Needs, about: &'static str) -> Served {
    Served { method, path, about, needs }
}

const fn call(path: &'static str, endpoint: Endpoint, about: &'static str) -> Served {
    served("POST", path, Needs::Endpoint(endpoint), about)
}

const fn stored(method: &'static str, path: &'static str, about: &'static str) -> Served {
    served(method, path, Needs::Endpoint(Endpoint::Responses), about)
}

/// All operations at their first path. Most can be asked for at others, too: with `/v1` twice or left out, and below a vendor's prefix.
pub(crate) const SERVED: &[Served] = &[
    call("/v1/chat/completions", Endpoint::ChatCompletions, "Goes on with a conversation (OpenAI)."),
    call("/v1/completions", Endpoint::Completions, "Goes on with a text (OpenAI, legacy)."),
    call("/v1/responses", Endpoint::Responses, "Goes on with a conversation (OpenAI Responses)."),
    call("/v1/responses/input_tokens", Endpoint::InputTokens, "Counts the tokens of a request (OpenAI)."),
    stored("GET", "/v1/responses/{id}", "Shows a response that is kept, or streams it."),
    stored("DELETE", "/v1/responses/{id}", "Forgets a response."),
    stored("POST", "/v1/responses/{id}/cancel", "Ends a response that runs in the background."),
    stored("GET", "/v1/responses/{id}/input_items", "Lists what a response was asked with."),
    stored("POST", "/v1/conversations", "Begins a conversation that is kept."),
    stored("GET", "/v1/conversations/{id}", "Shows a conversation."),
    stored("POST", "/v1/conversations/{id}", "Replaces the metadata of a conversation."),
    stored("DELETE", "/v1/conversations/{id}", "Forgets a conversation."),
    stored("GET", "/v1/conversations/{id}/items", "Lists what was said."),
    stored("POST", "/v1/conversations/{id}/items", "Adds to what was said."),
    stored("GET", "/v1/conversations/{id}/items/{item}", "Shows an item of a conversation."),
    stored("DELETE", "/v1/conversations/{id}/items/{item}", "Forgets an item of a conversation."),
    call("/v1/embeddings", Endpoint::Embeddings, "Makes vectors of texts (OpenAI)."),
    call("/v1/moderations", Endpoint::Moderations, "Judges a text (OpenAI)."),
    call("/v1/messages", Endpoint::Messages, "Goes on with a conversation (Anthropic)."),
    call("/v1/messages/count_tokens", Endpoint::CountTokens, "Counts the tokens of a request (Anthropic)."),
    call("/v1/images/generations", Endpoint::ImageGenerations, "Draws an image (OpenAI)."),
    call("/v1/images/edits", Endpoint::ImageEdits, "Changes images (OpenAI)."),
    call("/v1/images/variations", Endpoint::ImageVariations, "Varies an image (OpenAI)."),
    call("/v1/audio/speech", Endpoint::AudioSpeech, "Speaks a text (OpenAI)."),
    call("/v1/audio/transcriptions", Endpoint::AudioTranscriptions, "Writes down what is said (OpenAI)."),
    call(
        "/v1/audio/translations",
        Endpoint::AudioTranslations,
        "Writes down in English what is said (OpenAI).",
    ),
    served(
        "GET",
        "/v1/realtime",
        Needs::Endpoint(Endpoint::Realtime),
        "Opens a session over a WebSocket (OpenAI Realtime).",
    ),
    call("/v1/rerank", Endpoint::Rerank, "Orders documents (Jina)."),
    call("/voyage/v1/rerank", Endpoint::VoyageRerank, "Orders documents (Voyage)."),
    call("/v2/chat", Endpoint::CohereChat, "Goes on with a conversation (Cohere)."),
    call("/v2/embed", Endpoint::CohereEmbed, "Makes vectors of texts and images (Cohere)."),
    call("/v2/rerank", Endpoint::CohereRerank, "Orders documents (Cohere)."),
    call(
        "/v1beta/models/{model}:generateContent",
        Endpoint::GenerateContent,
        "Goes on with a conversation (Gemini).",
    ),
    call(
        "/v1beta/models/{model}:streamGenerateContent",
        Endpoint::StreamGenerateContent,
        "The same, streamed.",
    ),
    call(
        "/v1beta/models/{model}:countTokens",
        Endpoint::GeminiCountTokens,
        "Counts the tokens of a request (Gemini).",
    ),
    call("/v1beta/models/{model}:embedContent", Endpoint::EmbedContent, "Makes a vector of a text (Gemini)."),
    call(
        "/v1beta/models/{model}:batchEmbedContents",
        Endpoint::BatchEmbedContents,
        "Makes vectors of texts (Gemini).",
    ),
    call("/model/{model}/converse", Endpoint::Converse, "Goes on with a conversation (Amazon Bedrock)."),
    call("/model/{model}/converse-stream", Endpoint::ConverseStream, "The same, streamed."),
    call(
        "/model/{model}/count-tokens",
        Endpoint::ConverseCountTokens,
        "Counts the tokens of a request (Amazon Bedrock).",
    ),
    served("POST", "/v1/feedback", Needs::Key, "Says how good an answer was."),
    served("GET", "/v1/models", Needs::Key, "Lists the models that the key may use."),
    served("GET", "/v1/models/{model}", Needs::Key, "Shows a model."),
    served(
        "POST",
        "/providers/{provider}/{path}",
        Needs::Passthrough,
        "Passes on any request with any method to a provider.",
    ),
    served("POST", "/api/v1/routes/explain", Needs::Explain, "Tells where a request would go, and why."),
    served("GET", "/healthz", Needs::Nothing, "Whether the process lives."),
    served("GET", "/readyz", Needs::Nothing, "Whether it takes requests."),
    served("GET", "/metrics", Needs::Nothing, "Metrics, as Prometheus reads them."),
];

#[cfg(test)]
mod tests {
    use super::{Endpoint, Needs, SERVED};
    use crate::ingress::{Operation, match_path};
    use http::Method;

    #[test]
    fn every_operation_is_found_at_its_path() {
        for served in SERVED {
            let method: Method = served.method.parse().unwrap();
            let path = served.path.replace(['{', '}'], "");
            let found = match match_path(&method, &path).unwrap() {
                Operation::Call(endpoint) | Operation::CallModel(endpoint, _) => Needs::Endpoint(endpoint),
                Operation::Realtime => Needs::Endpoint(Endpoint::Realtime),
                Operation::Stored(..) | Operation::Conversation(_) => Needs::Endpoint(Endpoint::Responses),
                Operation::ListModels | Operation::GetModel(_) | Operation::Feedback => Needs::Key,
                Operation::Passthrough { .. } => Needs::Passthrough,
                Operation::Explain => Needs::Explain,
                Operation::Probe(_) => Needs::Nothing,
            };
            assert_eq!(found, served.needs, "{} {path}", served.method);
        }
    }

    #[test]
    fn no_endpoint_and_no_method_is_missing() {
        let has = |endpoint| SERVED.iter().any(|served| served.needs == Needs::Endpoint(endpoint));
        for endpoint in Endpoint::ALL {
            let is_asked_for = endpoint.client_shape().is_some() && endpoint != Endpoint::Models;
            assert_eq!(has(endpoint), is_asked_for, "{endpoint}");
        }
        for served in SERVED.iter().filter(|served| served.needs != Needs::Passthrough) {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let is_listed =
                    SERVED.iter().any(|other| (other.method, other.path) == (method, served.path));
                let path = served.path.replace(['{', '}'], "");
                let is_there = match_path(&method.parse().unwrap(), &path).is_ok_and(|found| {
                    // Below a vendor's prefix everything else is the vendor's.
                    !matches!(found, Operation::Passthrough { .. })
                });
                assert_eq!(is_listed, is_there, "{method} {path}");
            }
        }
    }
}
