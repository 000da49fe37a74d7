//! Paths to operations. Authorisation is computed from what is matched here, never from the raw path again.

use std::borrow::Cow;

use domain::endpoint::ClientShape;
use domain::{Endpoint, ErrorCode};
use http::{HeaderMap, Method};
use providers::percent;

use crate::refusal::Refusal;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    /// `POST` of an endpoint whose body names a model.
    Call(Endpoint),
    /// `POST` of an endpoint with the model in its path; it may hold slashes.
    CallModel(Endpoint, Cow<'a, str>),
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
    const SHOWN: [(&str, ClientShape); 3] = [
        ("anthropic-version", ClientShape::Anthropic),
        ("x-goog-api-client", ClientShape::Google),
        ("x-goog-api-key", ClientShape::Google),
    ];
    SHOWN.into_iter().find(|(name, _)| headers.contains_key(*name)).map(|(_, shape)| shape)
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
    let (prefix, rest) = split_prefix(path);
    let found = call_of_model(method, rest).or_else(|| operation(method, prefix, rest));
    // Below a vendor's prefix the conversations are the vendor's own.
    let found = found.or_else(|| prefix.is_none().then(|| conversation(method, rest)).flatten());
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
    let mut segments = below.split('/').skip(1);
    let mut next_id = || percent::decode(segments.next()?).filter(|id| !matches!(&**id, "" | "." | ".."));
    let id = if below.is_empty() { None } else { Some(next_id()?) };
    let is_about_items = match (&id, segments.next()) {
        (_, None) => false,
        (Some(_), Some("items")) => true,
        _ => return None,
    };
    let item = segments.next();
    if segments.next().is_some() {
        return None;
    }
    let item = match item {
        Some(item) => Some(percent::decode(item).filter(|item| !item.is_empty())?),
        None => None,
    };
    let action = match (id, is_about_items, item, method.as_str()) {
        (None, _, _, "POST") => ConversationAction::Create,
        (None, ..) => return Some(Err(not_allowed(method, "POST"))),
        (Some(id), false, _, "GET") => ConversationAction::Get(id),
        (Some(id), false, _, "POST") => ConversationAction::Annotate(id),
        (Some(id), false, _, "DELETE") => ConversationAction::Delete(id),
        (Some(_), false, ..) => return Some(Err(not_allowed(method, "GET, POST, DELETE"))),
        (Some(id), true, None, "GET") => ConversationAction::ListItems(id),
        (Some(id), true, None, "POST") => ConversationAction::AddItems(id),
        (Some(_), true, None, _) => return Some(Err(not_allowed(method, "GET, POST"))),
        (Some(id), true, Some(item), "GET") => ConversationAction::GetItem(id, item),
        (Some(id), true, Some(item), "DELETE") => ConversationAction::DeleteItem(id, item),
        (Some(_), true, Some(_), _) => return Some(Err(not_allowed(method, "GET, DELETE"))),
    };
    Some(Ok(Operation::Conversation(action)))
}

fn require(method: &Method, needed: &Method, allow: &'static str) -> Result<(), Refusal> {
    if method == needed { Ok(()) } else { Err(not_allowed(method, allow)) }
}

fn not_allowed(method: &Method, allow: &'static str) -> Refusal {
    let message = format!("{method} does not exist here; use {allow}");
    Refusal { allow: Some(allow), ..Refusal::new(ErrorCode::MethodNotAllowed, message) }
}

fn unknown(path: &str) -> Refusal {
    let shown: String = path.chars().take(100).collect();
    let message = format!(
        "no such path: {shown}; Tollgate serves /v1/chat/completions, /v1/responses, /v1/messages, /v1/embeddings, \
         /v1/models and others, and any path of a provider at /providers/NAME/…"
    );
    Refusal::new(ErrorCode::PathNotFound, message)
}

#[cfg(test)]
mod tests {
    use super::{
        ClientShape, ConversationAction, Endpoint, ErrorCode, HeaderMap, Method, Operation, StoredAction,
        match_path,
    };
    use http::HeaderValue;

    fn client_shape(path: &str, header: Option<&'static str>) -> ClientShape {
        let mut headers = HeaderMap::new();
        if let Some(name) = header {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        super::client_shape(path, &headers)
    }

    #[test]
    fn sdks_find_their_endpoints_under_every_base_url_they_may_be_given() {
        for base in ["", "/v1", "/openai", "/openai/v1"] {
            let path = format!("{base}/chat/completions");
            assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(Endpoint::ChatCompletions)));
            assert_eq!(client_shape(&path, None), ClientShape::OpenAi);
        }
        for base in ["", "/v1", "/v1/v1", "/anthropic", "/anthropic/v1"] {
            let path = format!("{base}/messages");
            assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(Endpoint::Messages)));
            assert_eq!(client_shape(&path, None), ClientShape::Anthropic);
        }
        /// Anthropic's clients.
        const ANTHROPIC: Option<&str> = Some("anthropic-version");
        for (path, header, shape) in [
            ("/v1/models", ANTHROPIC, ClientShape::Anthropic),
            ("/v1/models", Some("x-goog-api-client"), ClientShape::Google),
            ("/v1/models", Some("x-goog-api-key"), ClientShape::Google),
            ("/v1beta/models", None, ClientShape::Google),
            ("/v1/models", None, ClientShape::OpenAi),
            ("/anthropic/v1/files", None, ClientShape::Anthropic),
            ("/openai/v1/files", ANTHROPIC, ClientShape::OpenAi),
            ("/v1/chat/completions", ANTHROPIC, ClientShape::OpenAi),
            ("/anthropic/v1/chat/completions", ANTHROPIC, ClientShape::OpenAi),
        ] {
            assert_eq!(client_shape(path, header), shape, "{path}");
        }
    }

    #[test]
    fn a_model_in_a_path_is_found_however_it_is_written() {
        let gemini = |path: &str, endpoint| {
            let called = Operation::CallModel(endpoint, "google/gemini-2.5-flash".into());
            assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
            assert_eq!(client_shape(path, None), ClientShape::Google, "{path}");
        };
        gemini("/v1beta/models/google/gemini-2.5-flash:generateContent", Endpoint::GenerateContent);
        gemini(
            "/genai/v1/models/google%2Fgemini-2.5-flash:streamGenerateContent",
            Endpoint::StreamGenerateContent,
        );
        for path in
            ["/model/us.amazon.nova%3A0/converse-stream", "/bedrock/model/us.amazon.nova:0/converse-stream"]
        {
            let called = Operation::CallModel(Endpoint::ConverseStream, "us.amazon.nova:0".into());
            assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
            assert_eq!(client_shape(path, None), ClientShape::Amazon);
        }
        let refused = match_path(&Method::GET, "/model/m/converse").unwrap_err();
        assert_eq!(refused.allow, Some("POST"));
        assert_eq!(match_path(&Method::POST, "/model//converse").unwrap_err().code, ErrorCode::PathNotFound);
        let invoke = Operation::Passthrough { provider: "bedrock", path: "/model/m/invoke" };
        assert_eq!(match_path(&Method::POST, "/bedrock/model/m/invoke"), Ok(invoke));
    }

    #[test]
    fn vertex_clients_name_a_provider_as_publisher() {
        for (path, model) in [
            (
                "/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent",
                "gemini-2.5-pro",
            ),
            ("/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"),
            (
                "/genai/v1beta1/publishers/vertex/models/gemini-2.5-pro:generateContent",
                "vertex/gemini-2.5-pro",
            ),
        ] {
            let called = Operation::CallModel(Endpoint::GenerateContent, model.into());
            assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
            assert_eq!(client_shape(path, None), ClientShape::Google);
        }
        for path in ["/v1/publishers/google", "/v1/x/publishers/google/models/m:generateContent"] {
            assert_eq!(match_path(&Method::POST, path).unwrap_err().code, ErrorCode::PathNotFound, "{path}");
        }
    }

    #[test]
    fn tokens_are_counted_beside_what_they_are_counted_for() {
        for (path, operation) in [
            ("/v1/messages/count_tokens", Operation::Call(Endpoint::CountTokens)),
            ("/openai/v1/responses/input_tokens", Operation::Call(Endpoint::InputTokens)),
            (
                "/genai/v1beta/models/p/m:countTokens",
                Operation::CallModel(Endpoint::GeminiCountTokens, "p/m".into()),
            ),
            ("/model/m/count-tokens", Operation::CallModel(Endpoint::ConverseCountTokens, "m".into())),
        ] {
            assert_eq!(match_path(&Method::POST, path), Ok(operation), "{path}");
        }
        assert_eq!(match_path(&Method::GET, "/v1/responses/input_tokens").unwrap_err().allow, Some("POST"));
    }

    #[test]
    fn cohere_clients_find_their_chat() {
        for path in ["/v2/chat", "/cohere/v2/chat"] {
            assert_eq!(match_path(&Method::POST, path), Ok(Operation::Call(Endpoint::CohereChat)));
            assert_eq!(client_shape(path, None), ClientShape::Cohere);
        }
    }

    #[test]
    fn images_and_audio_are_found_where_openai_has_them() {
        for (path, endpoint) in [
            ("/images/generations", Endpoint::ImageGenerations),
            ("/images/edits", Endpoint::ImageEdits),
            ("/images/variations", Endpoint::ImageVariations),
            ("/audio/speech", Endpoint::AudioSpeech),
            ("/audio/transcriptions", Endpoint::AudioTranscriptions),
            ("/audio/translations", Endpoint::AudioTranslations),
        ] {
            for base in ["", "/v1", "/openai/v1"] {
                let path = format!("{base}{path}");
                assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(endpoint)), "{path}");
                assert_eq!(client_shape(&path, None), ClientShape::OpenAi);
            }
        }
    }

    #[test]
    fn embeddings_and_reranking_are_found_where_each_vendor_has_them() {
        for (path, endpoint, shape) in [
            ("/v1/embeddings", Endpoint::Embeddings, ClientShape::OpenAi),
            ("/voyage/v1/embeddings", Endpoint::Embeddings, ClientShape::OpenAi),
            ("/v2/embed", Endpoint::CohereEmbed, ClientShape::Cohere),
            ("/cohere/v2/embed", Endpoint::CohereEmbed, ClientShape::Cohere),
            ("/v2/rerank", Endpoint::CohereRerank, ClientShape::Cohere),
            ("/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
            ("/cohere/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
            ("/jina/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
            ("/voyage/v1/rerank", Endpoint::VoyageRerank, ClientShape::Voyage),
        ] {
            assert_eq!(match_path(&Method::POST, path), Ok(Operation::Call(endpoint)), "{path}");
            assert_eq!(client_shape(path, None), shape, "{path}");
        }
        for (verb, endpoint) in
            [("embedContent", Endpoint::EmbedContent), ("batchEmbedContents", Endpoint::BatchEmbedContents)]
        {
            let path = format!("/genai/v1beta/models/m:{verb}");
            assert_eq!(match_path(&Method::POST, &path), Ok(Operation::CallModel(endpoint, "m".into())));
            assert_eq!(client_shape(&path, None), ClientShape::Google);
        }
        let through = Operation::Passthrough { provider: "voyage", path: "/v1/multimodalembeddings" };
        assert_eq!(match_path(&Method::POST, "/voyage/v1/multimodalembeddings"), Ok(through));
    }

    #[test]
    fn stored_responses_have_four_actions() {
        for (method, path, action) in [
            (Method::GET, "/v1/responses/resp_1", StoredAction::Get),
            (Method::DELETE, "/v1/responses/resp_1", StoredAction::Delete),
            (Method::POST, "/v1/responses/resp_1/cancel", StoredAction::Cancel),
            (Method::GET, "/openai/v1/responses/resp_1/input_items", StoredAction::InputItems),
        ] {
            assert_eq!(match_path(&method, path), Ok(Operation::Stored(action, "resp_1".into())));
        }
    }

    #[test]
    fn models_are_listed_under_every_version() {
        for path in ["/models", "/v1/models", "/v1beta/models", "/genai/v1beta/models", "/cohere/v1/models"] {
            assert_eq!(match_path(&Method::GET, path), Ok(Operation::ListModels), "{path}");
        }
    }

    #[test]
    fn other_paths_of_a_prefix_pass_through_and_bare_ones_do_not_exist() {
        let through = Operation::Passthrough { provider: "openai", path: "/v1/files" };
        assert_eq!(match_path(&Method::GET, "/openai/v1/files"), Ok(through));
        let named = Operation::Passthrough { provider: "groq", path: "/x/y" };
        assert_eq!(match_path(&Method::PUT, "/providers/groq/x/y"), Ok(named));
        let refused = |method, path| match_path(&method, path).unwrap_err();
        assert_eq!(refused(Method::GET, "/v1/files").code, ErrorCode::PathNotFound);
        assert_eq!(refused(Method::GET, "/v1/chat/completions").allow, Some("POST"));
        assert_eq!(refused(Method::POST, "/healthz").allow, Some("GET, HEAD"));
        assert!(match_path(&Method::HEAD, "/readyz").is_ok());
        assert_eq!(refused(Method::PUT, "/v1/responses/r").allow, Some("GET, DELETE"));
    }

    #[test]
    fn an_id_never_climbs() {
        for id in [".", "..", "%2e%2e", "%2E."] {
            for method in [Method::GET, Method::DELETE] {
                let refused = match_path(&method, &format!("/v1/responses/{id}")).unwrap_err();
                assert_eq!(refused.code, ErrorCode::PathNotFound, "{id}");
            }
        }
    }

    #[test]
    fn a_trace_is_never_passed_through() {
        for path in ["/providers/p/x", "/openai/v1/files"] {
            let refused = match_path(&Method::TRACE, path).unwrap_err();
            assert_eq!(refused.code, ErrorCode::MethodNotAllowed, "{path}");
        }
    }

    #[test]
    fn a_model_id_keeps_its_slashes() {
        let google = match_path(&Method::GET, "/v1beta/models/google/gemini-2.5-pro");
        assert_eq!(google, Ok(Operation::GetModel("google/gemini-2.5-pro".into())));
        let get = match_path(&Method::GET, "/v1/models/openai/gpt-4o");
        assert_eq!(get, Ok(Operation::GetModel("openai/gpt-4o".into())));
        let encoded = match_path(&Method::GET, "/v1/models/openai%2Fgpt-4o");
        assert_eq!(encoded, Ok(Operation::GetModel("openai/gpt-4o".into())));
    }

    #[test]
    fn conversations_have_items_and_each_its_methods() {
        let found = |method: Method, below: &'static str| match match_path(&method, below) {
            Ok(Operation::Conversation(action)) => action,
            other => panic!("{method} {below}: {other:?}"),
        };
        assert_eq!(found(Method::POST, "/v1/conversations"), ConversationAction::Create);
        assert_eq!(found(Method::GET, "/conversations/conv_1"), ConversationAction::Get("conv_1".into()));
        let annotate = ConversationAction::Annotate("conv_1".into());
        assert_eq!(found(Method::POST, "/v1/conversations/conv_1"), annotate);
        let delete = ConversationAction::Delete("conv_1".into());
        assert_eq!(found(Method::DELETE, "/v1/conversations/conv_1"), delete);
        let list = ConversationAction::ListItems("conv_1".into());
        assert_eq!(found(Method::GET, "/v1/conversations/conv_1/items"), list);
        let add = ConversationAction::AddItems("conv_1".into());
        assert_eq!(found(Method::POST, "/v1/conversations/conv_1/items"), add);
        let get = ConversationAction::GetItem("conv_1".into(), "msg/1".into());
        assert_eq!(found(Method::GET, "/v1/conversations/conv_1/items/msg%2F1"), get);
        let delete = ConversationAction::DeleteItem("conv_1".into(), "msg/1".into());
        assert_eq!(found(Method::DELETE, "/v1/conversations/conv_1/items/msg%2F1"), delete);
    }

    #[test]
    fn what_is_no_conversation_is_not_found_and_a_wrong_method_names_the_right_ones() {
        for path in [
            "/v1/conversations/",
            "/v1/conversations/..",
            "/v1/conversations/c/things",
            "/v1/conversations/c/items/",
            "/v1/conversations/c/items/i/j",
            "/v1/conversationsx",
        ] {
            let refusal = match_path(&Method::GET, path).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::PathNotFound, "{path}");
        }
        for (path, allow) in [
            ("/v1/conversations", "POST"),
            ("/v1/conversations/c", "GET, POST, DELETE"),
            ("/v1/conversations/c/items", "GET, POST"),
            ("/v1/conversations/c/items/i", "GET, DELETE"),
        ] {
            assert_eq!(match_path(&Method::PUT, path).unwrap_err().allow, Some(allow));
        }
        let vendors = match_path(&Method::POST, "/openai/v1/conversations");
        assert!(matches!(vendors, Ok(Operation::Passthrough { provider: "openai", .. })), "{vendors:?}");
    }
}
