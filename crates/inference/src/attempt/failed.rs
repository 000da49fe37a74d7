//! A failed attempt: the facts to decide on, and the provider's own answer in case it is relayed.

use bytes::Bytes;
use domain::ports::sign_in::SignInProblem;
use domain::{ErrorCode, Failure, FailureClass, TimeoutStage};
use http::StatusCode;
use http::response::Parts;
use providers::transport::SendError;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) failure: Failure,
    /// The provider's error answer, when it gave one.
    pub(crate) answer: Option<Box<ErrorAnswer>>,
    /// What Tollgate itself objects to, when no provider was called.
    pub(crate) objection: Option<RefusedHere>,
}

/// An objection of Tollgate's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedHere {
    /// Which error.
    pub(crate) code: ErrorCode,
    /// The member of the request that is at fault.
    pub(crate) param: Option<String>,
}

/// A provider's error answer, whole.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    /// Whether it is in another format than the client's.
    pub(crate) is_foreign: bool,
}

impl FailedAttempt {
    /// The attempt was never made, because Tollgate cannot make it.
    pub(crate) fn objection(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::objection_to(code, detail, None)
    }

    /// The same, because of one member of the request.
    pub(crate) fn objection_to(code: ErrorCode, detail: impl Into<String>, param: Option<String>) -> Self {
        let failure = Failure::without_status(FailureClass::Caller, detail);
        Self { failure, answer: None, objection: Some(RefusedHere { code, param }) }
    }

    /// The provider's answer broke off or is not what its format says.
    pub(crate) fn broken(detail: impl Into<String>) -> Self {
        Failure::without_status(FailureClass::Broken, detail).into()
    }

    /// The provider does not want to do what is asked, and said so with success. It is told as OpenAI tells it (images guide,
    /// "Content moderation").
    pub(crate) fn refused(mut head: Parts, why: &str) -> Self {
        head.status = StatusCode::BAD_REQUEST;
        let error = serde_json::json!({
            "message": why, "type": "image_generation_user_error", "code": "moderation_blocked",
        });
        let body = Bytes::from(serde_json::json!({"error": error}).to_string());
        let status = Some(head.status.as_u16());
        let failure =
            Failure { class: FailureClass::Caller, status, retry_after: None, detail: why.to_owned() };
        Self {
            failure,
            answer: Some(Box::new(ErrorAnswer { head, body, is_foreign: true })),
            objection: None,
        }
    }
}

impl From<Failure> for FailedAttempt {
    fn from(failure: Failure) -> Self {
        Self { failure, answer: None, objection: None }
    }
}

impl From<SignInProblem> for FailedAttempt {
    /// The attempt was never made, because nothing proves to the provider who calls.
    fn from(problem: SignInProblem) -> Self {
        Failure::without_status(FailureClass::Credential, problem.to_string()).into()
    }
}

impl From<SendError> for FailedAttempt {
    fn from(error: SendError) -> Self {
        Failure::without_status(error.failure_class(), error.to_string()).into()
    }
}

/// Whether a provider may charge for a call that failed: it has been sent, and what became of it nobody knows. Errors are not charged for.
pub(super) fn may_be_charged(failed: &FailedAttempt) -> bool {
    let class = failed.failure.class;
    let is_lost = matches!(class, FailureClass::Timeout(stage) if stage != TimeoutStage::Connect)
        || class == FailureClass::Broken;
    is_lost && failed.objection.is_none() && failed.answer.is_none()
}
