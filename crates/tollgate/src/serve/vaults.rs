//! Secrets from vaults: the way there, and fetching them again while a configuration that has them is in force.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use control::vaulted::{FetchSecrets, Renewed, VaultedSecrets};
use control::watch::Reloader;
use control::{Environment, Loaded, UpstreamSettings};
use jiff::Timestamp;
use providers::vaults::{SecretReference, Vaults};
use secrecy::SecretString;
use telemetry::Telemetry;
use telemetry::events::SecretsRenewed;
use tokio::sync::mpsc;

use super::upstream::{outside, transport};

/// The way to vaults over the network of the process.
pub struct VaultReader {
    /// The process's environment and disk.
    pub environment: Arc<dyn Environment>,
    /// The time of day.
    pub wall_clock: fn() -> Timestamp,
    /// 64 random bits per call.
    pub random: fn() -> u64,
}

impl FetchSecrets for VaultReader {
    fn fetch(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &[SecretReference],
    ) -> Vec<Result<SecretString, String>> {
        // A configuration is read on threads that have a runtime and on those that have none. A runtime of its own, on a thread of
        // its own, is right for all of them, and has nothing left to do when the answers are there.
        let fetched = thread::scope(|scope| {
            let fetching = scope.spawn(|| self.fetch_here(vaults, upstream, references));
            fetching.join().unwrap_or_else(|_| Err(anyhow!("a defect of Tollgate; its log says where")))
        });
        fetched.unwrap_or_else(|error| references.iter().map(|_| Err(format!("{error:#}"))).collect())
    }
}

impl VaultReader {
    fn fetch_here(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &[SecretReference],
    ) -> anyhow::Result<Vec<Result<SecretString, String>>> {
        let transport = transport(upstream, self.environment.as_ref())?;
        let outside = outside(transport, Arc::clone(&self.environment), self.wall_clock, self.random)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(vaults.fetch(references, &outside)))
    }
}

/// Fetches secrets again, for ever.
pub(super) struct SecretRenewal {
    pub(super) secrets: VaultedSecrets,
    pub(super) reloader: Arc<Reloader>,
    /// Has the configuration read again when one has changed.
    pub(super) reload: mpsc::Sender<()>,
    pub(super) telemetry: Telemetry,
    pub(super) random: fn() -> u64,
}

impl SecretRenewal {
    /// Does it as often as the configuration in force says.
    pub(super) async fn run(self) {
        loop {
            let refresh = self.reloader.loaded().secrets.refresh;
            tokio::time::sleep(jittered(refresh, (self.random)())).await;
            let Renewed { changed, failed } = self.renewed(self.reloader.loaded()).await;
            let failed: Vec<_> =
                failed.into_iter().map(|(reference, why)| (reference.to_string(), why)).collect();
            SecretsRenewed { changed, failed: &failed }.emit(&self.telemetry);
            if changed {
                // A full channel means that a reload is due already.
                let _ = self.reload.try_send(());
            }
        }
    }

    async fn renewed(&self, loaded: Arc<Loaded>) -> Renewed {
        if loaded.references.is_empty() {
            return Renewed::default();
        }
        let secrets = self.secrets.clone();
        let renewing = tokio::task::spawn_blocking(move || {
            secrets.renew(&loaded.secrets.vaults, &loaded.upstream, &loaded.references)
        });
        renewing.await.unwrap_or_else(|error| {
            tracing::error!(%error, "secrets could not be fetched again");
            Renewed::default()
        })
    }
}

/// Up to a tenth less, so that replicas that were started together do not ask together.
fn jittered(refresh: Duration, random: u64) -> Duration {
    let share = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    refresh.mul_f64(0.1f64.mul_add(-share, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{Duration, jittered};

    #[test]
    fn a_tenth_is_left_to_chance() {
        let minute = Duration::from_secs(60);
        assert_eq!(jittered(minute, 0), minute);
        assert_eq!(jittered(minute, u64::MAX), Duration::from_secs(54));
    }
}
