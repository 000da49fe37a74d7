//! The configuration was read, for better or worse.

use crate::Telemetry;
use crate::meters::ReloadLabels;

/// One load of the configuration.
#[derive(Debug)]
pub struct ConfigurationLoaded<'a> {
    /// The new generation, or what is wrong; the last good one stays in force then.
    pub result: Result<u64, &'a str>,
}

impl ConfigurationLoaded<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        let outcome = if self.result.is_ok() { "applied" } else { "refused" };
        telemetry.meters.reloads.get_or_create(&ReloadLabels { outcome }).inc();
        match self.result {
            Ok(generation) => {
                telemetry.meters.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
                tracing::info!(target: "tollgate::config", generation, "configuration applied");
            }
            Err(errors) => {
                tracing::error!(target: "tollgate::config", "configuration refused, the last good one stays in force\n{errors}");
            }
        }
    }
}
