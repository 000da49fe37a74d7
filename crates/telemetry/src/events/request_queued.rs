//! A request waited for a provider's quota, or was refused since it would have waited in vain.

use std::time::Duration;

use domain::Priority;

use crate::{ProviderMeters, Telemetry};

/// One request that was shaped.
#[derive(Debug)]
pub struct RequestQueued<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The counters of the provider whose quota it is.
    pub provider: &'a ProviderMeters,
    /// The model whose quota it is.
    pub model: &'a str,
    /// Who went before it.
    pub priority: Priority,
    /// How long it waited.
    pub waited: Duration,
    /// Whether there was no place for it in time.
    pub is_refused: bool,
}

impl RequestQueued<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.queued(self.priority, self.waited.as_secs_f64(), self.is_refused);
        if telemetry.logs(self.is_refused) {
            tracing::info!(
                target: "tollgate::quota",
                request_id = self.request_id,
                provider = %self.provider.name(),
                model = self.model,
                priority = self.priority.name(),
                waited_ms = self.waited.as_millis(),
                refused = self.is_refused,
                "request shaped"
            );
        }
    }
}
