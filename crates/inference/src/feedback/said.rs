//! The body of `POST /v1/feedback` (Portkey API reference, "Feedback": `trace_id`, `value`, `weight`, `metadata`).

use domain::ErrorCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::json::Document;

use crate::refusal::Refusal;

/// The longest id of a request.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// The longest metadata.
const METADATA_BYTES_MAX: usize = 8 * 1024;

/// What is said of an answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) request_id: Box<str>,
    /// From −10 to 10.
    pub(super) value: f64,
    /// From 0 to 1.
    pub(super) weight: f64,
    pub(super) metadata: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(alias = "trace_id")]
    request_id: Box<str>,
    value: f64,
    weight: Option<f64>,
    metadata: Option<Box<RawValue>>,
}

impl Said {
    /// Reads a body. Other members are left alone.
    ///
    /// # Errors
    /// 400 with the member that is wrong.
    pub(super) fn read(document: &Document) -> Result<Self, Refusal> {
        let body = document.body();
        let refuse = |message: String| Refusal::new(ErrorCode::InvalidMember, message);
        let written: Written = serde_json::from_slice(&body.contiguous(0..body.len()))
            .map_err(|error| refuse(format!("this is no feedback: {error}")))?;
        let Written { request_id, value, weight, metadata } = written;
        let is_id = !request_id.is_empty()
            && request_id.len() <= REQUEST_ID_BYTES_MAX
            && request_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_id {
            let message = "`request_id` is what the answer says in `x-tollgate-request-id`".to_owned();
            return Err(refuse(message).with_param("request_id"));
        }
        if !(-10.0..=10.0).contains(&value) {
            let message = format!("`value` is a number from -10 to 10, found {value}");
            return Err(refuse(message).with_param("value"));
        }
        let weight = weight.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&weight) {
            let message = format!("`weight` is a number from 0 to 1, found {weight}");
            return Err(refuse(message).with_param("weight"));
        }
        let is_object = |metadata: &RawValue| metadata.get().starts_with('{');
        if metadata
            .as_deref()
            .is_some_and(|metadata| !is_object(metadata) || metadata.get().len() > METADATA_BYTES_MAX)
        {
            let message = format!("`metadata` is an object of at most {METADATA_BYTES_MAX} bytes");
            return Err(refuse(message).with_param("metadata"));
        }
        Ok(Self { request_id, value, weight, metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::Said;
    use proptest::prelude::*;
    use wire::json::{Document, ScanLimits};

    fn read(text: &str) -> Result<Said, String> {
        let document = Document::parse(text.to_owned().into(), ScanLimits::default()).unwrap();
        Said::read(&document).map_err(|refusal| refusal.message)
    }

    #[test]
    fn feedback_is_read_by_either_name_of_the_request() {
        for name in ["request_id", "trace_id"] {
            let said = read(&format!("{{\"{name}\": \"req_1\", \"value\": -3, \"later\": {{}}}}")).unwrap();
            assert_eq!((&*said.request_id, said.value, said.weight), ("req_1", -3.0, 1.0));
        }
        let said = read(r#"{"trace_id":"r","value":10,"weight":0.5,"metadata":{"a":[1]}}"#).unwrap();
        assert_eq!(said.metadata.unwrap().get(), r#"{"a":[1]}"#);
        assert_eq!(said.weight, 0.5);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, problem) in [
            ("{}", "missing field `request_id`"),
            (r#"{"trace_id":"r"}"#, "missing field `value`"),
            (r#"{"trace_id":"","value":1}"#, "x-tollgate-request-id"),
            (r#"{"trace_id":"a b","value":1}"#, "x-tollgate-request-id"),
            (r#"{"trace_id":"r","value":10.5}"#, "`value` is a number from -10 to 10, found 10.5"),
            (r#"{"trace_id":"r","value":"good"}"#, "invalid type"),
            (r#"{"trace_id":"r","value":1,"weight":-1}"#, "`weight` is a number from 0 to 1, found -1"),
            (r#"{"trace_id":"r","value":1,"metadata":[]}"#, "`metadata` is an object"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(problem), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_number_panics(value in any::<f64>(), weight in any::<f64>()) {
            let text = serde_json::json!({"request_id": "r", "value": value, "weight": weight}).to_string();
            if let Ok(said) = read(&text) {
                prop_assert!(said.value.abs() <= 10.0 && (0.0..=1.0).contains(&said.weight));
            }
        }
    }
}
