//! The registry of the control API's objects does not answer any more, or does again.

use crate::Telemetry;

/// One turn of it.
#[derive(Debug)]
pub struct RegistryTurned<'a> {
    /// What is wrong, in its own words; none where it works again.
    pub failure: Option<&'a str>,
}

impl RegistryTurned<'_> {
    /// Shows and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.registry_failing.set(i64::from(self.failure.is_some()));
        match self.failure {
            Some(detail) => {
                tracing::error!(target: "tollgate::store", detail, "the registry fails; what it said last stays in force");
            }
            None => tracing::warn!(target: "tollgate::store", "the registry works again"),
        }
    }
}
