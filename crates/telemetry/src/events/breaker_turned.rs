//! A circuit breaker opened or closed.

use std::time::Duration;

use super::milliseconds;
use crate::{ProviderMeters, Telemetry};

/// One turn of a breaker.
#[derive(Debug)]
pub struct BreakerTurned<'a> {
    /// The counters of the provider that it guards.
    pub provider: &'a ProviderMeters,
    /// The model that it guards; absent for the provider as a whole.
    pub model: Option<&'a str>,
    /// Whether it was closed before.
    pub was_closed: bool,
    /// For how long it opened; absent when it closed.
    pub cool_down: Option<Duration>,
    /// Whether another replica said so.
    pub is_heard: bool,
}

impl BreakerTurned<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.breaker_turned(self.was_closed, self.cool_down.is_some());
        if telemetry.logs(true) {
            tracing::warn!(
                target: "tollgate::breaker",
                provider = %self.provider.name(),
                model = self.model,
                state = if self.cool_down.is_some() { "open" } else { "closed" },
                cool_down_ms = self.cool_down.map(milliseconds),
                by = if self.is_heard { "another replica" } else { "this one" },
                "circuit breaker turned"
            );
        }
    }
}
