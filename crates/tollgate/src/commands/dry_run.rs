//! A gateway that calls nobody: it tells where requests would go, with everything that `tollgate serve` decides with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use control::Loaded;
use domain::ports::notices::Untold;
use domain::quota::Standing;
use domain::{ApiKey, Priority};
use inference::{Configuration, Gateway, GatewayParts};
use jiff::Timestamp;
use parking_lot::Mutex;
use store::MemoryStore;
use telemetry::Telemetry;

use super::surroundings::{environment, now};
use crate::serve::transport;

/// A gateway of a configuration, and its keys by name.
pub(super) struct DryRun {
    gateway: Arc<Gateway>,
    keys: Vec<Arc<ApiKey>>,
    chance: Arc<Chance>,
}

/// What a decision depends on besides the configuration and the request.
#[derive(Default)]
struct Chance {
    /// How many numbers were drawn.
    drawn: AtomicU64,
    /// What time it is; the real one when absent.
    at: Mutex<Option<Timestamp>>,
}

impl DryRun {
    /// A gateway of a configuration.
    ///
    /// # Errors
    /// When a certificate authority of the configuration cannot be read.
    pub(super) fn of(loaded: &Loaded) -> anyhow::Result<Self> {
        let chance = Arc::new(Chance::default());
        let (draws, clock) = (Arc::clone(&chance), Arc::clone(&chance));
        let parts = GatewayParts {
            transport: transport(&loaded.upstream, environment().as_ref())?,
            telemetry: Telemetry::new(),
            store: Arc::new(MemoryStore::new(0)),
            shared_state: None,
            notices: Arc::new(Untold),
            random: Box::new(move || mixed(draws.drawn.fetch_add(1, Ordering::Relaxed))),
            wall_clock: Box::new(move || clock.at.lock().unwrap_or_else(now)),
        };
        let snapshot = Arc::clone(&loaded.snapshot);
        let keys = snapshot.keys.values().map(|known| Arc::clone(&known.key)).collect();
        let configuration = Configuration {
            snapshot,
            directory: Arc::clone(&loaded.directory) as _,
            callers: Arc::clone(&loaded.callers),
        };
        Ok(Self { gateway: Gateway::new(parts, configuration), keys, chance })
    }

    /// Begins a request that is made at a certain time, or now. What is drawn for it is the same each time.
    pub(super) fn begin(&self, at: Option<Timestamp>) {
        self.chance.drawn.store(0, Ordering::Relaxed);
        *self.chance.at.lock() = at;
    }

    /// The gateway.
    pub(super) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The key of a name; without one, a key that may do everything.
    ///
    /// # Errors
    /// When no key has the name.
    pub(super) fn key(&self, name: Option<&str>) -> anyhow::Result<Arc<ApiKey>> {
        let Some(name) = name else { return Ok(Arc::new(everything())) };
        let found = self.keys.iter().find(|key| key.name.as_str() == name).cloned();
        match found {
            Some(key) => Ok(key),
            None if self.keys.is_empty() => bail!("the configuration has no keys"),
            None => found.with_context(|| format!("no key is named `{name}`")),
        }
    }
}

fn everything() -> ApiKey {
    ApiKey {
        passthrough: true,
        inline_config: true,
        explain: true,
        standing: Standing { priority_max: Priority::Realtime, ..Standing::default() },
        ..ApiKey::new("everything", Arc::default())
    }
}

/// Numbers that look random, the same each time (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
