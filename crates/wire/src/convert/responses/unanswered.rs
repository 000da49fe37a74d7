//! Responses without an answer: one that works in the background is asked for before it has an answer, and may never get one.

use bytes::Bytes;

use super::response_object::{self, Facts};
use super::stop::Outcome;
use crate::convert::client::ClientContext;
use crate::formats::WireError;
use crate::json::{Document, Edit, EditError, object};

/// What a response without an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Its turn.
    Queued,
    /// The model.
    InProgress,
}

/// Why a response will never have an answer.
#[derive(Debug, Clone, Copy)]
pub enum GivenUp<'e> {
    /// The client did not want it any more.
    Cancelled,
    /// It failed.
    Failed(&'e WireError<'e>),
}

/// The members of a request that its responses repeat, as JSON, by name: [`ClientContext::echoed`].
#[must_use]
pub fn echo(request: &Document) -> Vec<(String, String)> {
    response_object::echo_scanned(request)
}

/// The response that waits for its answer, as JSON. Its id follows from the context's token, so it is that of the answer to
/// come.
#[must_use]
pub fn waiting(client: &ClientContext, what_for: Waiting) -> Vec<u8> {
    let status = match what_for {
        Waiting::Queued => "queued",
        Waiting::InProgress => "in_progress",
    };
    let outcome = Outcome { status, incomplete: None, error: None };
    let facts = Facts { client, model: None, service_tier: None, outcome, usage: None };
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |response| response_object::write(response, &facts, |_| {}));
    out
}

/// A response that waited, with the reason why it was given up. All its other bytes stay.
///
/// # Errors
/// When a member to edit occurs twice.
pub fn given_up(response: &Document, why: GivenUp<'_>) -> Result<Bytes, EditError> {
    let mut edit = Edit::new(response);
    match why {
        GivenUp::Cancelled => edit.set("status", br#""cancelled""#)?,
        GivenUp::Failed(error) => {
            let mut told = Vec::new();
            object(&mut told, |object| {
                object.str("code", error_code(error));
                object.str("message", error.message);
            });
            edit.set("status", br#""failed""#)?.set("error", &told)?
        }
    };
    Ok(edit.apply().into_bytes())
}

/// The code of a response's error, of the few that OpenAI has for one that is not about a picture ("ResponseError").
pub(super) fn error_code(error: &WireError<'_>) -> &'static str {
    match error.status {
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_prompt",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{ScanLimits, Value};

    fn client() -> ClientContext {
        let request = r#"{"model":"m","input":"hi","background":true,"temperature":0.50,"conversation":"conv_1",
            "tools":[{"type":"function","name":"f"},{"type":"web_search"}],"text":{"verbosity":"low"}}"#;
        let echoed = echo(&Document::parse(request.into(), ScanLimits::default()).unwrap());
        ClientContext {
            token: "t1".to_owned(),
            created: 7,
            model: "m".to_owned(),
            stream_usage: true,
            echoed,
            ..ClientContext::default()
        }
    }

    fn response() -> Document {
        let json = waiting(&client(), Waiting::InProgress);
        Document::parse(json.into(), ScanLimits::default()).unwrap()
    }

    #[test]
    fn a_response_without_an_answer_repeats_its_request() {
        let json = waiting(&client(), Waiting::Queued);
        let response = Value::parse(&json).unwrap();
        let raw = |key: &str| response.get(key).map(Value::raw);
        assert_eq!((raw("id"), raw("status")), (Some(r#""resp_t1""#), Some(r#""queued""#)));
        assert_eq!((raw("output"), raw("usage"), raw("error")), (Some("[]"), Some("null"), Some("null")));
        assert_eq!((raw("background"), raw("temperature")), (Some("true"), Some("0.50")));
        assert_eq!(raw("conversation"), Some(r#"{"id":"conv_1"}"#));
        let function = r#"{"type":"function","name":"f","description":null,"parameters":null,"strict":null}"#;
        assert_eq!(raw("tools"), Some(format!(r#"[{function},{{"type":"web_search"}}]"#).as_str()));
        assert_eq!(raw("text"), Some(r#"{"format":{"type":"text"},"verbosity":"low"}"#));
        assert_eq!((raw("store"), raw("top_p")), (Some("true"), Some("1.0")));
    }

    #[test]
    fn what_failed_says_why_in_openais_words() {
        for (status, code) in [(429, "rate_limit_exceeded"), (400, "invalid_prompt"), (503, "server_error")] {
            let error = WireError {
                status,
                code: "TG3004",
                kind: "server_error",
                message: "gone",
                param: None,
                request_id: None,
                retry_after: None,
            };
            let json = given_up(&response(), GivenUp::Failed(&error)).unwrap();
            let response = Value::parse(&json).unwrap();
            let error = response.get("error").map(Value::raw).map(str::to_owned);
            assert_eq!(error, Some(format!(r#"{{"code":"{code}","message":"gone"}}"#)));
            assert_eq!(response.get("status").and_then(Value::as_str).as_deref(), Some("failed"));
        }
        let cancelled = given_up(&response(), GivenUp::Cancelled).unwrap();
        let cancelled = Value::parse(&cancelled).unwrap();
        assert_eq!(cancelled.get("status").and_then(Value::as_str).as_deref(), Some("cancelled"));
        assert_eq!(cancelled.get("id").map(Value::raw), Some(r#""resp_t1""#));
    }
}
