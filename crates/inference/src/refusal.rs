//! Errors of Tollgate's own: which, why, and when to come again. `answer/refused.rs` makes answers of them.

use std::time::Duration;

use domain::ErrorCode;
use http::HeaderMap;
use wire::formats::WireError;

/// A request that Tollgate answers itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Which error.
    pub(crate) code: ErrorCode,
    /// What is wrong and what to do, for people; holds no secret.
    pub(crate) message: String,
    /// The request's member that is wrong.
    pub(crate) param: Option<String>,
    /// When trying again makes sense.
    pub(crate) retry_after: Option<Duration>,
    /// The methods that would be allowed, for 405.
    pub(crate) allow: Option<&'static str>,
    /// Further headers.
    pub(crate) headers: Option<Box<HeaderMap>>,
}

impl Refusal {
    /// A refusal with a message only.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: None, retry_after: None, allow: None, headers: None }
    }

    /// A member of the body, or a parameter of the query, that is not what it has to be: `problem` follows its name.
    pub(crate) fn of_member(name: &str, problem: &str) -> Self {
        Self::new(ErrorCode::InvalidMember, format!("`{name}` {problem}")).with_param(name)
    }

    /// Names the member that is wrong.
    pub(crate) fn with_param(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// Says when to try again.
    pub(crate) fn with_retry_after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    /// Adds headers.
    pub(crate) fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers: Some(Box::new(headers)), ..self }
    }

    /// The error as wire formats write it.
    pub(crate) fn wire_error<'a>(&'a self, request_id: &'a str) -> WireError<'a> {
        WireError {
            status: self.code.status(),
            code: self.code.code(),
            kind: self.code.kind(),
            message: &self.message,
            param: self.param.as_deref(),
            request_id: Some(request_id),
            retry_after: self.retry_after,
        }
    }
}
