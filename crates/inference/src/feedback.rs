//! What clients say of answers that they had: `POST /v1/feedback`, in the form of Portkey's API. It is counted and written down, and has a say in the trials of
//! canaries that heed it.

mod said;
mod sharing;

use std::sync::Arc;

use bytes::Bytes;
use domain::canary::Arm;
use engine::canary::Rating;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use serde_json::json;
use smallvec::SmallVec;
use telemetry::events::FeedbackGiven;

use crate::answer::AnswerBody;
use crate::canaries::Running;
use crate::ending::Origin;
use crate::gateway::Gateway;
use crate::ingress::read_json;
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use said::Said;

/// Most answers that are remembered for what is said of them later; the least used go first.
const ANSWERS_MAX: usize = 100_000;
/// Most ratings that wait to be told to the other replicas.
const UNTOLD_MAX: usize = 1_000;

/// Which answers were given in which arms of trials that heed what is said of them.
#[derive(Debug)]
pub(crate) struct Feedback {
    answers: Cache<Box<str>, Arc<Answered>>,
    /// Of answers that no request here is known for, so that they may be another replica's.
    untold: Mutex<Vec<Rating>>,
}

/// An answer.
#[derive(Debug)]
struct Answered {
    workspace: Box<str>,
    arms: SmallVec<[Judged; 1]>,
}

/// An arm of a trial, at the step at which the answer was given.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) running: Arc<Running>,
    pub(crate) arm: Arm,
    pub(crate) step: usize,
}

impl Feedback {
    pub(crate) fn new() -> Self {
        Self { answers: Cache::new(ANSWERS_MAX), untold: Mutex::default() }
    }

    /// Remembers in which arms an answer was given.
    pub(crate) fn remember(&self, origin: &Origin, arms: SmallVec<[Judged; 1]>) {
        if !arms.is_empty() {
            let workspace = origin.key.subject.workspace.name.as_str().into();
            self.answers.insert(origin.id.as_str().into(), Arc::new(Answered { workspace, arms }));
        }
    }

    /// The answer of a request, if it was given in the workspace.
    fn find(&self, rating: &Rating) -> Option<Arc<Answered>> {
        self.answers.get(&rating.request_id).filter(|answered| answered.workspace == rating.workspace)
    }
}

impl Gateway {
    /// Has a rating heard by the trials that its request was part of; whether there are some here.
    fn rate(&self, rating: &Rating) -> bool {
        let Some(answered) = self.feedback.find(rating) else { return false };
        for Judged { running, arm, step } in &answered.arms {
            running.rated(*arm, *step, rating.is_bad, &self.telemetry);
        }
        true
    }

    fn rate_or_pass_on(&self, rating: Rating) {
        if !self.rate(&rating) && self.pin().canaries.heed_feedback() {
            let mut untold = self.feedback.untold.lock();
            if untold.len() < UNTOLD_MAX {
                untold.push(rating);
            }
        }
    }
}

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
        gateway.rate_or_pass_on(Rating { request_id: said.request_id, workspace, is_bad: said.value < 0.0 });
    }
    let told = json!({
        "status": "success",
        "message": "Feedback successfully saved",
        "feedback_ids": [origin.id.as_str()],
    });
    let mut response = Response::new(AnswerBody::whole([Bytes::from(told.to_string())]));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
