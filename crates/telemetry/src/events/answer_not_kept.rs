//! An answer reached its client but could not be kept, so nothing can go on from it.

use domain::ports::response_store::StoreError;

use crate::Telemetry;

/// One answer.
#[derive(Debug)]
pub struct AnswerNotKept<'a> {
    /// The request that it answers.
    pub request_id: &'a str,
    /// Why.
    pub error: &'a StoreError,
}

impl AnswerNotKept<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.answers_not_kept.inc();
        tracing::warn!(
            target: "tollgate::store",
            request_id = self.request_id,
            error = %self.error,
            "an answer could not be kept"
        );
    }
}
