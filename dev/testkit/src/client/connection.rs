//! One connection of a client.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Client;
use super::body::RequestBody;
use crate::task::OwnedTask;

/// A connection; closed when dropped.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    _driving: OwnedTask,
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<RequestBody>),
    Http2(http2::SendRequest<RequestBody>),
}

impl Connection {
    pub(super) async fn open(client: &Client) -> Self {
        let stream = TcpStream::connect(client.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let Some(authority) = &client.authority else {
            return Self::over(stream, client.http2).await;
        };
        let protocol: &[u8] = if client.http2 { b"h2" } else { b"http/1.1" };
        let connector = TlsConnector::from(authority.client_config(protocol));
        let name = ServerName::from(client.address.ip());
        let stream = connector.connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol), "the protocol agreed on");
        Self::over(stream, client.http2).await
    }

    async fn over<S>(stream: S, http2: bool) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(stream);
        // A connection ends with an error whenever the server breaks it; the call itself says so.
        if http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            return Self {
                sender: Sender::Http2(sender),
                _driving: OwnedTask::spawn(async move { drop(connection.await) }),
            };
        }
        let (sender, connection) = http1::handshake(io).await.unwrap();
        Self {
            sender: Sender::Http1(sender),
            _driving: OwnedTask::spawn(async move { drop(connection.await) }),
        }
    }

    pub(super) async fn send(&mut self, request: Request<RequestBody>) -> hyper::Result<Response<Incoming>> {
        match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}
