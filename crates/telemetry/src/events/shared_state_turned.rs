//! What processes share with each other cannot be read or written any more, or can be again.

use crate::Telemetry;

/// One turn of it.
#[derive(Debug)]
pub struct SharedStateTurned<'a> {
    /// What is wrong, in the store's own words; none where it works again.
    pub failure: Option<&'a str>,
}

impl SharedStateTurned<'_> {
    /// Shows and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.shared_state_failing.set(i64::from(self.failure.is_some()));
        match self.failure {
            Some(detail) => {
                tracing::error!(target: "tollgate::store", detail, "the shared state fails");
            }
            None => tracing::warn!(target: "tollgate::store", "the shared state works again"),
        }
    }
}
