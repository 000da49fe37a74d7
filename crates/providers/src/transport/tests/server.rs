//! Servers on the loopback interface that do what a test says, and a resolver that answers what a test says.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::transport::{BoxError, BoxedBody, Resolution, Resolve};

/// A server that hands each connection, numbered from 0, to a function.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start<S>(serve: impl Fn(usize, TcpStream) -> S + Send + 'static) -> Self
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(counter.fetch_add(1, Ordering::SeqCst), stream));
            }
        });
        Self { address, accepted, task }
    }

    /// A server of HTTP/1.1.
    pub(super) async fn http1<A>(
        answer: impl Fn(usize, Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    ) -> Self
    where
        A: Future<Output = Response<BoxedBody>> + Send + 'static,
    {
        Self::start(move |number, stream| serve_http1(stream, number, answer.clone())).await
    }

    /// How many connections were made to it.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(super) fn authority(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) async fn serve_http1<A>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    number: usize,
    answer: impl Fn(usize, Request<Incoming>) -> A + Send + 'static,
) where
    A: Future<Output = Response<BoxedBody>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answering = answer(number, request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    // A client that hangs up is part of many tests.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

pub(super) async fn serve_http2<A>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    streams_max: u32,
    answer: impl Fn(Request<Incoming>) -> A + Clone + Send + 'static,
) where
    A: Future<Output = Response<BoxedBody>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answering = answer(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(streams_max);
    builder.serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Reads the head of a request from a bare connection; empty when the client hung up.
pub(super) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return String::new(),
        }
    }
    String::from_utf8(head).unwrap()
}

/// A body of known length.
pub(super) fn full(bytes: impl Into<Bytes>) -> BoxedBody {
    let full = http_body_util::Full::new(bytes.into());
    Box::pin(http_body_util::BodyExt::map_err(full, |never| match never {}))
}

/// A body whose pieces the test sends.
pub(super) fn channel() -> (mpsc::Sender<Bytes>, BoxedBody) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Box::pin(Pieces(receiver)))
}

struct Pieces(mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.get_mut().0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// A resolver that knows a few names.
pub(super) struct Addresses {
    known: HashMap<&'static str, Vec<IpAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Addresses {
    pub(super) fn none() -> Self {
        Self::of(&[])
    }

    pub(super) fn of(known: &[(&'static str, &[&str])]) -> Self {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let known = known.iter().map(|(name, texts)| (*name, parse(texts))).collect();
        Self { known, asked: Arc::default() }
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.asked)
    }
}

impl Resolve for Addresses {
    fn resolve(&self, host: &str) -> Resolution {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.known.get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name")) })
    }
}
