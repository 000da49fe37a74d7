//! The floor: the least that a reverse proxy on hyper has to do. What a gateway costs beyond it is the gateway's own.

use std::net::SocketAddr;
use std::num::NonZero;

use anyhow::Context;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

type Upstream = Client<HttpConnector, Incoming>;

/// Forwards every request from `listen` to `upstream` until the process is ended, on the kind of runtime that the number of
/// cores calls for.
pub(crate) fn serve(listen: SocketAddr, upstream: SocketAddr) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut runtime = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    runtime.enable_all().build().context("cannot start a runtime")?.block_on(accept(listen, upstream))
}

async fn accept(listen: SocketAddr, upstream: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let authority: Authority =
        upstream.to_string().parse().context("the address of the provider is no authority")?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept a connection")?;
        tokio::spawn(serve_connection(stream, client.clone(), authority.clone()));
    }
}

async fn serve_connection(stream: TcpStream, client: Upstream, authority: Authority) {
    let forwarded = service_fn(|request| forward(request, &client, &authority));
    if stream.set_nodelay(true).is_ok() {
        // A connection that breaks is its client's affair, which sees the failure itself.
        http1::Builder::new().serve_connection(TokioIo::new(stream), forwarded).await.unwrap_or_default();
    }
}

async fn forward(
    mut request: Request<Incoming>,
    client: &Upstream,
    authority: &Authority,
) -> anyhow::Result<Response<Incoming>> {
    let path = request.uri().path_and_query().cloned().context("a request has no path")?;
    *request.uri_mut() =
        Uri::builder().scheme(Scheme::HTTP).authority(authority.clone()).path_and_query(path).build()?;
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    Ok(client.request(request).await?)
}
