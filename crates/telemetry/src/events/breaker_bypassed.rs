//! A target was called although a breaker was open, since nothing better was left to call.

use crate::{ProviderMeters, Telemetry};

/// One such call.
#[derive(Debug)]
pub struct BreakerBypassed<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The provider's counters.
    pub provider: &'a ProviderMeters,
    /// The target's place in the route.
    pub target: &'a str,
    /// The model that is asked for; absent where the endpoint names none.
    pub model: Option<&'a str>,
}

impl BreakerBypassed<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.breaker_bypassed();
        if telemetry.logs(true) {
            tracing::info!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                provider = %self.provider.name(),
                route_target = self.target,
                model = self.model,
                "breaker bypassed"
            );
        }
    }
}
