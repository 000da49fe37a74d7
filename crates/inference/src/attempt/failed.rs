//! A failed attempt: the facts to decide on, and the provider's own answer in case it is relayed.

use bytes::Bytes;
use domain::ports::sign_in::SignInProblem;
use domain::{ErrorCode, Failure, FailureClass};
use http::response::Parts;
use providers::transport::SendError;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) failure: Failure,
    /// The provider's error answer, when it gave one.
    pub(crate) answer: Option<Box<ErrorAnswer>>,
    /// What Tollgate itself objects to, when no provider was called.
    pub(crate) objection: Option<ErrorCode>,
}

/// A provider's error answer, whole.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

impl FailedAttempt {
    /// The attempt was never made, because Tollgate cannot make it.
    pub(crate) fn objection(code: ErrorCode, detail: impl Into<String>) -> Self {
        let failure = Failure::without_status(FailureClass::Caller, detail);
        Self { failure, answer: None, objection: Some(code) }
    }

    /// The attempt was never made, because nothing proves to the provider who calls.
    pub(crate) fn unproven(problem: &SignInProblem) -> Self {
        Failure::without_status(FailureClass::Credential, problem.to_string()).into()
    }

    /// The provider's answer broke off or is not what its format says.
    pub(crate) fn broken(detail: impl Into<String>) -> Self {
        Failure::without_status(FailureClass::Broken, detail).into()
    }
}

impl From<Failure> for FailedAttempt {
    fn from(failure: Failure) -> Self {
        Self { failure, answer: None, objection: None }
    }
}

impl From<SendError> for FailedAttempt {
    fn from(error: SendError) -> Self {
        Failure::without_status(error.failure_class(), error.to_string()).into()
    }
}
