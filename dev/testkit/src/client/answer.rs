//! What a client gets.

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use super::Connection;
use crate::{Transcript, within};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    /// A header as text, `""` when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `code` of an error in OpenAI's shape.
    #[must_use]
    #[track_caller]
    pub fn error_code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The message of an error, in OpenAI's and Anthropic's shape.
    #[must_use]
    #[track_caller]
    pub fn error_message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// An answer whose head has arrived. Dropping it closes its connection, if that is not kept.
#[derive(Debug)]
pub struct Streamed {
    /// Status and headers.
    pub head: Parts,
    body: Incoming,
    _connection: Option<Connection>,
}

impl Streamed {
    pub(super) fn new(response: Response<Incoming>, connection: Option<Connection>) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body, _connection: connection }
    }

    /// The next part of the body as it arrives; `None` at its end.
    ///
    /// # Panics
    /// When the connection breaks.
    pub async fn next(&mut self) -> Option<Bytes> {
        let frame = within("the next part of the answer", self.body.frame()).await?;
        frame.unwrap().into_data().ok()
    }

    /// Reads up to where `text` has arrived; returns all that was read.
    ///
    /// # Panics
    /// When the body ends before.
    pub async fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            match self.next().await {
                Some(part) => read.push_str(std::str::from_utf8(&part).unwrap()),
                None => panic!("the answer ended before {text:?}: {read}"),
            }
        }
        read
    }

    /// Reads to the end, be it a broken one.
    pub async fn rest(mut self) -> Transcript {
        let mut body = BytesMut::new();
        let mut trailers = HeaderMap::new();
        let broken_off = loop {
            match within("the next part of the answer", self.body.frame()).await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => body.extend_from_slice(&data),
                    Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
                },
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        Transcript { head: self.head, body: body.freeze(), trailers, broken_off }
    }

    pub(super) async fn whole(self) -> Answer {
        let Transcript { head, body, broken_off, .. } = self.rest().await;
        assert!(!broken_off, "the answer broke off after {body:?}");
        Answer { status: head.status, headers: head.headers, body }
    }
}
