//! Amazon Bedrock `Converse` and `ConverseStream` (Amazon Bedrock API reference).

use bytes::Bytes;

use super::request_shape::{NestedLimit, RequestShape};
use super::{EventFormat, EventKind, Inspection, ProviderError, Usage, WireError};
use crate::framing::Frame;
use crate::json::Value;

/// What governs a request: model and streaming are in its path.
pub(super) const REQUEST: RequestShape = RequestShape {
    model_in_path: true,
    output_limit: Some(NestedLimit {
        within: "inferenceConfig",
        member: "maxTokens",
        path: "inferenceConfig.maxTokens",
    }),
    ..RequestShape::PLAIN
};

/// The events of a streamed answer (API reference, `ConverseStreamOutput`).
#[derive(Debug, Clone, Copy)]
pub struct Events;

impl EventFormat for Events {
    fn inspect(&self, frame: Frame<'_>) -> Inspection {
        if let Some(error) = failure_of(frame) {
            return Inspection::of(EventKind::Error(error));
        }
        let name = frame.event().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        let data = frame.data();
        match Value::parse(&data) {
            Ok(event) => inspect_event(name, &event),
            Err(_) => Inspection::of(EventKind::Malformed),
        }
    }

    fn glance(&self, frame: Frame<'_>) -> Inspection {
        if let Some(b"contentBlockDelta" | b"contentBlockStart" | b"contentBlockStop") = frame.event() {
            return Inspection::of(EventKind::Content);
        }
        self.inspect(frame).glanced()
    }

    /// An exception, which botocore raises as an `EventStreamError`.
    fn error_event(&self, error: &WireError<'_>, _frames_before: u64) -> Bytes {
        error.amazon_event()
    }
}

fn inspect_event(name: &str, event: &Value<'_>) -> Inspection {
    match name {
        "messageStart" | "contentBlockStop" => Inspection::of(EventKind::Preamble),
        "contentBlockStart" => {
            let opens = event.get("start").is_some_and(Value::has_substance);
            Inspection::of(if opens { EventKind::Content } else { EventKind::Preamble })
        }
        "contentBlockDelta" => Inspection::of(EventKind::Content),
        "messageStop" => Inspection { kind: EventKind::Content, usage: None, finished: true },
        "metadata" => Inspection { kind: EventKind::End, usage: Usage::of_metadata(event), finished: true },
        _ => Inspection::of(EventKind::Other),
    }
}

/// What a message says that reports a failure; none for an event. Its type is in the headers. An exception has its words in
/// the payload; an error, which the service did not foresee, has only headers (Smithy, "Event stream specification").
pub(crate) fn failure_of(frame: Frame<'_>) -> Option<ProviderError> {
    let Frame::Amazon(message) = frame else { return None };
    if !message.is_failure() {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let payload = Value::parse(message.data()).ok();
    let mut error = payload.as_ref().map(ProviderError::of).unwrap_or_default();
    error.kind = message.event().map(text);
    let status = || payload.as_ref().and_then(original_status).or_else(|| status_of(error.kind.as_deref()?));
    error.code = error.code.take().or_else(status);
    error.message = error.message.or_else(|| message.error_message().map(text));
    Some(error)
}

/// The status with which the model itself failed, where it is the model's failure.
fn original_status(payload: &Value<'_>) -> Option<String> {
    let status = payload.get("originalStatusCode")?.as_u64()?;
    matches!(status, 429 | 500..=599).then(|| status.to_string())
}

/// The status of an exception (service model of `bedrock-runtime`, `ConverseStreamOutput`), since a stream has begun with 200.
fn status_of(kind: &str) -> Option<String> {
    let status = match kind {
        "validationException" => "400",
        "modelTimeoutException" => "408",
        "modelStreamErrorException" => "424",
        "throttlingException" => "429",
        "internalServerException" => "500",
        "serviceUnavailableException" => "503",
        _ => return None,
    };
    Some(status.to_owned())
}
