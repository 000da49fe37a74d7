//! A target was passed over, because it could not have served the request.

use crate::{ProviderMeters, Telemetry};

/// One target that was not called.
#[derive(Debug)]
pub struct TargetPassedOver<'a> {
    /// The request that it could not have served.
    pub request_id: &'a str,
    /// The provider's counters.
    pub provider: &'a ProviderMeters,
    /// The target's place in the route.
    pub target: &'a str,
    /// The model that would have been asked.
    pub model: &'a str,
    /// What it lacks, as a label: `vision`.
    pub lack: &'static str,
    /// What it lacks, in words: `does not see images`.
    pub detail: &'a str,
}

impl TargetPassedOver<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.passed_over(self.lack);
        if telemetry.logs(false) {
            tracing::info!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                provider = %self.provider.name(),
                route_target = self.target,
                model = self.model,
                detail = self.detail,
                "target passed over"
            );
        }
    }
}
