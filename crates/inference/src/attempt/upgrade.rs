//! A WebSocket handshake with a provider, an attempt like any other: until the provider has agreed, another credential or
//! another target can still be tried.

use std::sync::Arc;

use domain::provider::HttpVersion;
use domain::route::Target;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, header};
use providers::transport::{AddressPolicy, Origin, OriginKey, OutgoingBody, Transport, UpgradeAnswer};
use providers::websocket::accept;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::Call;
use super::deadline::Deadlines;
use super::encode::{Draft, JSON, WayBack};
use super::exchange::{AttemptSettings, read_error_answer};
use super::failed::FailedAttempt;
use super::hold::{Committed, Opened};
use super::translate::not_served;

/// The handshake for a target.
///
/// # Errors
/// When the target opens no WebSockets.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    let offer = target.provider.offer(call.endpoint, model);
    let place = offer.and_then(|offer| Some((offer, offer.path(call.endpoint, false)?)));
    let (offer, path) = place.ok_or_else(|| not_served(&target.provider, call))?;
    let way_back = WayBack::Upgraded;
    Ok(Draft {
        body: SmallVec::new(),
        content_type: JSON,
        further: Vec::new(),
        offer,
        path,
        with_query: false,
        way_back,
        dropped: None,
    })
}

/// A path with what else the client's query says; the model is in the path's own.
pub(super) fn with_query(path: PathAndQuery, query: Option<&str>) -> Option<PathAndQuery> {
    let Some(query) = query else { return Some(path) };
    let separator = if path.query().is_some() { '&' } else { '?' };
    PathAndQuery::try_from(format!("{path}{separator}{query}")).ok()
}

/// The headers of the handshake (RFC 6455 section 4.1). The client's own key goes along, so that each connection has a new
/// one. Extensions are left out: frames that one compresses could not be metered.
pub(super) fn write_handshake(headers: &mut HeaderMap, client: &HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION, header::SEC_WEBSOCKET_PROTOCOL] {
        if let Some(value) = client.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}

/// Opens a WebSocket at a provider.
///
/// # Errors
/// With the provider's own answer when it gave another than that.
pub(super) async fn open(
    request: Request<OutgoingBody>,
    transport: &Transport,
    settings: &AttemptSettings<'_>,
) -> Result<Committed, FailedAttempt> {
    let timeouts = settings.target.timeouts;
    let deadlines = Deadlines::from(Instant::now(), timeouts);
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let accepted = accept(key.unwrap_or_default());
    let origin = origin_of(settings.target, transport);
    match deadlines.bound(false, origin.upgrade(request, timeouts.connect)).await?? {
        UpgradeAnswer::Switched(answer, stream) => {
            let (head, ()) = answer.into_parts();
            if head.headers.get(header::SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| *accept != accepted) {
                return Err(FailedAttempt::broken("the handshake was answered without its proof"));
            }
            if head.headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
                return Err(FailedAttempt::broken("an extension was chosen that nobody offered"));
            }
            let opened = Opened { stream, idle: deadlines.idle(), total_until: deadlines.total_until() };
            Ok(Committed::Upgraded(head, opened))
        }
        UpgradeAnswer::Other(answer) if answer.status().is_success() => {
            Err(FailedAttempt::broken("a plain answer came instead of a WebSocket"))
        }
        UpgradeAnswer::Other(answer) => Err(read_error_answer(answer, &deadlines, settings).await),
    }
}

/// The target's host over HTTP/1.1, whatever else is spoken to it: HTTP/2 opens WebSockets otherwise (RFC 8441), and few
/// servers do.
fn origin_of(target: &Target, transport: &Transport) -> Arc<Origin> {
    let (base, address_policy) = match &target.custom_host {
        Some(custom) if custom.from_request => (&custom.base, AddressPolicy::PublicOnly),
        Some(custom) => (&custom.base, AddressPolicy::Any),
        None => (&target.provider.base, AddressPolicy::Any),
    };
    transport.origin(&OriginKey {
        scheme: base.scheme.clone(),
        authority: base.authority.clone(),
        http_version: HttpVersion::Http1,
        address_policy,
    })
}
