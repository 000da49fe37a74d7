//! The catalogue of events, one file each.

mod allotment_decided;
mod answer_not_kept;
mod attempt_failed;
mod breaker_bypassed;
mod breaker_turned;
mod budget_exhausted;
mod budget_passed;
mod budget_unaccounted;
mod canary_turned;
mod configuration_loaded;
mod feedback_given;
mod hedge_ended;
mod probe_ended;
mod region_turned;
mod registry_remembered;
mod registry_snapshot_turned;
mod registry_turned;
mod request_ended;
mod request_mirrored;
mod request_queued;
mod request_refused;
mod retry_stopped;
mod secrets_renewed;
mod shared_state_turned;
mod store_failed;
mod stream_resumed;
mod target_passed_over;
mod webhook_attempted;

pub use allotment_decided::{AllotmentDecided, Decided};
pub use answer_not_kept::AnswerNotKept;
pub use attempt_failed::AttemptFailed;
pub use breaker_bypassed::BreakerBypassed;
pub use breaker_turned::BreakerTurned;
pub use budget_exhausted::BudgetExhausted;
pub use budget_passed::BudgetPassed;
pub use budget_unaccounted::BudgetUnaccounted;
pub use canary_turned::{CanaryOutcome, CanaryTurned};
pub use configuration_loaded::ConfigurationLoaded;
pub use feedback_given::FeedbackGiven;
pub use hedge_ended::{HedgeEnded, HedgeOutcome};
pub use probe_ended::ProbeEnded;
pub use region_turned::RegionTurned;
pub use registry_remembered::RegistryRemembered;
pub use registry_snapshot_turned::RegistrySnapshotTurned;
pub use registry_turned::RegistryTurned;
pub use request_ended::RequestEnded;
pub use request_mirrored::RequestMirrored;
pub use request_queued::RequestQueued;
pub use request_refused::RequestRefused;
pub use retry_stopped::RetryStopped;
pub use secrets_renewed::SecretsRenewed;
pub use shared_state_turned::SharedStateTurned;
pub use store_failed::StoreFailed;
pub use stream_resumed::{ResumeOutcome, StreamResumed};
pub use target_passed_over::TargetPassedOver;
pub use webhook_attempted::{WebhookAttempted, WebhookOutcome};

/// A time as a number in the log. Lines of JSON have no number of 128 bits and would have a text.
pub(crate) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The same, finer.
pub(crate) fn microseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
