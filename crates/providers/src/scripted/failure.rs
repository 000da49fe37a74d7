//! Errors in the shapes of OpenAI (`platform.openai.com/docs/guides/error-codes`), Anthropic
//! (`platform.claude.com/docs/en/api/errors`), Google (`google.rpc.Status`), Amazon (JSON protocol) and Cohere.

use domain::endpoint::ClientShape;
use http::StatusCode;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};

use super::script::{Script, Step};

/// The message of an error in the middle of a stream.
pub(super) const BROKEN_OFF: &str = "scripted failure in the middle of the stream";

/// The header that names an error of Amazon's.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A request that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// 400, 404 or 405.
    pub(super) status: u16,
    /// What is wrong.
    pub(super) message: String,
    /// The field that is wrong.
    pub(super) param: Option<&'static str>,
    /// OpenAI's code for it.
    pub(super) code: Option<&'static str>,
}

impl Refusal {
    /// A field that is missing or wrong.
    pub(super) fn field(param: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), param: Some(param), code: None }
    }

    /// Something that is not there.
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self { status: 404, message: message.into(), param: None, code: None }
    }

    pub(super) fn script(&self, shape: ClientShape) -> Script {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = match shape {
            ClientShape::OpenAi => open_ai("invalid_request_error", &self.message, self.param, self.code),
            ClientShape::Anthropic => anthropic(anthropic_type(self.status), &self.message),
            ClientShape::Google => google(self.status, &self.message),
            ClientShape::Amazon | ClientShape::Cohere => json!({ "message": self.message }),
            ClientShape::Voyage => json!({ "detail": self.message }),
        };
        named(Script::json(status, &body), self.status, shape)
    }
}

/// Amazon names the error in a header ([Smithy, AWS restJson1](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html)).
fn named(mut script: Script, status: u16, shape: ClientShape) -> Script {
    if shape == ClientShape::Amazon
        && let Some(Step::Head { headers, .. }) = script.steps.first_mut()
    {
        headers.insert(ERROR_TYPE, HeaderValue::from_static(wire::formats::amazon_error_type(status)));
    }
    script
}

/// The answer of a `fail-…` model.
pub(super) fn script(status: u16, shape: ClientShape) -> Script {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = format!("scripted failure with status {status}");
    let body = match shape {
        ClientShape::OpenAi => {
            let (kind, code) = open_ai_type_and_code(status);
            open_ai(kind, &message, None, code)
        }
        ClientShape::Anthropic => anthropic(anthropic_type(status), &message),
        ClientShape::Google => google(status, &message),
        ClientShape::Amazon | ClientShape::Cohere => json!({ "message": message }),
        ClientShape::Voyage => json!({ "detail": message }),
    };
    let mut script = named(Script::json(code, &body), status, shape);
    if status == 429
        && shape != ClientShape::Google
        && let Some(Step::Head { headers, .. }) = script.steps.first_mut()
    {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    script
}

/// OpenAI's error object.
pub(super) fn open_ai(kind: &str, message: &str, param: Option<&str>, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}

/// Anthropic's error object.
pub(super) fn anthropic(kind: &str, message: &str) -> Value {
    json!({
        "type": "error",
        "error": { "type": kind, "message": message },
        "request_id": "req_scripted",
    })
}

/// Google's error object (`google.rpc.Status` as JSON). How long to wait stands in its details, not in a header.
pub(super) fn google(status: u16, message: &str) -> Value {
    let mut error = json!({ "code": status, "message": message, "status": google_status(status) });
    if status == 429 {
        error["details"] =
            json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s" }]);
    }
    json!({ "error": error })
}

/// `google.rpc.Code`, which gives the HTTP status of each code.
fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

fn open_ai_type_and_code(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
