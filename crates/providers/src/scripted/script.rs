//! What a server does with one request, as data.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde_json::Value;

/// A request as the scripted provider sees it.
#[derive(Debug, Clone)]
pub struct ScriptedRequest {
    /// Its method.
    pub method: Method,
    /// Its path, without the query.
    pub path: String,
    /// Its query, empty when there is none.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
}

/// What is done, in this order. A script that ends without [`Step::Cut`] or [`Step::Hang`] ends cleanly.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The steps. One [`Step::Head`] stands before all [`Step::Bytes`].
    pub steps: Vec<Step>,
}

/// One thing that a server does.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends status and headers.
    Head {
        /// The status.
        status: StatusCode,
        /// The headers, content type included.
        headers: HeaderMap,
    },
    /// Sends a part of the body.
    Bytes(Bytes),
    /// Waits. Even a wait of nothing lets what came before reach the client by itself.
    Pause(Duration),
    /// Does nothing more until the client leaves.
    Hang,
    /// Breaks the connection off, so that the client cannot take what it has for a whole answer.
    Cut,
}

impl Script {
    /// A script of these steps.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// A whole JSON answer.
    #[must_use]
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(vec![Step::head(status, "application/json"), Step::Bytes(body.to_string().into())])
    }
}

impl Step {
    /// A head with a content type and nothing else.
    #[must_use]
    pub fn head(status: StatusCode, content_type: &'static str) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self::Head { status, headers }
    }
}
