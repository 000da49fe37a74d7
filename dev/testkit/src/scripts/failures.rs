//! What goes wrong with providers.

use bytes::Bytes;
use http::{HeaderName, StatusCode};
use providers::scripted::{Script, Step};
use serde_json::{Value, json};
use wire::formats::EventStream;

/// A whole JSON answer.
#[must_use]
pub fn json(value: &Value) -> Script {
    Script::json(StatusCode::OK, value)
}

/// An error in OpenAI's shape.
#[must_use]
pub fn error(status: u16, message: &str) -> Script {
    error_of(EventStream::Chat, status, message)
}

/// An error in a format's shape.
#[must_use]
pub fn error_of(stream: EventStream, status: u16, message: &str) -> Script {
    let body = match stream {
        EventStream::Messages => json!({"type": "error", "error": {"type": "api_error", "message": message}}),
        EventStream::Gemini => json!({"error": {"code": status, "message": message, "status": "UNKNOWN"}}),
        EventStream::Converse | EventStream::Cohere => json!({"message": message}),
        EventStream::Chat
        | EventStream::Completions
        | EventStream::Responses
        | EventStream::Images
        | EventStream::Speech
        | EventStream::Transcription => {
            json!({"error": {"message": message, "type": "scripted", "param": null, "code": null}})
        }
    };
    Script::json(StatusCode::from_u16(status).unwrap(), &body)
}

/// A 429 with a header that says how long to wait, such as `retry-after-ms` and `20`.
#[must_use]
pub fn rate_limited(header: &str, wait: &str) -> Script {
    with_header(error(429, "slow down"), header, wait)
}

/// The same script with one header more.
#[must_use]
pub fn with_header(mut script: Script, name: &str, value: &str) -> Script {
    for step in &mut script.steps {
        if let Step::Head { headers, .. } = step {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
    }
    script
}

/// Nothing, ever.
#[must_use]
pub fn hang() -> Script {
    Script::new(vec![Step::Hang])
}

/// A head and half a body, then nothing, ever.
#[must_use]
pub fn hang_after_head() -> Script {
    let half = Step::Bytes(Bytes::from_static(b"{\"choices\":["));
    Script::new(vec![Step::head(StatusCode::OK, "application/json"), half, Step::Hang])
}

/// The connection breaks instead of an answer.
#[must_use]
pub fn cut() -> Script {
    Script::new(vec![Step::Cut])
}

/// A 200 with half of a JSON body, as if nothing were wrong.
#[must_use]
pub fn malformed_json() -> Script {
    let half = Step::Bytes(Bytes::from_static(b"{\"choices\":[{\"mess"));
    Script::new(vec![Step::head(StatusCode::OK, "application/json"), half])
}

/// A 200 without a body.
#[must_use]
pub fn empty_answer() -> Script {
    Script::new(vec![Step::head(StatusCode::OK, "application/json")])
}

/// A stream that ends before it says anything.
#[must_use]
pub fn empty_stream() -> Script {
    Script::new(vec![Step::head(StatusCode::OK, "text/event-stream")])
}
