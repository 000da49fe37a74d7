//! Realtime sessions: a WebSocket of the client's, one to a provider, and frames between them as they came.
//!
//! The handshake goes the way of every request: key, route, attempts with fallback. Only when a provider has agreed does the
//! client get its 101. Then [`Session::run`] relays, on the task of the client's connection, until either side ends it.

mod account;
mod end;
mod flow;
mod session;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Endpoint, ErrorCode};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use parking_lot::Mutex;
use wire::formats::{RequestKind, facts};
use wire::json::{Document, ScanLimits};

use crate::answer::AnswerBody;
use crate::attempt::{Call, Opened, dispatch};
use crate::ending::{Ending, Origin};
use crate::ingress::query;
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::route_of::route_of;

pub use session::Session;

/// How browsers, which can set no headers, present a key: `openai-insecure-api-key.KEY` among the subprotocols (OpenAI,
/// "Realtime API with WebSockets").
const KEY_PROTOCOL: &str = "openai-insecure-api-key.";

/// The key among a handshake's subprotocols.
pub(crate) fn key_in_protocols(headers: &HeaderMap) -> Option<&str> {
    protocols(headers).find_map(|protocol| protocol.strip_prefix(KEY_PROTOCOL))
}

/// Opens a session.
///
/// # Errors
/// When the request is no handshake, names no model, or no target agrees.
pub(crate) async fn open(
    origin: Origin,
    pinned: Arc<Pinned>,
    mut request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    check(request.headers())?;
    let client = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    let mut headers = head.headers;
    hide_key(&mut headers);
    let internal = |error: &dyn std::fmt::Display| Refusal::new(ErrorCode::Internal, error.to_string());
    let document = Document::parse(Bytes::from_static(b"{}"), ScanLimits::default())
        .map_err(|error| internal(&error))?;
    let mut facts = facts(RequestKind::Responses, &document).map_err(|error| internal(&error))?;
    facts.model = query::model_in(query);
    let mut call = Call {
        hold: origin.gateway.budget.hold(),
        origin,
        pinned: Arc::clone(&pinned),
        endpoint: Endpoint::Realtime,
        headers,
        query: query::without_model(query),
        document,
        facts,
        owner: None,
        kept: None,
        form: None,
        waited: Duration::ZERO,
    };
    let route = route_of(&mut call)?;
    let mut response = dispatch(call, route).await?;
    if let Some(provided) = response.extensions_mut().remove::<Provided>()
        && let Some((opened, ending)) = provided.0.lock().take()
    {
        let session = Session::new(client, opened, ending, pinned);
        response.extensions_mut().insert(session.into_slot());
    }
    Ok(response)
}

/// The provider's side of a session, on its way from the attempt to the client's side.
#[derive(Clone)]
struct Provided(Arc<Mutex<Option<(Opened, Ending)>>>);

/// The client's 101 for a provider's.
pub(crate) fn accepted(
    mut head: http::response::Parts,
    opened: Opened,
    ending: Ending,
) -> Response<AnswerBody> {
    head.status = StatusCode::SWITCHING_PROTOCOLS;
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    head.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    head.extensions.insert(Provided(Arc::new(Mutex::new(Some((opened, ending))))));
    Response::from_parts(head, AnswerBody::whole([]))
}

/// Whether this is a WebSocket handshake (RFC 6455 section 4.2.1).
fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let lists = |name: HeaderName, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let is_handshake = lists(header::UPGRADE, "websocket")
        && lists(header::CONNECTION, "upgrade")
        && lists(header::SEC_WEBSOCKET_VERSION, "13")
        && headers.contains_key(header::SEC_WEBSOCKET_KEY);
    if is_handshake {
        return Ok(());
    }
    let message = "a realtime session is a WebSocket over HTTP/1.1: send `upgrade: websocket`, `connection: upgrade`, \
                   `sec-websocket-version: 13` and a `sec-websocket-key`";
    Err(Refusal::new(ErrorCode::UpgradeRequired, message))
}

/// Takes the gateway's key out of what the provider is told.
fn hide_key(headers: &mut HeaderMap) {
    let kept: Vec<&str> = protocols(headers).filter(|protocol| !protocol.starts_with(KEY_PROTOCOL)).collect();
    let kept = HeaderValue::try_from(kept.join(", ")).ok().filter(|kept| !kept.is_empty());
    headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
    if let Some(kept) = kept {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, kept);
    }
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderValue, check, header, hide_key, key_in_protocols};

    #[test]
    fn a_browsers_key_is_read_and_never_passed_on() {
        let mut headers = HeaderMap::new();
        let offered = HeaderValue::from_static("realtime, openai-insecure-api-key.tg-1, openai-beta.x");
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
        assert_eq!(key_in_protocols(&headers), Some("tg-1"));
        hide_key(&mut headers);
        assert_eq!(headers[header::SEC_WEBSOCKET_PROTOCOL], "realtime, openai-beta.x");
        headers
            .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("openai-insecure-api-key.tg-1"));
        hide_key(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn a_handshake_has_all_of_its_parts() {
        let parts = [
            (header::UPGRADE, "WebSocket"),
            (header::CONNECTION, "keep-alive, Upgrade"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "x"),
        ];
        let headers: HeaderMap =
            parts.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        assert!(check(&headers).is_ok());
        for (name, _) in parts {
            let mut headers = headers.clone();
            headers.remove(&name);
            assert_eq!(check(&headers).unwrap_err().code.status(), 426, "{name}");
        }
    }
}
