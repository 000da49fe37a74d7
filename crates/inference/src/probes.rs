//! `GET /healthz`, `/readyz` and `/metrics`: for orchestrators and scrapers, without a key.

use http::{HeaderValue, Response, StatusCode, header};

use crate::answer::{AnswerBody, json_response};
use crate::gateway::{Gateway, Readiness};
use crate::ingress::Probe;

/// Answers a probe.
pub(crate) fn answer(gateway: &Gateway, probe: Probe) -> Response<AnswerBody> {
    match probe {
        Probe::Health => json_response(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()),
        Probe::Ready => match gateway.readiness() {
            // Other replicas would have no more of what fails.
            Readiness::Ready => json_response(StatusCode::OK, ready(gateway).into_bytes()),
            Readiness::Draining => {
                json_response(StatusCode::SERVICE_UNAVAILABLE, br#"{"status":"draining"}"#.to_vec())
            }
        },
        Probe::Metrics => metrics(gateway),
    }
}

fn ready(gateway: &Gateway) -> String {
    let shared_state = if gateway.shared_state_fails() { r#","shared_state":"failing""# } else { "" };
    let registry = if gateway.telemetry.registry_fails() { r#","registry":"failing""# } else { "" };
    format!(r#"{{"status":"ready"{shared_state}{registry}}}"#)
}

fn metrics(gateway: &Gateway) -> Response<AnswerBody> {
    let mut response = json_response(StatusCode::OK, gateway.exposition().into_bytes());
    let content_type = HeaderValue::from_static(telemetry::EXPOSITION_CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
