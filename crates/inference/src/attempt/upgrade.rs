//! A WebSocket handshake with a provider, an attempt like any other: until the provider has agreed, another credential or
//! another target can still be tried.

use std::pin::pin;
use std::time::Duration;

use domain::provider::HttpVersion;
use domain::route::Target;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use providers::transport::{OutgoingBody, Transport, UpgradeAnswer, UpgradedStream};
use providers::websocket::accept;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::Call;
use super::deadline::Deadlines;
use super::encode::{Address, Draft, JSON, WayBack};
use super::exchange::{AttemptSettings, origin_key, read_error_answer};
use super::failed::FailedAttempt;
use super::hold::Committed;
use super::place::Place;
use super::translate::not_served;
use crate::answer::AnswerBody;
use crate::ending::Ending;
use crate::handoff;

/// The provider's side of a WebSocket, and what limits it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stream: UpgradedStream,
    /// The longest silence on both sides.
    pub(crate) idle: Option<Duration>,
    /// When it must be over.
    pub(crate) total_until: Option<Instant>,
}

/// The client's 101 for a provider's.
pub(super) fn accepted(mut head: Parts, opened: Opened, ending: Box<Ending>) -> Response<AnswerBody> {
    head.status = StatusCode::SWITCHING_PROTOCOLS;
    name_protocol(&mut head.headers);
    handoff::put(&mut head.extensions, (opened, ending));
    Response::from_parts(head, AnswerBody::whole([]))
}

/// The handshake for a target.
///
/// # Errors
/// When the target opens no WebSockets.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    let place = Place::of(&target.provider, call.endpoint, model, false)
        .ok_or_else(|| not_served(&target.provider, call))?;
    Ok(Draft {
        body: SmallVec::new(),
        content_type: JSON,
        further: Vec::new(),
        place,
        with_query: false,
        // Beside the model, which is in the path's own query.
        address: Address { in_path: None, query: call.query.as_deref().map(Into::into) },
        way_back: WayBack::Upgraded,
        dropped: None,
    })
}

/// The headers of the handshake (RFC 6455 section 4.1). The client's own key goes along, so that each connection has a new
/// one. Extensions are left out: frames that one compresses could not be metered.
pub(super) fn write_handshake(headers: &mut HeaderMap, client: &HeaderMap) {
    name_protocol(headers);
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION, header::SEC_WEBSOCKET_PROTOCOL] {
        if let Some(value) = client.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}

/// What both sides of a handshake say (RFC 6455 sections 4.1 and 4.2.2).
fn name_protocol(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
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
    // Whatever else is spoken to it: HTTP/2 opens WebSockets otherwise (RFC 8441), and few servers do.
    let origin = transport.origin(&origin_key(settings.target, HttpVersion::Http1));
    match deadlines.bound(false, pin!(origin.upgrade(request, timeouts.connect))).await?? {
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
