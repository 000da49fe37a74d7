//! `/providers/{name}/…` and unknown paths of drop-in prefixes: any path of a provider, both bodies unread.
//!
//! No model check can cover this, so a key needs `passthrough: true` for it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::client_header::{Withheld, withheld};
use domain::endpoint::ClientShape;
use domain::{ApiKey, Endpoint, ErrorCode, Failure, FailureClass, Provider};
use engine::classify::{ErrorFacts, classify};
use fleet::allotted::{Admitted, Called, tell};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Request, Response, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use providers::sign_in::prove;
use providers::transport::{OutgoingBody, SendError};
use telemetry::meters::Outcome;
use tokio::time::Instant;

use crate::admission::admit_unread;
use crate::answer::{AnswerBody, Held, OpaqueRelay, Served, listed_by_connection, prepare, sign};
use crate::attempt::Deadlines;
use crate::ending::{Ending, Origin};
use crate::gateway::Gateway;
use crate::ingress::query;
use crate::patience::Silence;
use crate::pinned::{Pinned, ProviderState};
use crate::refusal::Refusal;
use crate::region::Residence;

/// Where a request is relayed to.
pub(crate) struct Relayed<'a> {
    pub(crate) provider: &'a Arc<Provider>,
    /// The whole path at the provider, without a query.
    pub(crate) path: String,
    /// Which of the provider's credentials to use.
    pub(crate) credential: usize,
    /// For metrics; `None` for a pass-through.
    pub(crate) endpoint: Option<Endpoint>,
    /// What is held for it of limits and budgets.
    pub(crate) admitted: Option<Box<Admitted>>,
}

/// Relays a request to any path of a provider.
///
/// # Errors
/// 403 when the key may not, 404 when there is no such provider, 408 when the client broke its body off.
pub(crate) async fn relay(
    origin: Origin,
    pinned: &Pinned,
    name: &str,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let key = &origin.key;
    if !key.passthrough || !key.allows_provider(name) {
        let message = format!(
            "the key `{}` may not pass through to `{name}`; its owner can set `passthrough: true`",
            key.name
        );
        return Err(Refusal::new(ErrorCode::PassthroughNotAllowed, message));
    }
    let workspace = &key.subject.workspace;
    if !workspace.passthrough {
        let message = format!(
            "the workspace `{}` may not pass through to providers; its owner can set `passthrough: true`",
            workspace.name
        );
        return Err(Refusal::new(ErrorCode::PassthroughNotAllowed, message));
    }
    let provider = pinned.snapshot.provider(name).filter(|_| !key.cannot_see(name));
    let provider = provider.ok_or_else(|| unknown_provider(pinned, name, key))?;
    let path = joined(&provider.base.prefix, path)?;
    let (credential, admitted) = admit_unread(&origin, pinned, provider, request.headers()).await?;
    let relayed = Relayed { provider, path, credential, endpoint: None, admitted };
    relay_to(origin, pinned, relayed, request).await
}

/// Relays a request to one path of one provider with one of its credentials.
///
/// # Errors
/// 408 when the client broke its body off; 451 when the provider is where the request must not be served.
pub(crate) async fn relay_to(
    origin: Origin,
    pinned: &Pinned,
    mut to: Relayed<'_>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let residence = Residence::of(request.headers(), &origin.key)?;
    if !residence.permits(to.provider.region.as_ref()) {
        return Err(residence.refusal(&format!("the provider `{}`", to.provider.name)));
    }
    let state = pinned.state(to.provider);
    let no_credential = || Refusal::new(ErrorCode::Internal, "the provider has no such credential");
    let credential = to.provider.credentials.get(to.credential).ok_or_else(no_credential)?;
    let mut outgoing = outgoing(request, &to, origin.shape)?;
    let now = origin.gateway.wall_clock().into();
    let proven = prove(&mut outgoing, credential, None, &to.provider.base, now);
    let mut ending = Ending::new(Origin { endpoint: to.endpoint, ..origin });
    let (mut told, mut call_number) = (HeaderMap::new(), None);
    if let Some(admitted) = &to.admitted {
        admitted.tell(&mut told);
        let called = Called::of(&to.provider.name, None, &credential.id);
        call_number = Some(admitted.sent().begun(Some(called)));
    }
    ending.holds(to.admitted.take());
    ending.attempt(&state, None);
    if let Err(problem) = proven {
        ending.failed(call_number, false);
        let failure = Failure::without_status(FailureClass::Credential, problem.to_string());
        return Ok(unreachable(&failure, &state, ending));
    }
    let timeouts = pinned.snapshot.route_defaults.timeouts;
    let sent = Instant::now();
    let deadlines = Deadlines::from(sent, timeouts);
    let sending = deadlines.bound(false, pin!(state.origin.send(outgoing, timeouts.connect))).await;
    ending.waited(sent.elapsed());
    let response = match sending {
        Ok(Ok(response)) => response,
        Ok(Err(SendError::Request(problem))) => {
            // It is the client that left; the account is closed as cancelled.
            return Err(Refusal::new(ErrorCode::BodyTimeout, format!("the body broke off: {problem}")));
        }
        Ok(Err(error)) => {
            let failure = Failure::without_status(error.failure_class(), error.to_string());
            return Ok(unreachable(&failure, &state, ending));
        }
        Err(failure) => return Ok(unreachable(&failure, &state, ending)),
    };
    let (mut head, body) = response.into_parts();
    note_refused_credential(&head, &state, to.credential, &ending.origin.gateway);
    let overhead = ending.answered(head.status.as_u16());
    prepare(&mut head, &served(&state, &ending, overhead));
    tell(told, &mut head.headers);
    let silence = Silence::new(deadlines.idle(), deadlines.total_until());
    Ok(Response::from_parts(
        head,
        AnswerBody::opaque(OpaqueRelay::new(Held::default(), body, silence, ending)),
    ))
}

/// A credential that is refused or over its quota here rests for model calls too.
fn note_refused_credential(head: &Parts, state: &ProviderState, credential: usize, gateway: &Gateway) {
    let facts = ErrorFacts { status: head.status.as_u16(), ..ErrorFacts::default() };
    let class = classify(facts, &[]);
    if matches!(class, FailureClass::Credential | FailureClass::RateLimited) {
        let limits = &state.provider.rate_limit_headers;
        let wish = engine::retry_after::retry_after(&head.headers, limits, gateway.wall_clock());
        state.bench.failed(credential, class, wish, gateway.uptime());
    }
}

fn outgoing(
    request: Request<Incoming>,
    to: &Relayed<'_>,
    shape: ClientShape,
) -> Result<Request<OutgoingBody>, Refusal> {
    let (head, body) = request.into_parts();
    let with_query = match head.uri.query().and_then(|query| query::to_pass_on(query, shape)) {
        Some(query) => format!("{}?{query}", to.path),
        None => to.path.clone(),
    };
    let path = PathAndQuery::try_from(with_query)
        .map_err(|_| Refusal::new(ErrorCode::PathNotFound, "the path cannot be sent to the provider"))?;
    let empty = hyper::body::Body::is_end_stream(&body);
    let body = if empty { OutgoingBody::Empty } else { OutgoingBody::stream(body.map_err(Into::into)) };
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = head.method;
    *outgoing.uri_mut() = Uri::from(path);
    *outgoing.headers_mut() = passed_on(&head.headers, to.provider);
    Ok(outgoing)
}

/// All of the client's headers but those of its connection, its key, and those meant for the gateway.
fn passed_on(client: &HeaderMap, provider: &Provider) -> HeaderMap {
    let listed = listed_by_connection(client);
    let passed = |name: &HeaderName| !stays_behind(name) && !listed.contains(name);
    let mut headers = HeaderMap::with_capacity(client.len());
    for (name, value) in client.iter().filter(|(name, _)| passed(name)) {
        headers.append(name, value.clone());
    }
    for (name, value) in &provider.default_headers {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers
}

/// Whether a header is the gateway's or the connection's and not the provider's. What describes the body goes along,
/// since the body does, as it is.
fn stays_behind(name: &HeaderName) -> bool {
    const OF_THE_BODY: [HeaderName; 4] =
        [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ACCEPT_ENCODING];
    match withheld(name) {
        Some(Withheld::Connection) => !OF_THE_BODY.contains(name),
        Some(Withheld::Credential | Withheld::Gateway) => true,
        None => name == header::FORWARDED || name.as_str().starts_with("x-forwarded-"),
    }
}

/// The provider's base path and the client's, without a doubled version (`/v1` + `/v1/files`). A path that climbs
/// (`..`, also percent-encoded) is refused: it could leave what the operator named.
fn joined(prefix: &str, path: &str) -> Result<String, Refusal> {
    let climbs = path.split('/').any(|segment| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == ".." || plain == "."
    });
    if climbs
        || path.contains('\\')
        || path.to_ascii_lowercase().contains("%2f")
        || path.to_ascii_lowercase().contains("%5c")
    {
        return Err(Refusal::new(ErrorCode::PathNotFound, "a path must not climb with `..` or hide a slash"));
    }
    let version = prefix.rsplit('/').next().map(|last| format!("/{last}")).filter(|last| last.len() > 1);
    let below = version
        .as_deref()
        .and_then(|version| path.strip_prefix(version))
        .filter(|rest| rest.starts_with('/'));
    Ok(format!("{prefix}{}", below.unwrap_or(path)))
}

/// The answer when the provider could not be reached.
fn unreachable(failure: &Failure, state: &ProviderState, mut ending: Box<Ending>) -> Response<AnswerBody> {
    let code = match failure.class {
        FailureClass::Timeout(_) => ErrorCode::TargetsTimedOut,
        _ => ErrorCode::TargetsFailed,
    };
    let message = format!("{}: {} ({})", state.provider.name, failure.class.name(), failure.detail);
    let mut response = Refusal::new(code, message).response(ending.origin.shape, &ending.origin.id);
    let overhead = ending.answered(code.status());
    sign(response.headers_mut(), &served(state, &ending, overhead));
    ending.end(Outcome::Failed);
    response
}

fn served<'a>(state: &'a ProviderState, ending: &'a Ending, overhead: Duration) -> Served<'a> {
    Served {
        id: &ending.origin.id,
        provider: state,
        model: None,
        attempts: 1,
        overhead,
        dropped: None,
        estimated: false,
        cost: None,
    }
}

fn unknown_provider(pinned: &Pinned, name: &str, key: &ApiKey) -> Refusal {
    let visible = pinned.snapshot.provider_names().filter(|name| !key.cannot_see(name.as_str()));
    let live: Vec<String> = visible.map(ToString::to_string).collect();
    let shown: String = name.chars().take(64).collect();
    let message = format!("no provider `{shown}` is live; there are: {}", live.join(", "));
    Refusal::new(ErrorCode::ProviderNotFound, message)
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_version_is_not_doubled() {
        assert_eq!(joined("/openai/v1", "/v1/files").unwrap(), "/openai/v1/files");
        assert_eq!(joined("/openai/v1", "/files").unwrap(), "/openai/v1/files");
        assert_eq!(joined("", "/v1/files").unwrap(), "/v1/files");
        assert_eq!(joined("/v1", "/v11/files").unwrap(), "/v1/v11/files");
    }

    #[test]
    fn a_path_that_climbs_is_refused() {
        for path in ["/../admin", "/a/%2e%2e/b", "/a/.%2E/b", "/a%2f..%2fb", "/a\\b", "/./a"] {
            assert!(joined("/v1", path).is_err(), "{path}");
        }
    }
}
