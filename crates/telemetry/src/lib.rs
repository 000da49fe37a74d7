//! What happened, told once: each event is one struct that becomes a log line and updates metrics.
//!
//! Reading `events/` is reading the catalogue of what Tollgate reports. The hot path updates prepared counters only;
//! no label is looked up per request.

pub mod cost;
pub mod events;
mod exposition;
mod journal;
pub mod meters;

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use domain::{ProviderName, RegionName};

use journal::Records;

pub use journal::Particulars;
pub use meters::{BudgetSpending, Meters, ProviderMeters, RegionMeters};

/// Which requests are written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum LogRequests {
    /// None; metrics only.
    None = 0,
    /// Those that were refused or failed.
    #[default]
    Failures = 1,
    /// Every one.
    All = 2,
}

/// The process's telemetry; cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    meters: Arc<Meters>,
    log_requests: Arc<AtomicU8>,
    /// Whether lines about requests hold their decisions.
    log_decisions: Arc<AtomicBool>,
    records: Arc<OnceLock<Records>>,
}

impl Telemetry {
    /// Fresh telemetry with every counter at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            meters: Arc::new(Meters::new()),
            log_requests: Arc::new(AtomicU8::new(LogRequests::Failures as u8)),
            log_decisions: Arc::default(),
            records: Arc::default(),
        }
    }

    /// Sets which requests are logged from now on, and whether with their decisions.
    pub fn set_log_requests(&self, which: LogRequests, with_decisions: bool) {
        self.log_requests.store(which as u8, Ordering::Relaxed);
        self.log_decisions.store(with_decisions, Ordering::Relaxed);
    }

    /// Whether somebody wants to know why requests go where they go.
    #[must_use]
    pub fn wants_particulars(&self) -> bool {
        self.records.get().is_some() || self.logs_decisions()
    }

    /// Whether the registry of the control API's objects does not answer, as far as was told.
    #[must_use]
    pub fn registry_fails(&self) -> bool {
        self.meters.registry_failing.get() != 0
    }

    /// The prepared counters of one provider; keep them as long as the provider is live.
    #[must_use]
    pub fn provider(&self, name: &ProviderName) -> Arc<ProviderMeters> {
        self.meters.provider(name)
    }

    /// The counters of one region.
    #[must_use]
    pub fn region(&self, name: &RegionName) -> RegionMeters {
        self.meters.region(name)
    }

    /// The process-wide meters.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Every metric as OpenMetrics text, for `GET /metrics`.
    #[must_use]
    pub fn exposition(&self) -> String {
        exposition::render(&self.meters)
    }

    fn logs_decisions(&self) -> bool {
        self.log_decisions.load(Ordering::Relaxed)
    }

    fn logs(&self, failed: bool) -> bool {
        let which = self.log_requests.load(Ordering::Relaxed);
        which == LogRequests::All as u8 || (failed && which == LogRequests::Failures as u8)
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

/// The content type of [`Telemetry::exposition`], as the OpenMetrics specification 1.0 names it.
pub const EXPOSITION_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests;
