//! What is read from vaults was read again.

use crate::Telemetry;
use crate::meters::SecretFetchLabels;

/// One round of it.
#[derive(Debug)]
pub struct SecretsRenewed<'a> {
    /// Whether something has changed, so that the configuration is read again.
    pub changed: bool,
    /// The references that could not be read, whose last values stay; each with why.
    pub failed: &'a [(String, String)],
}

impl SecretsRenewed<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        let stale = i64::try_from(self.failed.len()).unwrap_or(i64::MAX);
        telemetry.meters.stale_secrets.set(stale);
        for (reference, why) in self.failed {
            let vault = reference.split_once(':').map_or("", |(vault, _)| vault).to_owned();
            telemetry.meters.secret_fetch_failures.get_or_create(&SecretFetchLabels { vault }).inc();
            tracing::warn!(
                target: "tollgate::secrets",
                reference,
                why,
                "a secret cannot be read from its vault, the last value stays in force"
            );
        }
        if self.changed {
            tracing::info!(target: "tollgate::secrets", "a secret has changed in its vault");
        }
    }
}
