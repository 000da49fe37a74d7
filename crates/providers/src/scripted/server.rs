//! A server that plays scripts over HTTP/1.1 and HTTP/2: the scripted provider's, or those of a test.

mod playback;
mod realtime;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::script::{Script, ScriptedRequest, Step};
use playback::{Departure, Playback};

pub use playback::{PlaybackBody, PlaybackError};

/// Says what is done about a request.
pub type Answerer = Arc<dyn Fn(ScriptedRequest) -> Script + Send + Sync>;

/// Is told of each request whose client left before the script was over.
pub type OnClientGone = Arc<dyn Fn(&ClientGone) + Send + Sync>;

/// A wait.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a wait of a length.
pub type Sleeper = Arc<dyn Fn(Duration) -> Wait + Send + Sync>;

/// A client that left before the script was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientGone {
    /// The path that was asked.
    pub path: String,
    /// How many parts of the body had been handed to the connection.
    pub parts_sent: usize,
}

/// The most connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;

/// The largest request body, in bytes; larger ones are refused with 413.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long nothing is accepted after accepting failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Plays scripts until told to stop.
#[derive(Clone)]
pub struct Server {
    answerer: Answerer,
    sleeper: Sleeper,
    on_client_gone: OnClientGone,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Serves with tokio's clock until `shutdown`, then drops all connections.
pub async fn serve(listener: TcpListener, answerer: Answerer, shutdown: impl Future<Output = ()> + Send) {
    Server::new(answerer).serve(listener, shutdown).await;
}

impl Server {
    /// A server that waits by tokio's clock and tells nobody of clients that leave.
    #[must_use]
    pub fn new(answerer: Answerer) -> Self {
        Self {
            answerer,
            sleeper: Arc::new(|length| Box::pin(tokio::time::sleep(length))),
            on_client_gone: Arc::new(|_| {}),
        }
    }

    /// The same with other waits.
    #[must_use]
    pub fn with_sleeper(mut self, sleeper: Sleeper) -> Self {
        self.sleeper = sleeper;
        self
    }

    /// The same, telling of clients that leave.
    #[must_use]
    pub fn on_client_gone(mut self, callback: OnClientGone) -> Self {
        self.on_client_gone = callback;
        self
    }

    /// Serves until `shutdown`, then drops all connections.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                    match accepted {
                        Ok((stream, _)) => { connections.spawn(self.clone().serve_connection(stream)); }
                        // Out of file descriptors, or a client that left at once: the next accept tells which.
                        Err(error) => {
                            tracing::debug!(%error, "the scripted provider could not accept a connection");
                            (self.sleeper)(ACCEPT_PAUSE).await;
                        }
                    }
                }
            }
        }
    }

    async fn serve_connection(self, stream: TcpStream) {
        // A stream that cannot be set is about to fail anyway, and says so when it is used.
        let _ = stream.set_nodelay(true);
        let session = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&session);
        let service = service_fn(move |request| self.clone().play(request, Arc::clone(&slot)));
        let builder = auto::Builder::new(TokioExecutor::new());
        // Connections end with an error whenever a script cuts one or a client leaves.
        if let Err(error) = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
            tracing::trace!(%error, "a connection of the scripted provider ended early");
        }
        let session = session.lock().take();
        if let Some(session) = session {
            session.await;
        }
    }

    async fn play(
        self,
        mut request: Request<Incoming>,
        session: Arc<Mutex<Option<Wait>>>,
    ) -> Result<Response<PlaybackBody>, PlaybackError> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            return Ok(too_large());
        };
        let request = ScriptedRequest {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.to_bytes(),
        };
        let mut departure = Departure::watch(request.path.clone(), self.on_client_gone);
        let handshake = request.headers.contains_key(header::UPGRADE).then(|| request.clone());
        let script = (self.answerer)(request);
        if let (Some(handshake), true) = (handshake, switches_protocols(&script)) {
            let switching = realtime::switching(&handshake);
            *session.lock() = Some(Box::pin(realtime::play(upgrade, handshake)));
            departure.is_over();
            return Ok(switching);
        }
        Playback::new(script, self.sleeper, departure).respond().await
    }
}

fn switches_protocols(script: &Script) -> bool {
    matches!(script.steps.first(), Some(Step::Head { status: StatusCode::SWITCHING_PROTOCOLS, .. }))
}

fn too_large() -> Response<PlaybackBody> {
    let mut response = Response::new(PlaybackBody::empty());
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

#[cfg(test)]
mod tests;
