//! What clients say of answers that they had: `POST /v1/feedback`, in the form of Portkey's API. It is counted and written down, and has a say in the trials of
//! canaries that heed it.

mod said;

use std::sync::Arc;

use engine::canary::Rating;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::json;
use telemetry::events::FeedbackGiven;

use crate::answer::{AnswerBody, json_response};
use crate::ending::Origin;
use crate::ingress::read_json;
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use said::Said;

/// Answers `POST /v1/feedback`.
///
/// # Errors
/// When it is no feedback.
pub(crate) async fn answer(
    origin: Origin,
    pinned: Arc<Pinned>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let (head, body) = request.into_parts();
    let gateway = &origin.gateway;
    let read = read_json(&head.headers, body, &pinned.snapshot.limits, &gateway.budget).await?;
    let said = Said::read(&read.document)?;
    let event = FeedbackGiven {
        feedback_id: origin.id.as_str(),
        request_id: &said.request_id,
        key: &origin.key,
        value: said.value,
        weight: said.weight,
        metadata: said.metadata.as_deref(),
    };
    event.emit(&gateway.telemetry);
    // Neither good nor bad says nothing of an arm.
    if said.value != 0.0 && said.weight > 0.0 {
        let workspace = origin.key.subject.workspace.name.as_str().into();
        gateway.feedback.rate(Rating { request_id: said.request_id, workspace, is_bad: said.value < 0.0 });
    }
    let told = json!({
        "status": "success",
        "message": "Feedback successfully saved",
        "feedback_ids": [origin.id.as_str()],
    });
    Ok(json_response(StatusCode::OK, told.to_string().into_bytes()))
}
