//! A store did not do what was needed of it.

use crate::Telemetry;

/// One failure.
#[derive(Debug)]
pub struct StoreFailed<'a> {
    /// The store's own words.
    pub detail: &'a str,
}

impl StoreFailed<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.store_failures.inc();
        tracing::error!(target: "tollgate::store", detail = self.detail, "the store failed");
    }
}
