//! Where a request stands before a quota: whether it is shaped at all, and what becomes of it when there is no place in time.

use std::sync::Arc;
use std::time::Duration;

use domain::endpoint::Task;
use domain::{Endpoint, Failure, FailureClass, Provider, Target};

/// Whether a target's quota is watched at all: of the provider's own accounts, and not where counting is all that is asked, which is
/// counted apart.
#[must_use]
pub fn is_shaped(endpoint: Endpoint, target: &Target, provider: &Arc<Provider>) -> bool {
    endpoint.task() != Task::Counting && target.custom_host.is_none() && target.uses_credentials_of(provider)
}

/// The failure of a request that there is no place for in time. Nobody was called, so no target is to blame.
#[must_use]
pub fn over_quota(target: &Target, model: &str, retry_after: Duration, patience: Duration) -> Failure {
    let seconds = retry_after.as_millis().div_ceil(1000).max(1);
    let retry_after = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
    let detail = format!(
        "the quota of {}/{model} has no place for this request within {} ms (limits.queue_wait_max, queue_length_max)",
        target.provider.name,
        patience.as_millis(),
    );
    Failure { class: FailureClass::Caller, status: Some(429), retry_after: Some(retry_after), detail }
}
