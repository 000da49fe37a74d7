//! The circuit breaker of a region opened or closed.

use std::time::Duration;

use super::milliseconds;
use crate::{RegionMeters, Telemetry};

/// One turn of it.
#[derive(Debug)]
pub struct RegionTurned<'a> {
    /// The counters of the region.
    pub region: &'a RegionMeters,
    /// Whether it was closed before.
    pub was_closed: bool,
    /// For how long it opened; absent when it closed.
    pub cool_down: Option<Duration>,
    /// Whether another replica said so.
    pub is_heard: bool,
}

impl RegionTurned<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.region.breaker_turned(self.was_closed, self.cool_down.is_some());
        if telemetry.logs(true) {
            tracing::warn!(
                target: "tollgate::breaker",
                region = %self.region.name(),
                state = if self.cool_down.is_some() { "open" } else { "closed" },
                cool_down_ms = self.cool_down.map(milliseconds),
                by = if self.is_heard { "another replica" } else { "this one" },
                "circuit breaker of a region turned"
            );
        }
    }
}
