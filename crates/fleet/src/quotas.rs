//! What is left of providers' quotas, and who waits for it: for all requests and across reloads. Who may call is decided by
//! `engine`; here its state is kept and found, and those who wait do so.

mod spend;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{CredentialId, KeyName, Priority, ProviderName, Quota};
use engine::quota::{Asked, Bounds, Claimant, Cost, Report, Shaper};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, UnitWeighter};
use smallvec::SmallVec;
use telemetry::ProviderMeters;
use tokio::sync::Notify;

pub use spend::Spend;
pub use waiting::{Entered, OverQuota, enter};

/// Most models with a quota; those asked for least go first, and are as if nothing was used.
const QUOTAS_MAX: usize = 20_000;
/// Room for so many is made at the start; most gateways never have more.
const QUOTAS_AT_FIRST: usize = 64;

/// Every quota that anything is known of.
#[derive(Debug)]
pub struct Quotas {
    shapes: Cache<Shaped, Arc<Shape>>,
    /// Held while one takes the place of what there is, so that requests that come at once share one.
    beginning: Mutex<()>,
}

/// What a quota is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shaped {
    provider: ProviderName,
    model: Box<str>,
}

/// The same, borrowed. Its members are in the same order, so that both have one hash.
#[derive(Hash)]
struct Sought<'a> {
    provider: &'a ProviderName,
    model: &'a str,
}

impl Equivalent<Shaped> for Sought<'_> {
    fn equivalent(&self, key: &Shaped) -> bool {
        *self.provider == key.provider && *self.model == *key.model
    }
}

/// The quota of one model at one provider.
#[derive(Debug)]
pub struct Shape {
    shaper: Mutex<Shaper<Arc<Notify>>>,
    meters: Arc<ProviderMeters>,
}

/// A request, as far as its place before a quota goes.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// What it will use, as far as can be said.
    pub cost: Cost,
    /// How urgent it is.
    pub priority: Priority,
    /// Whose it is.
    pub key: &'a KeyName,
    /// How much of the quota its key gets beside others.
    pub weight: u32,
    /// The credentials that it may use, the one preferred first.
    pub credentials: SmallVec<[CredentialId; 2]>,
    /// How many may wait before it, and for how long.
    pub bounds: Bounds,
}

impl Asking<'_> {
    fn asked(&self) -> Asked<'_> {
        Asked {
            cost: self.cost,
            priority: self.priority,
            claimant: Claimant { key: self.key, weight: self.weight },
            credentials: &self.credentials,
        }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        let bound = u64::try_from(QUOTAS_MAX).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let shapes = Cache::with(QUOTAS_AT_FIRST, bound, UnitWeighter, hasher, lifecycle);
        Self { shapes, beginning: Mutex::new(()) }
    }
}

impl Quotas {
    /// The quota of a target's model, where one is configured or was learned.
    pub fn find(&self, target: &Target, model: &str, meters: &Arc<ProviderMeters>) -> Option<Arc<Shape>> {
        let sought = Sought { provider: &target.provider.name, model };
        match (self.shapes.get(&sought), target.provider.quota(model)) {
            (Some(shape), Some(quota)) if shape.goes_by(quota) => Some(shape),
            (Some(shape), None) if shape.goes_by(&Quota::default()) => Some(shape),
            (Some(_), None) => {
                self.shapes.remove(&sought);
                None
            }
            (_, Some(quota)) => Some(self.begin(&sought, quota, meters)),
            (None, None) => None,
        }
    }

    /// The quota of a target's model, of which something is about to be learned.
    pub fn learn(&self, target: &Target, model: &str, meters: &Arc<ProviderMeters>) -> Arc<Shape> {
        let sought = Sought { provider: &target.provider.name, model };
        self.find(target, model, meters).unwrap_or_else(|| self.begin(&sought, &Arc::default(), meters))
    }

    /// Puts a fresh one in the place of what there is, unless another request just has.
    fn begin(&self, sought: &Sought<'_>, quota: &Arc<Quota>, meters: &Arc<ProviderMeters>) -> Arc<Shape> {
        let _beginning = self.beginning.lock();
        if let Some(begun) = self.shapes.get(sought).filter(|begun| begun.goes_by(quota)) {
            return begun;
        }
        let shaped = Shaped { provider: sought.provider.clone(), model: sought.model.into() };
        let shaper = Mutex::new(Shaper::new(Arc::clone(quota)));
        let shape = Arc::new(Shape { shaper, meters: Arc::clone(meters) });
        self.shapes.insert(shaped, Arc::clone(&shape));
        shape
    }
}

impl Shape {
    fn goes_by(&self, quota: &Quota) -> bool {
        *self.shaper.lock().quota().as_ref() == *quota
    }

    /// How much is used, in thousandths; 1000 where such a request would have to wait.
    pub fn used(&self, cost: &Cost, priority: Priority, credentials: &[CredentialId], now: Duration) -> u32 {
        self.shaper.lock().used(cost, priority, credentials, now)
    }

    /// How much is in use, in thousandths, where a request with these credentials would have to wait for that.
    pub fn too_much_in_use(
        &self,
        priority: Priority,
        credentials: &[CredentialId],
        now: Duration,
    ) -> Option<u64> {
        self.shaper.lock().too_much_in_use(priority, credentials, now)
    }

    /// What an answer to a call says about the quota of a credential.
    pub fn heard(&self, credential: &CredentialId, reports: &[Report], spend: Option<&Spend>, now: Duration) {
        let mut shaper = self.shaper.lock();
        for report in reports {
            shaper.learn(credential, report, spend.and_then(Spend::granted), now);
        }
        tell_next(&shaper);
    }

    /// The provider refused a call for the quota of a credential.
    pub fn refused(&self, credential: &CredentialId, wish: Option<Duration>, now: Duration) {
        self.shaper.lock().refused(credential, wish, now);
    }
}

/// Tells whose turn it may be now.
fn tell_next(shaper: &Shaper<Arc<Notify>>) {
    if let Some(next) = shaper.next() {
        next.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Quota, Quotas, Shape, Sought};
    use std::sync::Barrier;
    use std::thread;

    use telemetry::Telemetry;

    #[test]
    fn requests_that_come_at_once_share_one_quota() {
        const THREADS: usize = 8;
        let (provider, telemetry) = ("p".into(), Telemetry::new());
        let meters = telemetry.provider(&provider);
        let quota = Arc::new(Quota { concurrency: Some(1), ..Quota::default() });
        for round in 0..200 {
            let (quotas, barrier, model) = (Quotas::default(), Barrier::new(THREADS), format!("m{round}"));
            let begin = || {
                barrier.wait();
                quotas.begin(&Sought { provider: &provider, model: &model }, &quota, &meters)
            };
            let begun: Vec<Arc<Shape>> = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(begin)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(begun.iter().all(|shape| Arc::ptr_eq(shape, &begun[0])));
        }
    }
}
