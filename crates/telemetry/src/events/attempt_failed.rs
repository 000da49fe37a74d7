//! An attempt at a target failed; the request may still be rescued.

use domain::{Failure, ProviderName};

use crate::{ProviderMeters, Telemetry};

/// One failed attempt.
#[derive(Debug)]
pub struct AttemptFailed<'a> {
    /// The request it belongs to.
    pub request_id: &'a str,
    /// The provider's counters.
    pub provider: &'a ProviderMeters,
    /// The target's place in the route.
    pub target: &'a str,
    /// What went wrong.
    pub failure: &'a Failure,
}

impl AttemptFailed<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.attempt_failed(self.failure.class);
        if telemetry.logs(true) {
            let provider: &ProviderName = self.provider.name();
            tracing::info!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                %provider,
                route_target = self.target,
                class = self.failure.class.name(),
                status = self.failure.status,
                detail = %self.failure.detail,
                "attempt failed"
            );
        }
    }
}
