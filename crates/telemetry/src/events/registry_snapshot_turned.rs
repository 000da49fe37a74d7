//! What the registry says cannot be written to this process's file any more, or can be again.

use crate::Telemetry;

/// One turn of it.
#[derive(Debug)]
pub struct RegistrySnapshotTurned<'a> {
    /// What is wrong; none where it is written again.
    pub failure: Option<&'a str>,
}

impl RegistrySnapshotTurned<'_> {
    /// Shows and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.registry_snapshot_failing.set(i64::from(self.failure.is_some()));
        match self.failure {
            Some(detail) => {
                tracing::error!(target: "tollgate::store", detail, "what the registry says is not written down");
            }
            None => tracing::warn!(target: "tollgate::store", "what the registry says is written down again"),
        }
    }
}
