//! Where a request would go, told without making it: for people who write routes, and for the tests of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::{ApiKey, ErrorCode, RequestId};
use engine::decision::Decision;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use wire::json::{Document, ScanLimits};

use crate::answer::{AnswerBody, json_response};
use crate::attempt::{Call, foreseen, not_explained};
use crate::ending::Origin;
use crate::gateway::Gateway;
use crate::ingress::{Operation, ReadBody, client_shape, match_path, read_json};
use crate::permission::permit_call;
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::route_of::route_of;
use crate::stack::assemble;

/// A request that is not made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The path that it would be posted to; `/v1/chat/completions` when absent.
    #[serde(default)]
    pub path: Option<String>,
    /// Its headers, but for the key.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: Value,
    /// What is taken to be down: providers, or `provider/model`.
    #[serde(default)]
    pub down: Vec<String>,
}

/// Why a request would be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The error.
    pub code: ErrorCode,
    /// In words.
    pub message: String,
}

impl Gateway {
    /// Where a request of a key would go now. Nothing is called, and nothing is kept.
    ///
    /// # Errors
    /// When the request would be refused.
    pub fn explain(self: &Arc<Self>, question: &Question, key: &Arc<ApiKey>) -> Result<Decision, Refused> {
        let decided = ask(self, self.pin(), question, key);
        decided.map_err(|refusal| Refused { code: refusal.code, message: refusal.message })
    }
}

fn ask(
    gateway: &Arc<Gateway>,
    pinned: Arc<Pinned>,
    question: &Question,
    key: &Arc<ApiKey>,
) -> Result<Decision, Refusal> {
    let mut call = call(gateway, pinned, question, key)?;
    let route = route_of(&mut call)?;
    foreseen(&call, &route, &question.down)
}

fn call(
    gateway: &Arc<Gateway>,
    pinned: Arc<Pinned>,
    question: &Question,
    key: &Arc<ApiKey>,
) -> Result<Box<Call>, Refusal> {
    let path = question.path.as_deref().unwrap_or("/v1/chat/completions");
    let uri: Uri = path.parse().map_err(|_| invalid("path", format!("`{path}` is no path")))?;
    let headers = headers(&question.headers)?;
    let (endpoint, model) = match match_path(&Method::POST, uri.path())? {
        Operation::Call(endpoint) => (endpoint, None),
        Operation::CallModel(endpoint, model) => (endpoint, Some(model.into_owned())),
        _ => return Err(not_explained()),
    };
    permit_call(key, endpoint, &headers)?;
    let body = Bytes::from(question.body.to_string());
    let limits = ScanLimits { depth_max: pinned.snapshot.limits.json_depth_max, ..ScanLimits::default() };
    let document = Document::parse(body, limits).map_err(|error| invalid("body", error.to_string()))?;
    let read =
        ReadBody { document, form: None, hold: gateway.budget.hold(), waited: std::time::Duration::ZERO };
    let origin = Origin {
        gateway: Arc::clone(gateway),
        id: RequestId::from_random(gateway.random(), gateway.random()),
        key: Arc::clone(key),
        endpoint: Some(endpoint),
        shape: client_shape(uri.path(), &headers),
        started: Instant::now(),
    };
    assemble(origin, pinned, (endpoint, model), (uri, headers), read)
}

fn headers(written: &BTreeMap<String, String>) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let found = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let (name, value) =
            found.ok_or_else(|| invalid("headers", format!("`{name}` is no header with its value")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn invalid(member: &str, message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidMember, message).with_param(member)
}

/// Answers `POST /api/v1/routes/explain`.
///
/// # Errors
/// When the key may not ask, or the question is none. That the request itself would be refused is an answer.
pub(crate) async fn answer(
    origin: Origin,
    pinned: Arc<Pinned>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    if !origin.key.explain {
        let message = format!(
            "the key `{}` may not ask why requests go where they go; its owner can set `explain: true`",
            origin.key.name
        );
        return Err(Refusal::new(ErrorCode::ExplainNotAllowed, message));
    }
    let (head, body) = request.into_parts();
    let limits = &pinned.snapshot.limits;
    let read = read_json(&head.headers, body, limits, &origin.gateway.budget).await?;
    let body = read.document.body();
    let question: Question = serde_json::from_slice(&body.contiguous(0..body.len()))
        .map_err(|error| Refusal::new(ErrorCode::InvalidMember, format!("this is no question: {error}")))?;
    let decided = ask(&origin.gateway, Arc::clone(&pinned), &question, &origin.key);
    let told = match decided {
        Ok(decision) => json!({ "decision": decision }),
        Err(refusal) => {
            let status = refusal.code.status();
            json!({"refused": {"status": status, "code": refusal.code.code(), "message": refusal.message}})
        }
    };
    Ok(json_response(StatusCode::OK, told.to_string().into_bytes()))
}
