//! Realtime sessions: a WebSocket of the client's, one to a provider, and frames between them as they came.
//!
//! The handshake goes the way of every request: key, route, attempts with fallback. Only when a provider has agreed does the
//! client get its 101. Then [`Session::run`] relays, on the task of the client's connection, until either side ends it.

mod account;
mod end;
mod flow;
mod session;

use std::sync::Arc;

use bytes::Bytes;
use domain::{Endpoint, ErrorCode};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, header};
use hyper::body::{Body, Incoming};
use providers::websocket::is_key;
use wire::formats::{RequestKind, facts};
use wire::json::{Document, ScanLimits};

use crate::admission::admit;
use crate::answer::AnswerBody;
use crate::attempt::{Call, Opened, dispatch};
use crate::ending::{Ending, Origin};
use crate::handoff;
use crate::ingress::query;
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::route_of::route_of;

pub use session::Session;

/// How browsers, which can set no headers, present a key: `openai-insecure-api-key.KEY` among the subprotocols (OpenAI,
/// "Realtime API with WebSockets").
const KEY_PROTOCOL: &str = "openai-insecure-api-key.";

/// How browsers name an organization or a project (the same page). Which of them a provider charges is the credential's to
/// say, as it is with headers.
const ACCOUNT_PROTOCOLS: [&str; 2] = ["openai-organization.", "openai-project."];

const UPGRADE_REQUIRED: &str = "a realtime session is a WebSocket over HTTP/1.1: send `upgrade: websocket`, `connection: upgrade`, \
                                `sec-websocket-version: 13` and a `sec-websocket-key` of 16 bytes, and no body";

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
    let is_bare = request.version() == Version::HTTP_11 && request.body().is_end_stream();
    if !is_bare || !is_handshake(request.headers()) {
        return Err(Refusal::new(ErrorCode::UpgradeRequired, UPGRADE_REQUIRED));
    }
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
    let (query, hold) = (query::without_model(query), origin.gateway.budget.hold());
    let made = Call::new(
        origin,
        Arc::clone(&pinned),
        Endpoint::Realtime,
        (head.uri, headers),
        (document, facts),
        hold,
    );
    let mut call = Box::new(Call { query, ..made });
    let route = route_of(&mut call)?;
    let route = admit(&mut call, route).await?;
    let mut response = dispatch(call, route).await?;
    if let Some((opened, ending)) = handoff::take::<(Opened, Box<Ending>)>(response.extensions_mut()) {
        handoff::put(response.extensions_mut(), Session::new(client, opened, ending, pinned));
    }
    Ok(response)
}

/// Whether these are the headers of a WebSocket handshake (RFC 6455 section 4.2.1).
fn is_handshake(headers: &HeaderMap) -> bool {
    let lists = |name: HeaderName, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    lists(header::UPGRADE, "websocket")
        && lists(header::CONNECTION, "upgrade")
        && lists(header::SEC_WEBSOCKET_VERSION, "13")
        && key.is_some_and(is_key)
}

/// Takes the gateway's key out of what the provider is told, and what would go with a key of the provider's.
fn hide_key(headers: &mut HeaderMap) {
    let is_hidden = |protocol: &&str| {
        let mut hidden = ACCOUNT_PROTOCOLS.iter().chain(&[KEY_PROTOCOL]);
        hidden.any(|hidden| protocol.starts_with(hidden))
    };
    let kept: Vec<&str> = protocols(headers).filter(|protocol| !is_hidden(protocol)).collect();
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
    use super::{HeaderMap, HeaderValue, header, hide_key, is_handshake, key_in_protocols};

    #[test]
    fn a_browsers_key_is_read_and_never_passed_on() {
        let mut headers = HeaderMap::new();
        let offered = HeaderValue::from_static(
            "realtime, openai-insecure-api-key.tg-1, openai-project.p, openai-beta.x",
        );
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
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let headers: HeaderMap =
            parts.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        assert!(is_handshake(&headers));
        for (name, _) in parts {
            let mut headers = headers.clone();
            headers.remove(&name);
            assert!(!is_handshake(&headers), "{name}");
        }
        for key in ["", "x", "dGhlIHNhbXBsZSBub25jZQ", "c2hvcnQ="] {
            let mut headers = headers.clone();
            headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static(key));
            assert!(!is_handshake(&headers), "{key}");
        }
    }
}
