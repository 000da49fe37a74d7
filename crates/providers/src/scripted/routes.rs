//! Which format a request is in, and the whole way from the request to its script.

use domain::endpoint::ClientShape;
use http::Method;
use serde_json::Value;

use super::behaviour::Behaviour;
use super::failure::Refusal;
use super::fingerprint::Fingerprint;
use super::frames::{self, Answer};
use super::responses::ResponseStore;
use super::script::{Script, ScriptedRequest};
use super::upload::Upload;
use super::{
    chat, cohere, completions, converse, embeddings, gemini, images, messages, models, moderations, realtime,
    responses, retrieval, speech, transcriptions,
};

/// What Google's paths begin with.
const GOOGLES_VERSION: &str = "/v1beta";

/// What is done about a request. `store` remembers responses that can be asked for again.
///
/// Paths are taken with and without `/v1` or `/v1beta` before them. The behaviour is that of the request's `model`.
pub fn answer(request: &ScriptedRequest, store: &mut ResponseStore) -> Script {
    if realtime::is_handshake(request) {
        return realtime::answer(request);
    }
    let route = route(request);
    let shape = shape(request, route.as_ref().ok());
    let done = route.and_then(|route| perform(&route, request, shape, store));
    match done {
        Ok((answer, behaviour)) => frames::script(answer, behaviour, shape),
        Err(refusal) => refusal.script(shape),
    }
}

/// An operation, with the id that its path names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Chat,
    Completions,
    Embeddings,
    Moderations,
    Messages,
    CountTokens,
    Cohere,
    CohereEmbed,
    CohereRerank,
    Rerank,
    EmbedContent(String),
    BatchEmbedContents(String),
    Converse(ConverseCall),
    ConverseCount(String),
    Gemini(GeminiCall),
    GenerateImages,
    EditImages,
    VaryImages,
    Speech,
    Transcribe,
    Translate,
    Models,
    Model(String),
    CreateResponse,
    InputTokens,
    GetResponse(String),
    DeleteResponse(String),
    CancelResponse(String),
    InputItems(String),
}

/// What a path of Converse says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ConverseCall {
    model: String,
    stream: bool,
}

/// What a path of Gemini says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GeminiCall {
    model: String,
    verb: gemini::Verb,
}

fn route(request: &ScriptedRequest) -> Result<Route, Refusal> {
    let below = [GOOGLES_VERSION, "/v1"].iter().find_map(|version| request.path.strip_prefix(version));
    let path = below.unwrap_or(&request.path).trim_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    let id = |id: &str| id.to_owned();
    let (method, route) = match segments.as_slice() {
        ["chat", "completions"] => (Method::POST, Route::Chat),
        ["completions"] => (Method::POST, Route::Completions),
        ["embeddings"] => (Method::POST, Route::Embeddings),
        ["moderations"] => (Method::POST, Route::Moderations),
        ["messages"] => (Method::POST, Route::Messages),
        ["messages", "count_tokens"] => (Method::POST, Route::CountTokens),
        ["v2", "chat"] => (Method::POST, Route::Cohere),
        ["v2", "embed"] => (Method::POST, Route::CohereEmbed),
        ["v2", "rerank"] => (Method::POST, Route::CohereRerank),
        ["rerank"] => (Method::POST, Route::Rerank),
        ["model", model, "converse"] => (Method::POST, converse_route(model, false)),
        ["model", model, "converse-stream"] => (Method::POST, converse_route(model, true)),
        ["model", model, "count-tokens"] => (Method::POST, Route::ConverseCount(id(model))),
        ["images", "generations"] => (Method::POST, Route::GenerateImages),
        ["images", "edits"] => (Method::POST, Route::EditImages),
        ["images", "variations"] => (Method::POST, Route::VaryImages),
        ["audio", "speech"] => (Method::POST, Route::Speech),
        ["audio", "transcriptions"] => (Method::POST, Route::Transcribe),
        ["audio", "translations"] => (Method::POST, Route::Translate),
        ["models"] => (Method::GET, Route::Models),
        ["models", model] => match model.rsplit_once(':') {
            Some((model, verb)) => (Method::POST, gemini_route(model, verb, request)?),
            None => (Method::GET, Route::Model(id(model))),
        },
        ["responses"] => (Method::POST, Route::CreateResponse),
        ["responses", "input_tokens"] => (Method::POST, Route::InputTokens),
        ["responses", response] if request.method == Method::DELETE => {
            (Method::DELETE, Route::DeleteResponse(id(response)))
        }
        ["responses", response] => (Method::GET, Route::GetResponse(id(response))),
        ["responses", response, "cancel"] => (Method::POST, Route::CancelResponse(id(response))),
        ["responses", response, "input_items"] => (Method::GET, Route::InputItems(id(response))),
        _ => {
            return Err(unknown(request));
        }
    };
    if request.method != method {
        let message = format!("{} takes {method}, not {}", request.path, request.method);
        return Err(Refusal { status: 405, message, param: None, code: None });
    }
    Ok(route)
}

fn unknown(request: &ScriptedRequest) -> Refusal {
    Refusal::missing(format!("Unknown path {} {}", request.method, request.path))
}

fn gemini_route(model: &str, verb: &str, request: &ScriptedRequest) -> Result<Route, Refusal> {
    match verb {
        "embedContent" => return Ok(Route::EmbedContent(model.to_owned())),
        "batchEmbedContents" => return Ok(Route::BatchEmbedContents(model.to_owned())),
        _ => {}
    }
    let verb = gemini::Verb::read(verb, &request.query).ok_or_else(|| unknown(request))?;
    Ok(Route::Gemini(GeminiCall { model: model.to_owned(), verb }))
}

fn converse_route(model: &str, stream: bool) -> Route {
    Route::Converse(ConverseCall { model: model.to_owned(), stream })
}

/// The shape of the operation's own format. Elsewhere it is Google's where the path has its version, and Anthropic's for
/// clients that send a header with theirs.
fn shape(request: &ScriptedRequest, route: Option<&Route>) -> ClientShape {
    match route {
        Some(Route::Messages | Route::CountTokens) => messages::SHAPE,
        Some(Route::Cohere | Route::CohereEmbed | Route::CohereRerank | Route::Rerank) => cohere::SHAPE,
        Some(Route::Converse(_) | Route::ConverseCount(_)) => converse::SHAPE,
        Some(Route::Gemini(_) | Route::EmbedContent(_) | Route::BatchEmbedContents(_)) => gemini::SHAPE,
        Some(Route::Models | Route::Model(_)) | None if request.path.starts_with(GOOGLES_VERSION) => {
            gemini::SHAPE
        }
        Some(Route::Models | Route::Model(_)) | None if request.headers.contains_key("anthropic-version") => {
            messages::SHAPE
        }
        _ => chat::SHAPE,
    }
}

fn perform(
    route: &Route,
    request: &ScriptedRequest,
    shape: ClientShape,
    store: &mut ResponseStore,
) -> Result<(Answer, Behaviour), Refusal> {
    let stored = match route {
        Route::Models => Some(Ok(models::list(shape))),
        Route::Model(name) => Some(models::get(name, shape)),
        Route::GetResponse(id) => Some(responses::get(id, store)),
        Route::DeleteResponse(id) => Some(responses::delete(id, store)),
        Route::CancelResponse(id) => Some(responses::cancel(id, store)),
        Route::InputItems(id) => Some(responses::input_items(id, store)),
        _ => None,
    };
    if let Some(answer) = stored {
        return Ok((answer?, Behaviour::Echo));
    }
    if let Some(answer) = with_files(route) {
        let upload = Upload::read(request)?;
        let behaviour = behaviour(route, &upload.fields)?;
        return Ok((answer(&upload)?, behaviour));
    }
    let body = body(request)?;
    let behaviour = behaviour(route, &body)?;
    let fingerprint = Fingerprint::of(&request.path, &request.body);
    let answer = match route {
        Route::Chat => chat::answer(&body, fingerprint),
        Route::Completions => completions::answer(&body, fingerprint),
        Route::Embeddings => embeddings::answer(&body),
        Route::Moderations => moderations::answer(&body, fingerprint),
        Route::Messages => messages::answer(&body, fingerprint),
        Route::CountTokens => messages::count_tokens(&body),
        Route::Cohere => cohere::answer(&body, fingerprint),
        Route::CohereEmbed => retrieval::cohere_embed(&body, fingerprint),
        Route::CohereRerank => retrieval::cohere_rerank(&body, fingerprint),
        Route::Rerank => retrieval::rerank(&body),
        Route::EmbedContent(_) => retrieval::embed_content(&body),
        Route::BatchEmbedContents(model) => retrieval::batch_embed_contents(&body, model),
        Route::Converse(call) => converse::answer(&body, call.stream, fingerprint),
        Route::ConverseCount(_) => converse::count_tokens(&body),
        Route::Gemini(call) => gemini::answer(&body, &call.model, call.verb, fingerprint),
        Route::GenerateImages => images::generate(&body),
        Route::Speech => speech::answer(&body),
        Route::InputTokens => responses::input_tokens(&body),
        _ => responses::create(&body, fingerprint, store),
    };
    Ok((answer?, behaviour))
}

/// Answers a request that comes with files.
type UploadAnswer = fn(&Upload) -> Result<Answer, Refusal>;

/// What is done with a request that comes with files.
fn with_files(route: &Route) -> Option<UploadAnswer> {
    match route {
        Route::EditImages => Some(images::edit),
        Route::VaryImages => Some(images::vary),
        Route::Transcribe => Some(transcriptions::transcribe),
        Route::Translate => Some(transcriptions::translate),
        _ => None,
    }
}

/// The body as a JSON object.
pub(super) fn body(request: &ScriptedRequest) -> Result<Value, Refusal> {
    let refusal = |message: String| Refusal { status: 400, message, param: None, code: None };
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| refusal(format!("We could not parse the JSON body of your request: {error}")))?;
    if body.is_object() { Ok(body) } else { Err(refusal("the body must be a JSON object".to_owned())) }
}

/// The behaviour of the model, which the path names or the body; only moderations may leave it out.
fn behaviour(route: &Route, body: &Value) -> Result<Behaviour, Refusal> {
    if let Route::Converse(ConverseCall { model, .. })
    | Route::ConverseCount(model)
    | Route::Gemini(GeminiCall { model, .. })
    | Route::EmbedContent(model)
    | Route::BatchEmbedContents(model) = route
    {
        return Ok(Behaviour::of_model(model));
    }
    match body.get("model").and_then(Value::as_str) {
        Some(model) => Ok(Behaviour::of_model(model)),
        None if matches!(route, Route::Moderations | Route::InputTokens) => Ok(Behaviour::Echo),
        None => Err(Refusal::field("model", "you must provide a model parameter")),
    }
}
