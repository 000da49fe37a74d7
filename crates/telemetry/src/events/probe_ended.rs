//! A call of Tollgate's own to a target has ended, that was to find out whether it is well.

use std::time::Duration;

use super::milliseconds;
use crate::{ProviderMeters, Telemetry};

/// One active probe.
#[derive(Debug)]
pub struct ProbeEnded<'a> {
    /// The provider's counters.
    pub provider: &'a ProviderMeters,
    /// The model that was called.
    pub model: &'a str,
    /// Whether it answered.
    pub is_answered: bool,
    /// How long it took.
    pub took: Duration,
}

impl ProbeEnded<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        let outcome = if self.is_answered { "answered" } else { "failed" };
        self.provider.probed(outcome);
        if telemetry.logs(!self.is_answered) {
            tracing::info!(
                target: "tollgate::breaker",
                provider = %self.provider.name(),
                model = self.model,
                outcome,
                took_ms = milliseconds(self.took),
                "active probe ended"
            );
        }
    }
}
