//! A client over hyper's connections: every call has a connection of its own, dropping the answer closes it.

mod answer;
mod body;
mod connection;
mod raw;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::{Authority, within};
use body::RequestBody;

pub use answer::{Answer, Streamed};
pub use connection::Connection;
pub use raw::RawConnection;

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    headers: HeaderMap,
    http2: bool,
    authority: Option<Arc<Authority>>,
}

impl Client {
    /// A client that speaks HTTP/1.1 in clear text.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: HeaderMap::new(), http2: false, authority: None }
    }

    /// The same, sending a header with every call.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        self
    }

    /// The same, sending a key as the OpenAI libraries do.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {key}"))
    }

    /// The same over HTTP/2, by prior knowledge where there is no TLS.
    #[must_use]
    pub fn with_http2(self) -> Self {
        Self { http2: true, ..self }
    }

    /// The same over TLS, trusting an authority.
    #[must_use]
    pub fn with_tls(self, authority: &Arc<Authority>) -> Self {
        Self { authority: Some(Arc::clone(authority)), ..self }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path, RequestBody::empty())
    }

    /// A `POST` of a JSON body, byte for byte.
    #[must_use]
    pub fn post(&self, path: &str, body: impl Into<Bytes>) -> Call {
        self.send(Method::POST, path, body)
    }

    /// Any method with a body of JSON.
    #[must_use]
    pub fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Call {
        self.call(method, path, RequestBody::whole(body.into())).header("content-type", "application/json")
    }

    /// Any method, without a body.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Call {
        self.call(method, path, RequestBody::empty())
    }

    /// Opens a connection, for more than one call.
    pub async fn connect(&self) -> Connection {
        within("the connection", Connection::open(self)).await
    }

    fn call(&self, method: Method, path: &str, body: RequestBody) -> Call {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        let target = if self.http2 { format!("{scheme}://{}{path}", self.address) } else { path.to_owned() };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = target.parse::<Uri>().unwrap();
        *request.headers_mut() = self.headers.clone();
        if !self.http2 {
            let host = HeaderValue::from_str(&self.address.to_string()).unwrap();
            request.headers_mut().insert(header::HOST, host);
        }
        Call { client: self.clone(), request }
    }
}

/// A call that is not yet made.
#[derive(Debug)]
pub struct Call {
    client: Client,
    request: Request<RequestBody>,
}

impl Call {
    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.parse::<HeaderName>().unwrap();
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    /// Leaves a header out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// Sends the body in these pieces, without saying its length before.
    #[must_use]
    pub fn in_pieces(mut self, pieces: impl IntoIterator<Item = Bytes>) -> Self {
        *self.request.body_mut() = RequestBody::pieces(pieces);
        self
    }

    /// Never ends the body.
    #[must_use]
    pub fn stalling(mut self) -> Self {
        self.request.body_mut().stall();
        self
    }

    /// Makes the call and reads the answer whole.
    ///
    /// # Panics
    /// When the connection breaks before.
    pub async fn answer(self) -> Answer {
        self.open().await.whole().await
    }

    /// Makes the call and waits for the answer's head.
    pub async fn open(self) -> Streamed {
        self.try_open().await.unwrap()
    }

    /// The same, with the connection's error where it breaks first.
    ///
    /// # Errors
    /// What the connection says.
    pub async fn try_open(self) -> hyper::Result<Streamed> {
        let mut connection = self.client.connect().await;
        let response = within("the answer's head", connection.send(self.request)).await?;
        Ok(Streamed::new(response, Some(connection)))
    }

    /// Makes the call on a connection that is kept, and reads the answer whole.
    ///
    /// # Panics
    /// When the connection breaks before.
    pub async fn answer_on(self, connection: &mut Connection) -> Answer {
        let response = within("the answer's head", connection.send(self.request)).await.unwrap();
        Streamed::new(response, None).whole().await
    }
}
