//! One origin of a provider: its connections, and what every request to it has in common.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::provider::HttpVersion;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};
use hyper::client::conn::TrySendError;
use tokio::time::Instant;

use super::address::AddressPolicy;
use super::body::OutgoingBody;
use super::connect::{Connector, Route, Target};
use super::error::SendError;
use super::incoming::IncomingBody;
use super::proxy::{Proxies, bare_host};
use super::settings::TransportSettings;
use super::upgrade::UpgradeAnswer;
use super::{http1, http2};

/// What tells one pool of connections from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OriginKey {
    /// `https`; everything else is clear text.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority,
    /// The protocol that is spoken.
    pub http_version: HttpVersion,
    /// Which addresses the host may have.
    pub address_policy: AddressPolicy,
}

/// The connections to one origin.
pub struct Origin {
    connector: Arc<Connector>,
    target: Target,
    form: RequestForm,
    connections: Connections,
}

enum Connections {
    Http1(Arc<http1::Pool>),
    Http2(http2::Pool),
}

/// After this many kept-alive connections that turn out to be closed, a request opens one: all may be, as after a
/// restart of the provider.
const STALE_CONNECTIONS_MAX: usize = 8;

impl Origin {
    pub(super) fn new(connector: Arc<Connector>, key: &OriginKey, settings: &TransportSettings) -> Self {
        let target = Target::new(key, &connector.proxies);
        let form = RequestForm::new(key, &target);
        let connections = match key.http_version {
            HttpVersion::Http1 => {
                Connections::Http1(Arc::new(http1::Pool::new(settings.idle_connections_max)))
            }
            HttpVersion::Http2 => Connections::Http2(http2::Pool::default()),
        };
        Self { connector, target, form, connections }
    }

    /// Sends a request over a kept-alive or a new connection and waits for the head of the answer.
    ///
    /// `request.uri()` holds path and query only; `host` is set when absent. `connect_timeout` limits the opening of
    /// a connection (name lookup, TCP, proxy and TLS together); the answer may take as long as the caller waits.
    /// Dropping the future or the answer's body early stops the exchange: over HTTP/1.1 the connection closes at
    /// once, over HTTP/2 the stream is reset.
    ///
    /// A request is sent again, over another connection, only when none of it reached the first one: over HTTP/1.1 a
    /// kept connection is looked at before anything is written to it. One that closes later fails the request, which
    /// the provider may have processed (RFC 9110, section 9.2.2).
    ///
    /// # Errors
    /// When no connection can be made or no answer comes.
    pub async fn send(
        self: &Arc<Self>,
        mut request: Request<OutgoingBody>,
        connect_timeout: Duration,
    ) -> Result<Response<IncomingBody>, SendError> {
        self.form.apply(&mut request);
        match &self.connections {
            Connections::Http1(pool) => {
                let outgoing = Box::new(http1::Outgoing::new(request));
                self.send_http1(pool, outgoing, connect_timeout).await
            }
            Connections::Http2(pool) => self.send_http2(pool, request, connect_timeout).await,
        }
    }

    async fn send_http1(
        &self,
        pool: &Arc<http1::Pool>,
        mut outgoing: Box<http1::Outgoing>,
        connect_timeout: Duration,
    ) -> Result<Response<IncomingBody>, SendError> {
        for _ in 0..STALE_CONNECTIONS_MAX {
            let Some(mut connection) = pool.take() else { break };
            if !connection.is_open() {
                continue;
            }
            match connection.exchange(outgoing).await {
                Ok(answer) => return Ok(answer.map(|()| IncomingBody::http1(connection, pool))),
                Err(http1::Unanswered::Unsent(unsent)) => outgoing = unsent,
                Err(http1::Unanswered::Failed(fault)) => return Err(SendError::from_fault(fault, true)),
            }
        }
        // Boxed, so that requests over kept-alive connections do not carry the room for it.
        let stream = Box::pin(self.connector.connect(&self.target, connect_timeout)).await?;
        let mut connection = http1::Connection::new(stream);
        match connection.exchange(outgoing).await {
            Ok(answer) => Ok(answer.map(|()| IncomingBody::http1(connection, pool))),
            Err(http1::Unanswered::Unsent(_)) => Err(SendError::Closed { reused: false }),
            Err(http1::Unanswered::Failed(fault)) => Err(SendError::from_fault(fault, false)),
        }
    }

    /// Asks for another protocol on a new connection (RFC 9110, section 7.8), over HTTP/1.1: the origin must be one of that
    /// version. Everything else is as for [`Self::send`].
    ///
    /// # Errors
    /// When no connection can be made or no answer comes.
    pub async fn upgrade(
        &self,
        mut request: Request<OutgoingBody>,
        connect_timeout: Duration,
    ) -> Result<UpgradeAnswer, SendError> {
        self.form.apply(&mut request);
        let outgoing = Box::new(http1::Outgoing::new(request));
        let stream = Box::pin(self.connector.connect(&self.target, connect_timeout)).await?;
        let mut connection = http1::Connection::new(stream);
        match connection.exchange(outgoing).await {
            Ok(answer) => Ok(UpgradeAnswer::new(answer, connection)),
            Err(http1::Unanswered::Unsent(_)) => Err(SendError::Closed { reused: false }),
            Err(http1::Unanswered::Failed(fault)) => Err(SendError::from_fault(fault, false)),
        }
    }

    async fn send_http2(
        &self,
        pool: &http2::Pool,
        mut request: Request<OutgoingBody>,
        connect_timeout: Duration,
    ) -> Result<Response<IncomingBody>, SendError> {
        for _ in 0..STALE_CONNECTIONS_MAX {
            let (mut sender, place) = match pool.take() {
                Some(taken) => taken,
                None => Box::pin(self.open_http2(pool, connect_timeout)).await?,
            };
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok(answer.map(|body| IncomingBody::http2(body, place))),
                Err(unanswered) => {
                    request = unsent(unanswered)?;
                    pool.remove(&place);
                }
            }
        }
        Err(SendError::Closed { reused: true })
    }

    /// Opens a connection, unless one has room by the time it is our turn to open one.
    async fn open_http2(
        &self,
        pool: &http2::Pool,
        connect_timeout: Duration,
    ) -> Result<(hyper::client::conn::http2::SendRequest<OutgoingBody>, http2::Place), SendError> {
        let opening = async {
            let _turn = pool.opening.lock().await;
            if let Some(taken) = pool.take() {
                return Ok(taken);
            }
            let stream = self.connector.connect(&self.target, connect_timeout).await?;
            Ok(pool.add(http2::Connection::open(stream).await?))
        };
        match tokio::time::timeout(connect_timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => {
                Err(SendError::ConnectTimeout { host: self.target.host.clone(), after: connect_timeout })
            }
        }
    }

    pub(super) fn reap(&self, now: Instant, idle_timeout: Duration) {
        match &self.connections {
            Connections::Http1(pool) => pool.reap(now, idle_timeout),
            Connections::Http2(pool) => pool.reap(now, idle_timeout),
        }
    }

    /// How many connections are kept: the idle ones over HTTP/1.1, all over HTTP/2.
    #[must_use]
    pub fn kept_connections(&self) -> usize {
        match &self.connections {
            Connections::Http1(pool) => pool.idle_connections(),
            Connections::Http2(pool) => pool.connections(),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Origin({}:{})", self.target.host, self.target.port)
    }
}

/// The request, when none of it was written; the failure otherwise.
fn unsent(mut unanswered: TrySendError<Request<OutgoingBody>>) -> Result<Request<OutgoingBody>, SendError> {
    match unanswered.take_message() {
        Some(request) => Ok(request),
        None => Err(failure(unanswered.into_error())),
    }
}

/// An exchange over HTTP/2 that ended without an answer.
fn failure(error: hyper::Error) -> SendError {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() || is_hang_up(&error) {
        SendError::Closed { reused: true }
    } else {
        SendError::Http2(error)
    }
}

/// Whether the other side hung up, as the operating system or the TLS library tells it.
fn is_hang_up(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    })
}

impl Target {
    fn new(key: &OriginKey, proxies: &Proxies) -> Self {
        let tls = key.scheme == Scheme::HTTPS;
        let route = match proxies.for_origin(&key.scheme, &key.authority) {
            None => Route::Direct,
            // A forwarding proxy looks the name up for itself, past the check, and speaks HTTP/1.1 only.
            Some(proxy)
                if !tls
                    && key.address_policy == AddressPolicy::Any
                    && key.http_version == HttpVersion::Http1 =>
            {
                Route::Forward(proxy)
            }
            Some(proxy) => Route::Tunnel(proxy),
        };
        Self {
            host: bare_host(key.authority.host()).into(),
            port: key.authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            version: key.http_version,
            address_policy: key.address_policy,
            route,
        }
    }
}

/// How a request says where it goes.
enum RequestForm {
    /// Path and query in the request line, and a `host` header (RFC 9112, section 3.2.1).
    Path { host: HeaderValue },
    /// The whole URL in the request line, for a proxy (RFC 9112, section 3.2.2).
    Whole { host: HeaderValue, base: Base, authorization: Option<HeaderValue> },
    /// Scheme, authority and path apart, and no `host` header (RFC 9113, section 8.3.1).
    Pseudo { base: Base },
}

struct Base {
    scheme: Scheme,
    authority: Authority,
}

impl RequestForm {
    fn new(key: &OriginKey, target: &Target) -> Self {
        let base = Base { scheme: key.scheme.clone(), authority: key.authority.clone() };
        match (&target.route, key.http_version) {
            (_, HttpVersion::Http2) => Self::Pseudo { base },
            (Route::Forward(proxy), HttpVersion::Http1) => {
                Self::Whole { host: host_header(key), base, authorization: proxy.authorization.clone() }
            }
            (_, HttpVersion::Http1) => Self::Path { host: host_header(key) },
        }
    }

    fn apply(&self, request: &mut Request<OutgoingBody>) {
        match self {
            Self::Path { host } => set_host(request, host),
            Self::Whole { host, base, authorization } => {
                set_host(request, host);
                base.complete(request);
                if let Some(authorization) = authorization {
                    request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
                }
            }
            Self::Pseudo { base } => {
                base.complete(request);
                request.headers_mut().remove(HOST);
                *request.version_mut() = Version::HTTP_2;
            }
        }
    }
}

impl Base {
    fn complete(&self, request: &mut Request<OutgoingBody>) {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        // Scheme, authority and path make a whole URL; an absent path becomes `/`.
        parts.path_and_query.get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
}

fn set_host(request: &mut Request<OutgoingBody>, host: &HeaderValue) {
    if !request.headers().contains_key(HOST) {
        request.headers_mut().insert(HOST, host.clone());
    }
}

/// Host and port, without the default port of the scheme.
fn host_header(key: &OriginKey) -> HeaderValue {
    let host = key.authority.host();
    let default = if key.scheme == Scheme::HTTPS { 443 } else { 80 };
    let text = match key.authority.port_u16() {
        Some(port) if port != default => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    // The characters of an authority are all allowed in a header.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
