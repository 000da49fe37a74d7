//! One client connection: HTTP/1.1 or HTTP/2, with the bounds that protect the process from it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use domain::Limits;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use inference::Gateway;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::drain::begun;

/// Most streams at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;
/// As many as hyper reads by default.
const HEADERS_WITHOUT_ALLOCATION: usize = 100;
/// How often a silent HTTP/2 client is asked whether it is still there.
const PING_INTERVAL: std::time::Duration = std::time::Duration::from_secs(30);

/// How connections are served; made once.
#[derive(Debug, Clone)]
pub(super) struct Protocol(Builder<TokioExecutor>);

impl Protocol {
    pub(super) fn new(limits: &Limits, http2: bool) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_read_timeout);
        // Up to 100 headers are read without an allocation; more only where the operator allows more.
        if limits.headers_max >= HEADERS_WITHOUT_ALLOCATION {
            builder.http1().max_headers(limits.headers_max.saturating_add(1));
        }
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .keep_alive_interval(PING_INTERVAL)
            .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
        Self(if http2 { builder } else { builder.http1_only() })
    }

    /// Serves a connection until it ends; after `draining` it finishes the requests it has and takes no more.
    ///
    /// Boxed twice over, because an open stream holds this for minutes: an `async` block keeps room for a value in
    /// every place it passes through, and the connection is most of what there is.
    pub(super) fn serve<S>(
        &self,
        stream: S,
        gateway: Arc<Gateway>,
        draining: watch::Receiver<bool>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request| {
            let gateway = Arc::clone(&gateway);
            // Boxed, so that its memory is given back when the head of the answer is there, not when the connection ends.
            Box::pin(async move { Ok::<_, Infallible>(inference::serve(gateway, request).await) })
        });
        let connection = Box::pin(self.0.serve_connection(TokioIo::new(stream), service).into_owned());
        Box::pin(until_ended(connection, draining))
    }
}

/// Runs a connection to its end, gracefully once the drain begins.
async fn until_ended<C>(mut connection: Pin<Box<C>>, draining: watch::Receiver<bool>)
where
    C: GracefulConnection<Error: std::fmt::Display>,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = begun(draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that left in the middle is its own affair; the request's end is told elsewhere.
        tracing::debug!(%error, "connection ended");
    }
}
