//! The order of things, for every request, on one screen.
//!
//! 1. an id, a pinned snapshot, a panic guard
//! 2. the path says what is asked for
//! 3. the key says who asks, and whether it may ask for this from there, before a byte of the body is read
//! 4. the body is read, bounded and scanned; a signature in place of a key is verified; the facts are taken from it
//! 5. what it goes on from is put before it where that is kept here (`kept`), and its model becomes a route that this key
//!    may use
//! 6. what it can take at most is held of the limits and budgets that are for it (`admission`)
//! 7. the route's targets are called until one answers (`attempt`)
//! 8. the answer goes out, and ends exactly once (`answer`, `ending`)

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use domain::endpoint::ClientShape;
use domain::{ApiKey, Endpoint, ErrorCode, RequestId};
use engine::Denial;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response, Uri};
use hyper::body::{Body, Incoming};
use providers::sign_in::SignedHead;
use telemetry::events::RequestRefused;
use tokio::time::Instant;
use wire::formats::{FactsError, facts};

use crate::answer::{AnswerBody, introduce};
use crate::attempt::Call;
use crate::dialect::request_kind;
use crate::ending::Origin;
use crate::gateway::{Gateway, Readiness};
use crate::ingress::{
    Operation, ReadBody, StoredAction, bound_head, client_shape, match_path, query, read_body, unknown,
};
use crate::peer::client_address;
use crate::permission::{permit_address, permit_operation};
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::route_of::route_of;
use crate::signature::Signature;
use crate::{
    access, admission, explain, feedback, kept, models, passthrough, probes, realtime, signature, stored,
};

/// Answers one request of a connection from `peer`. Never fails: every error is an answer.
pub async fn serve(gateway: Arc<Gateway>, request: Request<Incoming>, peer: IpAddr) -> Response<AnswerBody> {
    let started = Instant::now();
    let id = RequestId::from_random(gateway.random(), gateway.random());
    let shape = client_shape(request.uri().path(), request.headers());
    // In a place of its own, so that it is moved there once, however many futures of others are around it.
    let answering = Box::pin(answer(&gateway, (request, peer), shape, &id, started));
    let answered = AssertUnwindSafe(answering).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(refused)) => refuse(&gateway, &refused, shape, &id),
        Err(_panic) => {
            let refusal =
                Refusal::new(ErrorCode::Internal, "Tollgate failed on this request; its log says where");
            refuse(&gateway, &refusal.into(), shape, &id)
        }
    };
    introduce(response.headers_mut(), &id, started);
    response
}

/// Answers a request for something that is served elsewhere, exactly as one for something that does not exist.
#[must_use]
pub fn answer_unknown<B>(gateway: &Gateway, request: &Request<B>) -> Response<AnswerBody> {
    let (started, path) = (Instant::now(), request.uri().path());
    let id = RequestId::from_random(gateway.random(), gateway.random());
    let shape = client_shape(path, request.headers());
    let mut response = refuse(gateway, &unknown(path).into(), shape, &id);
    introduce(response.headers_mut(), &id, started);
    response
}

/// A refusal, with the key and the client's address when they were already known.
struct Refused {
    refusal: Refusal,
    key: Option<Arc<ApiKey>>,
    client: Option<IpAddr>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, key: None, client: None }
    }
}

async fn answer(
    gateway: &Arc<Gateway>,
    (request, peer): (Request<Incoming>, IpAddr),
    shape: ClientShape,
    id: &RequestId,
    started: Instant,
) -> Result<Response<AnswerBody>, Refused> {
    let path = request.uri().path().to_owned();
    let operation = match_path(request.method(), &path)?;
    if let Operation::Probe(probe) = operation {
        return Ok(probes::answer(gateway, probe));
    }
    if gateway.readiness() == Readiness::Draining {
        return Err(Refusal::new(ErrorCode::Draining, "the gateway is shutting down; try again").into());
    }
    let pinned = gateway.pin();
    bound_head(request.headers(), &pinned.snapshot.limits)?;
    let client = client_address(peer, request.headers(), &pinned.snapshot.trusted_proxies);
    let refused = |refusal, key| Refused { refusal, key, client };
    let (key, signature) = identify(gateway, &pinned, (request.uri(), request.headers()), shape)
        .await
        .map_err(|refusal| refused(counted(gateway, &pinned, client, refusal), None))?;
    let permitted =
        permit_address(&key, client).and_then(|()| permit_operation(&key, &operation, request.headers()));
    if let Err(refusal) = permitted {
        return Err(refused(refusal, Some(key)));
    }
    let endpoint = match operation {
        Operation::Call(endpoint) | Operation::CallModel(endpoint, _) => Some(endpoint),
        Operation::Realtime => Some(Endpoint::Realtime),
        _ => None,
    };
    let origin = Origin {
        gateway: Arc::clone(gateway),
        id: id.clone(),
        key: Arc::clone(&key),
        endpoint,
        shape,
        started,
    };
    let is_read = matches!(operation, Operation::Call(_) | Operation::CallModel(..));
    if let Some(signature) = signature.as_ref().filter(|_| !is_read) {
        let is_empty = request.body().is_end_stream();
        let head = SignedHead { method: request.method(), uri: request.uri(), headers: request.headers() };
        signature.verify_unread(head, is_empty).map_err(|refusal| refused(refusal, None))?;
    }
    let result = match operation {
        Operation::Call(endpoint) => call(origin, pinned, (endpoint, None), signature, request).await,
        Operation::CallModel(endpoint, model) => {
            call(origin, pinned, (endpoint, Some(model.into_owned())), signature, request).await
        }
        Operation::Realtime => realtime::open(origin, pinned, request).await,
        Operation::ListModels => models::list(&pinned, &key, shape, request.uri().query()),
        Operation::GetModel(model) => models::get(&pinned, &key, &model, shape),
        Operation::Stored(action, response_id) => {
            kept_or_relayed(origin, pinned, (action, &response_id), request).await
        }
        Operation::Explain => explain::answer(origin, pinned, request).await,
        Operation::Feedback => feedback::answer(origin, pinned, request).await,
        Operation::Conversation(action) => kept::converse(origin, pinned, action, request).await,
        Operation::Passthrough { provider, path } => {
            passthrough::relay(origin, &pinned, provider, path, request).await
        }
        Operation::Probe(probe) => Ok(probes::answer(gateway, probe)),
    };
    result.map_err(|refusal| refused(refusal, Some(key)))
}

/// A request about a response, which is kept here or by its provider.
async fn kept_or_relayed(
    origin: Origin,
    pinned: Arc<Pinned>,
    (action, response_id): (StoredAction, &str),
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    match kept::serve(&origin, action, response_id, request.uri().query()).await? {
        Some(response) => Ok(response),
        None => stored::relay(origin, pinned, action, response_id, request).await,
    }
}

/// Whose a request is, by the key or the token in its head, or by the key pair that its head claims to be signed with.
async fn identify(
    gateway: &Gateway,
    pinned: &Pinned,
    (uri, headers): (&Uri, &HeaderMap),
    shape: ClientShape,
) -> Result<(Arc<ApiKey>, Option<Signature>), Refusal> {
    let now = gateway.wall_clock().into();
    if let Some((key, signature)) = signature::claimed(headers, &pinned.snapshot.signed_requests, now)? {
        return Ok((key, Some(signature)));
    }
    let in_query = uri.query().filter(|_| shape == ClientShape::Google).and_then(query::key_in);
    let key = access::authenticate(headers, in_query, (&pinned.snapshot, &pinned.callers), now).await?;
    Ok((key, None))
}

/// Counts a key that is not known, or a token that is not believed; of too many from one network the rest are told to wait.
fn counted(gateway: &Gateway, pinned: &Pinned, client: Option<IpAddr>, refusal: Refusal) -> Refusal {
    if !matches!(refusal.code, ErrorCode::KeyUnknown | ErrorCode::TokenRefused) {
        return refusal;
    }
    let per_minute = pinned.snapshot.limits.wrong_keys_per_minute_max;
    match gateway.wrong_keys.count(client, per_minute, gateway.uptime()) {
        Ok(()) => refusal,
        Err(wait) => {
            let message =
                "too many keys that are not known came from this network (limits.wrong_keys_per_minute_max)";
            Refusal::new(ErrorCode::TooManyWrongKeys, message).with_retry_after(Some(wait))
        }
    }
}

/// A request with a model in its body or, where `path_model` is given, in its path.
async fn call(
    origin: Origin,
    pinned: Arc<Pinned>,
    (endpoint, path_model): (Endpoint, Option<String>),
    signature: Option<Signature>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let (head, body) = request.into_parts();
    let limits = &pinned.snapshot.limits;
    let read = read_body(&head.headers, body, endpoint.takes_form(), limits, &origin.gateway.budget).await?;
    if let Some(signature) = signature {
        let signed = SignedHead { method: &head.method, uri: &head.uri, headers: &head.headers };
        let body = read.form.as_ref().map_or(read.document.body(), |sent| sent.form.body());
        signature.verify(signed, body.chunks())?;
    }
    let mut call = assemble(origin, pinned, (endpoint, path_model), (head.uri, head.headers), read)?;
    kept::resume(&mut call).await?;
    let route = route_of(&mut call)?;
    let route = admission::admit(&mut call, route).await?;
    kept::respond(call, route).await
}

/// A request whose body is read, with the facts that are taken from it.
///
/// # Errors
/// 400 when a member that is read here is not what it should be.
pub(crate) fn assemble(
    origin: Origin,
    pinned: Arc<Pinned>,
    (endpoint, path_model): (Endpoint, Option<String>),
    (uri, headers): (Uri, HeaderMap),
    read: ReadBody,
) -> Result<Box<Call>, Refusal> {
    let ReadBody { document, form, hold, waited } = read;
    let kind =
        request_kind(endpoint).ok_or_else(|| Refusal::new(ErrorCode::Internal, "no body is read here"))?;
    let mut facts = facts(kind, &document).map_err(|error| unreadable(&error))?;
    if path_model.is_some() {
        facts.model = path_model;
        facts.stream = endpoint.is_streamed();
    }
    let query = uri.query().and_then(|query| query::to_pass_on(query, origin.shape));
    let made = Call::new(origin, pinned, endpoint, (uri, headers), (document, facts), hold);
    Ok(Box::new(Call { query, form, waited, ..made }))
}

fn unreadable(error: &FactsError) -> Refusal {
    let code = match error {
        FactsError::Duplicate(_) => ErrorCode::DuplicateMember,
        _ => ErrorCode::InvalidMember,
    };
    let refusal = Refusal::new(code, error.to_string());
    match error.param() {
        Some(param) => refusal.with_param(param),
        None => refusal,
    }
}

fn refuse(gateway: &Gateway, refused: &Refused, shape: ClientShape, id: &RequestId) -> Response<AnswerBody> {
    let Refused { refusal, key, client } = refused;
    let (key, request_id) = (key.as_deref(), id.as_str());
    if refusal.code.is_denial() {
        let at_milliseconds = gateway.wall_clock().as_millisecond().try_into().unwrap_or(0);
        // Whose key pair a signature claims to be of says nothing of who made it.
        let key = key.filter(|_| refusal.code != ErrorCode::SignatureRefused);
        let request_id = Some(request_id);
        let denial = Denial { key, address: *client, code: refusal.code, request_id, at_milliseconds };
        gateway.denials.count(&denial);
    }
    RequestRefused { request_id, key, code: refusal.code, message: &refusal.message }
        .emit(&gateway.telemetry);
    refusal.response(shape, id)
}
