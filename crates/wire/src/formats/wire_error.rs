//! Errors of the gateway in the words of each format, so that unmodified client libraries raise them as their own.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// An error to tell a client.
#[derive(Debug, Clone, Copy)]
pub struct WireError<'a> {
    /// The HTTP status, also where the error ends a stream that began with 200.
    pub status: u16,
    /// A stable code.
    pub code: &'a str,
    /// The class of the error in OpenAI's terms, such as `rate_limit_error`. Anthropic's follows from the status.
    pub kind: &'a str,
    /// What is wrong and what to do.
    pub message: &'a str,
    /// The member of the request that is wrong.
    pub param: Option<&'a str>,
    /// The id of the request, which Anthropic has in the body.
    pub request_id: Option<&'a str>,
    /// When to try again, which Google has in the body.
    pub retry_after: Option<Duration>,
}

/// The shapes of error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorFormat {
    /// `{"error":{"message","type","param","code"}}` (OpenAI API reference, "Error codes").
    OpenAi,
    /// `{"type":"error","error":{"type","message"},"request_id"}` (Anthropic API reference, "Errors").
    Anthropic,
    /// `{"error":{"code","message","status","details"}}` (`google.rpc.Status` as JSON, AIP-193).
    Google,
    /// `{"message"}`; the type is in the header `x-amzn-errortype` (Smithy, "AWS restJson1 protocol").
    Amazon,
    /// `{"message","id"}` (Cohere API reference, "Errors").
    Cohere,
    /// `{"detail"}`, as FastAPI has it (`voyageai` reads it in `api_resources/api_requestor.py`).
    Voyage,
}

impl WireError<'_> {
    /// The body of an error answer.
    pub fn body(&self, format: ErrorFormat) -> Bytes {
        Bytes::from(match format {
            ErrorFormat::OpenAi => to_json(&self.openai()),
            ErrorFormat::Anthropic => to_json(&self.anthropic()),
            ErrorFormat::Google => to_json(&self.google()),
            ErrorFormat::Amazon => to_json(&AmazonBody { message: self.message }),
            ErrorFormat::Cohere => to_json(&CohereBody { id: self.request_id, message: self.message }),
            ErrorFormat::Voyage => to_json(&VoyageBody { detail: self.message }),
        })
    }

    /// The event of chat completions and completions.
    pub(super) fn openai_event(&self) -> Bytes {
        event(None, &self.openai())
    }

    /// The event of Messages.
    pub(super) fn anthropic_event(&self) -> Bytes {
        event(Some("error"), &self.anthropic())
    }

    /// The event of Gemini.
    pub(super) fn google_event(&self) -> Bytes {
        event(None, &self.google())
    }

    /// The exception of Bedrock's streams.
    pub(super) fn amazon_event(&self) -> Bytes {
        let mut out = Vec::new();
        crate::amazon::exception(
            &mut out,
            amazon_exception(self.status),
            &to_json(&AmazonBody { message: self.message }),
        );
        Bytes::from(out)
    }

    /// The last event of Cohere chat.
    pub(super) fn cohere_event(&self) -> Bytes {
        let delta = CohereDelta { error: self.message, finish_reason: "ERROR" };
        event(Some("message-end"), &CohereEvent { r#type: "message-end", delta })
    }

    /// The event of Responses, with its place in the stream.
    pub(super) fn responses_event(&self, sequence_number: u64) -> Bytes {
        let data = ResponsesEvent {
            r#type: "error",
            code: self.code,
            message: self.message,
            param: self.param,
            sequence_number,
        };
        event(Some("error"), &data)
    }

    fn openai(&self) -> OpenAiBody<'_> {
        let error =
            OpenAiError { message: self.message, r#type: self.kind, param: self.param, code: self.code };
        OpenAiBody { error }
    }

    fn google(&self) -> GoogleBody<'_> {
        let error = GoogleError {
            code: self.status,
            message: self.message,
            status: google_status(self.status),
            details: self.retry_after.map(|wait| [RetryInfo::of(wait)]),
        };
        GoogleBody { error }
    }

    fn anthropic(&self) -> AnthropicBody<'_> {
        let error = AnthropicError { r#type: anthropic_type(self.status), message: self.message };
        AnthropicBody { r#type: "error", error, request_id: self.request_id }
    }
}

/// The error type that Anthropic documents for a status. It may use `invalid_request_error` for any other 4xx.
fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The `google.rpc.Code` of an HTTP status (google/rpc/code.proto gives the status of each code).
fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 | 503 | 529 => "UNAVAILABLE",
        408 | 504 => "DEADLINE_EXCEEDED",
        400..=498 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// The exception of Bedrock's runtime for an HTTP status (Amazon Bedrock API reference, `Converse`, "Errors").
pub fn amazon_error_type(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 | 504 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        502 | 503 | 529 => "ServiceUnavailableException",
        400..=499 => "ValidationException",
        _ => "InternalServerException",
    }
}

/// The member of `ConverseStreamOutput` for a status: as [`amazon_error_type`], in lower camel case. A stream has no
/// exceptions but these five.
fn amazon_exception(status: u16) -> &'static str {
    match status {
        408 | 424 | 502 | 504 => "modelStreamErrorException",
        429 => "throttlingException",
        503 | 529 => "serviceUnavailableException",
        400..=499 => "validationException",
        _ => "internalServerException",
    }
}

#[derive(Serialize)]
struct CohereEvent<'a> {
    r#type: &'static str,
    delta: CohereDelta<'a>,
}

#[derive(Serialize)]
struct CohereDelta<'a> {
    error: &'a str,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct GoogleBody<'a> {
    error: GoogleError<'a>,
}

#[derive(Serialize)]
struct GoogleError<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[RetryInfo; 1]>,
}

/// `google.rpc.RetryInfo` as JSON.
#[derive(Serialize)]
struct RetryInfo {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "retryDelay")]
    retry_delay: String,
}

impl RetryInfo {
    /// The delay is a duration of protocol buffers: seconds with none, three, six or nine digits of a fraction.
    fn of(wait: Duration) -> Self {
        let (seconds, nanoseconds) = (wait.as_secs(), wait.subsec_nanos());
        let retry_delay = match nanoseconds {
            0 => format!("{seconds}s"),
            _ => format!("{seconds}.{nanoseconds:09}s"),
        };
        Self { kind: "type.googleapis.com/google.rpc.RetryInfo", retry_delay }
    }
}

#[derive(Serialize)]
struct AmazonBody<'a> {
    message: &'a str,
}

#[derive(Serialize)]
struct CohereBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    message: &'a str,
}

#[derive(Serialize)]
struct VoyageBody<'a> {
    detail: &'a str,
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

#[derive(Serialize)]
struct AnthropicBody<'a> {
    r#type: &'static str,
    error: AnthropicError<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicError<'a> {
    r#type: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct ResponsesEvent<'a> {
    r#type: &'static str,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
    sequence_number: u64,
}

/// Serialising structs of strings and numbers cannot fail; an unreachable failure would leave nothing.
fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn event(name: Option<&str>, data: &impl Serialize) -> Bytes {
    let mut event = Vec::new();
    if let Some(name) = name {
        event.extend_from_slice(b"event: ");
        event.extend_from_slice(name.as_bytes());
        event.push(b'\n');
    }
    event.extend_from_slice(b"data: ");
    event.extend_from_slice(&to_json(data));
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{EventKind, EventStream, ProviderError};
    use crate::framing::Frame;

    const ERROR: WireError<'_> = WireError {
        status: 429,
        code: "TG3001",
        kind: "rate_limit_error",
        message: "limit of \"team\" reached\nwait 3 s",
        param: None,
        request_id: Some("req_1"),
        retry_after: Some(Duration::from_millis(3_500)),
    };

    #[test]
    fn bodies_have_the_shape_of_their_provider() {
        assert_eq!(
            ERROR.body(ErrorFormat::OpenAi),
            r#"{"error":{"message":"limit of \"team\" reached\nwait 3 s","type":"rate_limit_error","param":null,"code":"TG3001"}}"#
        );
        assert_eq!(
            ERROR.body(ErrorFormat::Anthropic),
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"limit of \"team\" reached\nwait 3 s"},"request_id":"req_1"}"#
        );
        assert_eq!(
            ERROR.body(ErrorFormat::Cohere),
            r#"{"id":"req_1","message":"limit of \"team\" reached\nwait 3 s"}"#
        );
        assert_eq!(ERROR.body(ErrorFormat::Voyage), r#"{"detail":"limit of \"team\" reached\nwait 3 s"}"#);
    }

    #[test]
    fn googles_clients_are_told_the_wait_in_the_body() {
        let body = ERROR.body(ErrorFormat::Google);
        assert_eq!(
            body,
            r#"{"error":{"code":429,"message":"limit of \"team\" reached\nwait 3 s","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.500000000s"}]}}"#
        );
        assert_eq!(ProviderError::parse(&body).wait(), ERROR.retry_after);
        let at_once = WireError { retry_after: None, ..ERROR }.body(ErrorFormat::Google);
        assert!(!String::from_utf8_lossy(&at_once).contains("details"));
    }

    #[test]
    fn an_error_event_reads_back_as_an_error_in_its_own_format() {
        for stream in [
            EventStream::Chat,
            EventStream::Completions,
            EventStream::Responses,
            EventStream::Messages,
            EventStream::Gemini,
            EventStream::Converse,
            EventStream::Cohere,
        ] {
            let format = stream.format();
            let event = format.error_event(&ERROR, 7);
            let frame = Frame::of(stream.framing(), &event);
            let EventKind::Error(ProviderError { message, .. }) = format.inspect(frame).kind else {
                panic!("{stream:?} does not know its own error")
            };
            assert_eq!(message.unwrap(), ERROR.message);
            assert_eq!(format.glance(frame), format.inspect(frame));
        }
    }

    #[test]
    fn responses_numbers_the_error_after_the_frames_before_it() {
        let event = EventStream::Responses.format().error_event(&ERROR, 7);
        assert!(event.starts_with(b"event: error\ndata: {\"type\":\"error\",\"code\":\"TG3001\""));
        assert!(event.ends_with(b"\"param\":null,\"sequence_number\":7}\n\n"));
    }

    #[test]
    fn each_status_has_the_type_that_anthropic_documents() {
        for (status, expected) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (413, "request_too_large"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(anthropic_type(status), expected, "{status}");
        }
    }

    #[test]
    fn each_status_has_the_exception_that_bedrock_documents() {
        for (status, answer, stream) in [
            (400, "ValidationException", "validationException"),
            (403, "AccessDeniedException", "validationException"),
            (404, "ResourceNotFoundException", "validationException"),
            (408, "ModelTimeoutException", "modelStreamErrorException"),
            (424, "ModelErrorException", "modelStreamErrorException"),
            (429, "ThrottlingException", "throttlingException"),
            (500, "InternalServerException", "internalServerException"),
            (502, "ServiceUnavailableException", "modelStreamErrorException"),
            (503, "ServiceUnavailableException", "serviceUnavailableException"),
            (529, "ServiceUnavailableException", "serviceUnavailableException"),
        ] {
            assert_eq!((amazon_error_type(status), amazon_exception(status)), (answer, stream), "{status}");
        }
    }
}
