//! Paths to operations. Authorisation is computed from what is matched here, never from the raw path again.

use std::borrow::Cow;

use domain::endpoint::ClientShape;
use domain::{Endpoint, ErrorCode};
use http::{HeaderMap, HeaderName, Method};
use providers::percent;
use smallvec::SmallVec;

use crate::refusal::Refusal;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    /// `POST` of an endpoint whose body names a model.
    Call(Endpoint),
    /// `POST` of an endpoint with the model in its path; it may hold slashes.
    CallModel(Endpoint, Cow<'a, str>),
    /// `GET /v1/realtime`, which opens a WebSocket.
    Realtime,
    /// `GET /v1/models`.
    ListModels,
    /// `GET /v1/models/{id}`; the id may hold slashes.
    GetModel(Cow<'a, str>),
    /// A sub-resource of `/v1/responses/{id}`.
    Stored(StoredAction, Cow<'a, str>),
    /// `/v1/conversations` and below.
    Conversation(ConversationAction<'a>),
    /// Any other path of a provider.
    Passthrough {
        /// The provider's name.
        provider: &'a str,
        /// What follows, with its leading slash, without a query.
        path: &'a str,
    },
    /// `POST /api/v1/routes/explain`: where a request would go.
    Explain,
    /// `POST /v1/feedback`: how good an answer was.
    Feedback,
    /// A probe.
    Probe(Probe),
}

/// What is done with a stored response (OpenAI API reference, "Responses").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredAction {
    /// `GET /responses/{id}`.
    Get,
    /// `DELETE /responses/{id}`.
    Delete,
    /// `POST /responses/{id}/cancel`.
    Cancel,
    /// `GET /responses/{id}/input_items`.
    InputItems,
}

/// What is done with conversations (OpenAI API reference, "Conversations"), by the ids of conversation and item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConversationAction<'a> {
    /// `POST /conversations`.
    Create,
    /// `GET /conversations/{id}`.
    Get(Cow<'a, str>),
    /// `POST /conversations/{id}`, with new metadata.
    Annotate(Cow<'a, str>),
    /// `DELETE /conversations/{id}`.
    Delete(Cow<'a, str>),
    /// `GET /conversations/{id}/items`.
    ListItems(Cow<'a, str>),
    /// `POST /conversations/{id}/items`.
    AddItems(Cow<'a, str>),
    /// `GET /conversations/{id}/items/{item}`.
    GetItem(Cow<'a, str>, Cow<'a, str>),
    /// `DELETE /conversations/{id}/items/{item}`.
    DeleteItem(Cow<'a, str>, Cow<'a, str>),
}

/// For orchestrators and scrapers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    Health,
    Ready,
    Metrics,
}

/// The conventions of the client: by endpoint, by drop-in prefix, by the version in its path, else by the header with which a
/// vendor's client shows itself.
pub(crate) fn client_shape(path: &str, headers: &HeaderMap) -> ClientShape {
    let (prefix, rest) = split_prefix(path);
    let endpoint = endpoint(prefix, rest).or_else(|| model_call(rest).map(|(endpoint, _)| endpoint));
    match (endpoint.and_then(Endpoint::client_shape), prefix) {
        (Some(shape), _) => shape,
        (None, Some(prefix)) => prefix.shape,
        (None, None) if rest.starts_with(GOOGLES_VERSION) => ClientShape::Google,
        (None, None) if rest.starts_with("/model/") => ClientShape::Amazon,
        (None, None) if rest.starts_with("/v2/") => ClientShape::Cohere,
        (None, None) => shown_by(headers).unwrap_or(ClientShape::OpenAi),
    }
}

/// Whose client sends such headers. Where Google's and OpenAI's paths are the same (`/v1/models`), nothing else tells.
fn shown_by(headers: &HeaderMap) -> Option<ClientShape> {
    /// Each vendor's clients send one of these with every request.
    const SHOWN: [(HeaderName, ClientShape); 3] = [
        (HeaderName::from_static("anthropic-version"), ClientShape::Anthropic),
        (HeaderName::from_static("x-goog-api-client"), ClientShape::Google),
        (HeaderName::from_static("x-goog-api-key"), ClientShape::Google),
    ];
    SHOWN.iter().find(|(name, _)| headers.contains_key(name)).map(|(_, shape)| *shape)
}

/// Finds what a method and path mean.
///
/// # Errors
/// 404 for unknown paths, 405 with the methods that exist.
pub(crate) fn match_path<'a>(method: &Method, path: &'a str) -> Result<Operation<'a>, Refusal> {
    if let Some(provider_path) = path.strip_prefix("/providers/") {
        let (provider, path) = split_at_slash(provider_path);
        return passthrough(method, provider, path);
    }
    if let Some(probe) = probe(path) {
        // Some load balancers probe with HEAD.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        return require(method, &Method::GET, "GET, HEAD").map(|()| Operation::Probe(probe));
    }
    if path == "/api/v1/routes/explain" {
        return require(method, &Method::POST, "POST").map(|()| Operation::Explain);
    }
    let (prefix, rest) = split_prefix(path);
    let found = call_of_model(method, rest).or_else(|| operation(method, prefix, rest));
    // Below a vendor's prefix conversations and feedback are the vendor's own.
    let found = found.or_else(|| prefix.is_none().then(|| own(method, rest)).flatten());
    found.unwrap_or_else(|| match prefix {
        Some(prefix) => passthrough(method, prefix.provider, rest),
        None => Err(unknown(path)),
    })
}

/// Any method but TRACE, whose answer repeats the request and with it the provider's credential (RFC 9110 section 9.3.8).
fn passthrough<'a>(method: &Method, provider: &'a str, path: &'a str) -> Result<Operation<'a>, Refusal> {
    if *method == Method::TRACE {
        return Err(not_allowed(method, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    }
    Ok(Operation::Passthrough { provider, path })
}

/// A prefix under which a vendor's whole API seems to be: what Tollgate does not know itself is passed through.
struct Prefix {
    text: &'static str,
    provider: &'static str,
    shape: ClientShape,
    /// What the vendor has at a path that others have for something else.
    own: &'static [(&'static str, Endpoint)],
}

const PREFIXES: [Prefix; 7] = [
    Prefix { text: "/openai", provider: "openai", shape: ClientShape::OpenAi, own: &[] },
    Prefix { text: "/anthropic", provider: "anthropic", shape: ClientShape::Anthropic, own: &[] },
    Prefix { text: "/genai", provider: "google", shape: ClientShape::Google, own: &[] },
    Prefix { text: "/bedrock", provider: "bedrock", shape: ClientShape::Amazon, own: &[] },
    Prefix { text: "/cohere", provider: "cohere", shape: ClientShape::Cohere, own: &[] },
    Prefix { text: "/jina", provider: "jina", shape: ClientShape::Voyage, own: &[] },
    Prefix {
        text: "/voyage",
        provider: "voyage",
        shape: ClientShape::Voyage,
        own: &[("/rerank", Endpoint::VoyageRerank)],
    },
];

/// A drop-in prefix and the path after it.
fn split_prefix(path: &str) -> (Option<&'static Prefix>, &str) {
    let below = |prefix: &'static Prefix| {
        let rest = path.strip_prefix(prefix.text).filter(|rest| rest.starts_with('/'))?;
        Some((Some(prefix), rest))
    };
    PREFIXES.iter().find_map(below).unwrap_or((None, path))
}

/// What Google's paths begin with; Vertex's have a digit after it.
const GOOGLES_VERSION: &str = "/v1beta";

/// SDKs are pointed at a base URL with or without `/v1`, and Anthropic's adds one of its own; all of it works.
fn without_version(path: &str) -> &str {
    let once = |path| str::strip_prefix(path, "/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    once(once(path))
}

/// An endpoint with the model in its path: Gemini's verbs after a colon, Bedrock's after a slash.
fn model_call(path: &str) -> Option<(Endpoint, Cow<'_, str>)> {
    let bedrock = path.strip_prefix("/model/").and_then(|rest| {
        let (model, verb) = rest.rsplit_once('/')?;
        let endpoint = match verb {
            "converse" => Endpoint::Converse,
            "converse-stream" => Endpoint::ConverseStream,
            "count-tokens" => Endpoint::ConverseCountTokens,
            _ => return None,
        };
        Some((endpoint, model))
    });
    let Some((endpoint, model)) = bedrock else { return google_call(path) };
    Some((endpoint, percent::decode(model).filter(|model| !model.is_empty())?))
}

/// Gemini's verbs. On Vertex the model has a publisher before it, which names the provider unless it is Google itself.
fn google_call(path: &str) -> Option<(Endpoint, Cow<'_, str>)> {
    let below = |version: &&str| path.strip_prefix(*version).filter(|rest| rest.starts_with('/'));
    let (publisher, path) =
        publisher(["/v1beta1", GOOGLES_VERSION, "/v1"].iter().find_map(below).unwrap_or(path));
    let (model, verb) = path.strip_prefix("/models/")?.rsplit_once(':')?;
    let endpoint = match verb {
        "generateContent" => Endpoint::GenerateContent,
        "streamGenerateContent" => Endpoint::StreamGenerateContent,
        "countTokens" => Endpoint::GeminiCountTokens,
        "embedContent" => Endpoint::EmbedContent,
        "batchEmbedContents" => Endpoint::BatchEmbedContents,
        _ => return None,
    };
    let model = percent::decode(model).filter(|model| !model.is_empty())?;
    match publisher {
        None | Some("google") => Some((endpoint, model)),
        Some(publisher) => Some((endpoint, format!("{publisher}/{model}").into())),
    }
}

/// The publisher in a path of Vertex, and the path after it: `/publishers/google/models/…`, below a project and a location
/// unless the client has a key alone.
fn publisher(path: &str) -> (Option<&str>, &str) {
    let is_vertex = path.starts_with("/projects/") || path.starts_with("/publishers/");
    match path.split_once("/publishers/").filter(|_| is_vertex) {
        Some((_, rest)) => {
            let (publisher, path) = split_at_slash(rest);
            (Some(publisher), path)
        }
        None => (None, path),
    }
}

fn call_of_model<'a>(method: &Method, path: &'a str) -> Option<Result<Operation<'a>, Refusal>> {
    let (endpoint, model) = model_call(path)?;
    Some(require(method, &Method::POST, "POST").map(|()| Operation::CallModel(endpoint, model)))
}

fn split_at_slash(text: &str) -> (&str, &str) {
    text.find('/').and_then(|place| text.split_at_checked(place)).unwrap_or((text, "/"))
}

fn probe(path: &str) -> Option<Probe> {
    match path {
        "/healthz" => Some(Probe::Health),
        "/readyz" => Some(Probe::Ready),
        "/metrics" => Some(Probe::Metrics),
        _ => None,
    }
}

/// The operation of a path below a prefix; `None` when there is none.
fn operation<'a>(
    method: &Method,
    prefix: Option<&Prefix>,
    path: &'a str,
) -> Option<Result<Operation<'a>, Refusal>> {
    if let Some(endpoint) = endpoint(prefix, path) {
        return Some(require(method, &Method::POST, "POST").map(|()| Operation::Call(endpoint)));
    }
    let of_google = path.strip_prefix(GOOGLES_VERSION).filter(|rest| rest.starts_with("/models"));
    let path = of_google.unwrap_or_else(|| without_version(path));
    match path {
        "/realtime" => Some(require(method, &Method::GET, "GET").map(|()| Operation::Realtime)),
        "/models" => Some(require(method, &Method::GET, "GET").map(|()| Operation::ListModels)),
        _ => nested(method, path),
    }
}

/// The endpoint that takes a model in its body, by a path below a prefix.
fn endpoint(prefix: Option<&Prefix>, path: &str) -> Option<Endpoint> {
    match path {
        "/v2/chat" => return Some(Endpoint::CohereChat),
        "/v2/embed" => return Some(Endpoint::CohereEmbed),
        "/v2/rerank" => return Some(Endpoint::CohereRerank),
        _ => {}
    }
    let path = without_version(path);
    let mut own = prefix.map_or(&[][..], |prefix| prefix.own).iter();
    if let Some((_, endpoint)) = own.find(|(text, _)| *text == path) {
        return Some(*endpoint);
    }
    Some(match path {
        "/chat/completions" => Endpoint::ChatCompletions,
        "/completions" => Endpoint::Completions,
        "/responses" => Endpoint::Responses,
        "/responses/input_tokens" => Endpoint::InputTokens,
        "/embeddings" => Endpoint::Embeddings,
        "/moderations" => Endpoint::Moderations,
        "/rerank" => Endpoint::Rerank,
        "/messages" => Endpoint::Messages,
        "/messages/count_tokens" => Endpoint::CountTokens,
        "/images/generations" => Endpoint::ImageGenerations,
        "/images/edits" => Endpoint::ImageEdits,
        "/images/variations" => Endpoint::ImageVariations,
        "/audio/speech" => Endpoint::AudioSpeech,
        "/audio/transcriptions" => Endpoint::AudioTranscriptions,
        "/audio/translations" => Endpoint::AudioTranslations,
        _ => return None,
    })
}

/// What is here without a vendor's prefix alone.
fn own<'a>(method: &Method, path: &'a str) -> Option<Result<Operation<'a>, Refusal>> {
    if without_version(path) == "/feedback" {
        return Some(require(method, &Method::POST, "POST").map(|()| Operation::Feedback));
    }
    conversation(method, path)
}

fn nested<'a>(method: &Method, path: &'a str) -> Option<Result<Operation<'a>, Refusal>> {
    // SDKs percent-encode ids, the slash of `provider/model` included.
    if let Some(model) = path.strip_prefix("/models/").filter(|model| !model.is_empty()) {
        let model = percent::decode(model)?;
        return Some(require(method, &Method::GET, "GET").map(|()| Operation::GetModel(model)));
    }
    let id_and_action = path.strip_prefix("/responses/")?;
    let (id, action) = id_and_action.split_once('/').unwrap_or((id_and_action, ""));
    let id = percent::decode(id)?;
    // A dot segment would climb out of the provider's responses.
    let present = !matches!(&*id, "" | "." | "..");
    let stored = |needed: &Method, allow, action| {
        Some(require(method, needed, allow).map(|()| Operation::Stored(action, id)))
    };
    match action {
        _ if !present => None,
        "" if *method == Method::DELETE => stored(&Method::DELETE, "", StoredAction::Delete),
        "" => stored(&Method::GET, "GET, DELETE", StoredAction::Get),
        "cancel" => stored(&Method::POST, "POST", StoredAction::Cancel),
        "input_items" => stored(&Method::GET, "GET", StoredAction::InputItems),
        _ => None,
    }
}

fn conversation<'a>(method: &Method, path: &'a str) -> Option<Result<Operation<'a>, Refusal>> {
    let below = without_version(path).strip_prefix("/conversations")?;
    let segments: SmallVec<[&str; 4]> = below.split('/').collect();
    let id = |id: &'a str| percent::decode(id).filter(|id| !matches!(&**id, "" | "." | ".."));
    // The text before the first slash is empty, or another word begins with this one.
    let (action, allow) = match (segments.as_slice(), method.as_str()) {
        ([""], "POST") => (Some(ConversationAction::Create), "POST"),
        ([""], _) => (None, "POST"),
        (["", of], method) => {
            let of = id(of)?;
            let action = match method {
                "GET" => Some(ConversationAction::Get(of)),
                "POST" => Some(ConversationAction::Annotate(of)),
                "DELETE" => Some(ConversationAction::Delete(of)),
                _ => None,
            };
            (action, "GET, POST, DELETE")
        }
        (["", of, "items"], method) => {
            let of = id(of)?;
            let action = match method {
                "GET" => Some(ConversationAction::ListItems(of)),
                "POST" => Some(ConversationAction::AddItems(of)),
                _ => None,
            };
            (action, "GET, POST")
        }
        (["", of, "items", item], method) => {
            let (of, item) = (id(of)?, percent::decode(item).filter(|item| !item.is_empty())?);
            let action = match method {
                "GET" => Some(ConversationAction::GetItem(of, item)),
                "DELETE" => Some(ConversationAction::DeleteItem(of, item)),
                _ => None,
            };
            (action, "GET, DELETE")
        }
        _ => return None,
    };
    Some(action.map(Operation::Conversation).ok_or_else(|| not_allowed(method, allow)))
}

fn require(method: &Method, needed: &Method, allow: &'static str) -> Result<(), Refusal> {
    if method == needed { Ok(()) } else { Err(not_allowed(method, allow)) }
}

fn not_allowed(method: &Method, allow: &'static str) -> Refusal {
    let message = format!("{method} does not exist here; use {allow}");
    Refusal { allow: Some(allow), ..Refusal::new(ErrorCode::MethodNotAllowed, message) }
}

/// What is said where there is nothing.
pub(crate) fn unknown(path: &str) -> Refusal {
    let shown: String = path.chars().take(100).collect();
    let message = format!(
        "no such path: {shown}; Tollgate serves /v1/chat/completions, /v1/responses, /v1/messages, /v1/embeddings, \
         /v1/models and others, and any path of a provider at /providers/NAME/…"
    );
    Refusal::new(ErrorCode::PathNotFound, message)
}

#[cfg(test)]
mod tests;
