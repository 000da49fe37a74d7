//! One client connection: HTTP/1.1 or HTTP/2, with the bounds that protect the process from it.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Limits;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use inference::{AnswerBody, Session};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::drain::begun;
use super::planes::Planes;
use super::stall::StallGuard;

/// Most streams at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;
/// The most that is read from a client at once, and kept for one that does not read: large bodies arrive in a few reads,
/// and their buffers are small enough that the allocator hands out the ones just freed.
const READ_BYTES_MAX: usize = 128 << 10;
/// The share of the drain after which a session is told that it ends; the rest is for its goodbyes.
const GOODBYE_AFTER: f32 = 0.9;
/// As many headers as hyper reads without an allocation.
const HEADERS_WITHOUT_ALLOCATION: usize = 100;
/// How often a silent HTTP/2 client is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How connections are served; made once.
///
/// hyper-util's automatic builder is not used: it hands the first 24 bytes on by themselves, after which hyper doubles
/// its read buffer, and an open stream keeps those 8 KiB for minutes.
#[derive(Debug, Clone)]
pub(super) struct Protocol {
    http1: http1::Builder,
    http2: Option<http2::Builder<TokioExecutor>>,
    head_read_timeout: Duration,
    write_stall_timeout: Duration,
    drain_timeout: Duration,
}

/// Whatever runs a connection to its end.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Protocol {
    pub(super) fn new(limits: &Limits, http2: bool) -> Self {
        Self {
            http1: http1_builder(limits),
            http2: http2.then(|| http2_builder(limits)),
            head_read_timeout: limits.head_read_timeout,
            write_stall_timeout: limits.write_stall_timeout,
            drain_timeout: limits.drain_timeout,
        }
    }

    /// Whether a clear-text client begins with HTTP/2's preface (RFC 9113 section 3.4, prior knowledge). Its first two
    /// bytes decide, since no method that is served here begins with `PR`; what is looked at stays to be read.
    pub(super) async fn client_chose_http2(&self, stream: &TcpStream) -> bool {
        let mut start = [0; 2];
        let peeked = tokio::time::timeout(self.head_read_timeout, stream.peek(&mut start)).await;
        peeked.is_ok() && start == *b"PR"
    }

    /// Runs a connection; after `draining` it finishes the requests it has and takes no more.
    ///
    /// Boxed, because an open stream holds this for minutes, and an `async` block keeps room for a value in every place
    /// that it passes through.
    pub(super) fn serve<S>(
        &self,
        (stream, peer): (S, IpAddr),
        is_http2: bool,
        planes: Arc<Planes>,
        draining: watch::Receiver<bool>,
    ) -> Running
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(StallGuard::new(stream, self.write_stall_timeout));
        let session = Arc::default();
        let service = Requests { planes, peer, session: Arc::clone(&session) };
        match self.http2.as_ref().filter(|_| is_http2) {
            Some(http2) => Box::pin(until_ended(Box::pin(http2.serve_connection(stream, service)), draining)),
            None => {
                let connection = Box::pin(self.http1.serve_connection(stream, service).with_upgrades());
                let goodbye_after = self.drain_timeout.mul_f32(GOODBYE_AFTER);
                Box::pin(async move {
                    until_ended(connection, draining.clone()).await;
                    run_session(&session, goodbye_after, draining).await;
                })
            }
        }
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_read_timeout)
        .max_buf_size(READ_BYTES_MAX.max(limits.head_bytes_max));
    if limits.headers_max >= HEADERS_WITHOUT_ALLOCATION {
        builder.max_headers(limits.headers_max.saturating_add(1));
    }
    builder
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// The requests of one connection, and the session that the last of them may open on it.
struct Requests {
    planes: Arc<Planes>,
    /// The other end of the connection.
    peer: IpAddr,
    session: Arc<Mutex<Option<Session>>>,
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    /// Boxed, so that its memory is given back when the answer's head is there, not when the connection ends.
    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let planes = Arc::clone(&self.planes);
        let (peer, session) = (self.peer, Arc::clone(&self.session));
        Box::pin(async move {
            let mut answer = planes.serve(request, peer).await;
            if let Some(opened) = Session::of(&mut answer) {
                *session.lock() = Some(opened);
            }
            Ok(answer)
        })
    }
}

/// A connection that can be told to finish the requests it has.
trait Finishing: Future<Output = hyper::Result<()>> {
    fn finish(self: Pin<&mut Self>);
}

impl<I: Read + Write + Unpin + Send + 'static> Finishing for http1::UpgradeableConnection<I, Requests> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I: Read + Write + Unpin> Finishing for http2::Connection<I, Requests, TokioExecutor> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Runs the session that a connection has become, if it has. Once the drain begins it has most of the drain's time left.
async fn run_session(
    session: &Mutex<Option<Session>>,
    goodbye_after: Duration,
    draining: watch::Receiver<bool>,
) {
    let session = session.lock().take();
    if let Some(session) = session {
        let stopping = async {
            begun(draining).await;
            tokio::time::sleep(goodbye_after).await;
        };
        Box::pin(session.run(stopping)).await;
    }
}

/// Runs a connection to its end, gracefully once the drain begins.
async fn until_ended<C>(mut connection: Pin<Box<C>>, draining: watch::Receiver<bool>)
where
    C: Finishing,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = begun(draining) => {
            connection.as_mut().finish();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that left in the middle is its own affair; the request's end is told elsewhere.
        tracing::debug!(%error, "connection ended");
    }
}
