//! How targets do, for all requests and across reloads: a circuit breaker for each model at a provider, one for each
//! provider whatever the model, and one for each region whatever the provider. Who decides is `engine`; here its state is kept and found.

mod sharing;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{ProviderName, RegionName};
use engine::breaker::Stage;
use engine::{Habit, Load, Prefix, Seen};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, UnitWeighter};
use telemetry::{ProviderMeters, RegionMeters, Telemetry};

use crate::Clock;
use crate::legible::Legible;

pub use watch::{Guarding, Subject, Watch};

/// Most breakers; those asked for least go first, closed as they would begin again.
const BREAKERS_MAX: usize = 20_000;
/// Room for so many is made at the start; most gateways never have more.
const BREAKERS_AT_FIRST: usize = 256;

/// Most regions with a breaker; more than all clouds have together.
const REGIONS_MAX: usize = 1_000;

/// Every breaker, with the clock by which they rest and where their turns are told.
#[derive(Debug)]
pub struct Health {
    clock: Clock,
    telemetry: Telemetry,
    /// Whether there are other replicas, who are told of turns.
    is_shared: bool,
    guards: Cache<Guarded, Arc<Guard>>,
    regions: Cache<RegionName, Arc<RegionGuard>>,
    turned: sharing::Turned,
    /// Whether what replicas say of their breakers can be read.
    legible: Legible,
}

/// How a target does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// The breaker that keeps calls from it.
    pub shut: Option<Stage>,
    /// How busy and how fast it is.
    pub load: Load,
    /// What its answers use.
    pub habit: Habit,
}

/// Whether a target is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resting {
    /// Nothing is known against it.
    Not,
    /// Until a time that is not here yet, or while a call finds out.
    Still,
    /// It is time to find out whether it is well.
    Over,
}

/// What a breaker guards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Guarded {
    provider: ProviderName,
    /// Another host than the provider's own.
    host: Option<Box<str>>,
    /// The model; absent for the provider as a whole.
    model: Option<Box<str>>,
}

/// The same, borrowed. Its members are in the same order, so that both have one hash.
#[derive(Hash)]
struct Sought<'a> {
    provider: &'a ProviderName,
    host: Option<&'a str>,
    model: Option<&'a str>,
}

impl Equivalent<Guarded> for Sought<'_> {
    fn equivalent(&self, key: &Guarded) -> bool {
        *self.provider == key.provider
            && self.host == key.host.as_deref()
            && self.model == key.model.as_deref()
    }
}

impl<'a> Sought<'a> {
    fn of(target: &'a Target, model: &'a str, stage: Stage) -> Self {
        Self {
            provider: &target.provider.name,
            host: target.custom_host.as_ref().map(|custom| custom.base.authority.as_str()),
            model: (stage == Stage::Target).then_some(model),
        }
    }

    fn owned(&self) -> Guarded {
        Guarded {
            provider: self.provider.clone(),
            host: self.host.map(Into::into),
            model: self.model.map(Into::into),
        }
    }
}

/// A breaker with the load of what it guards, and where its turns are counted.
#[derive(Debug)]
struct Guard {
    seen: Mutex<Seen>,
    meters: Arc<ProviderMeters>,
    guarded: Guarded,
}

/// The breaker of a region, and where its turns are counted.
#[derive(Debug)]
struct RegionGuard {
    seen: Mutex<Seen>,
    meters: RegionMeters,
}

impl Drop for RegionGuard {
    fn drop(&mut self) {
        if !self.seen.get_mut().breaker.is_closed() {
            self.meters.breaker_forgotten();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.seen.get_mut().breaker.is_closed() {
            self.meters.breaker_forgotten();
        }
    }
}

/// Whether a request has to go elsewhere, which other replicas are told of where they make the probe.
fn is_shut(seen: &mut Seen, now: Duration) -> bool {
    let is_shut = seen.breaker.is_shut(now);
    if is_shut {
        seen.told.want(now);
    }
    is_shut
}

impl Health {
    /// No breaker yet; `is_shared` where other replicas are [told](Self::share) of them.
    #[must_use]
    pub fn new(clock: Clock, telemetry: Telemetry, is_shared: bool) -> Self {
        let bound = u64::try_from(BREAKERS_MAX).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let guards = Cache::with(BREAKERS_AT_FIRST, bound, UnitWeighter, hasher, lifecycle);
        let (regions, turned) = (Cache::new(REGIONS_MAX), sharing::Turned::default());
        Self { clock, telemetry, is_shared, guards, regions, turned, legible: Legible::default() }
    }

    /// How a target does at this time.
    pub fn standing(&self, target: &Target, model: &str, now: Duration) -> Standing {
        let mut standing = Standing::default();
        if let Some(guard) = self.guards.get(&Sought::of(target, model, Stage::Target)) {
            let mut seen = guard.seen.lock();
            let shut = is_shut(&mut seen, now).then_some(Stage::Target);
            standing = Standing { shut, load: seen.load.at(now), habit: seen.habit };
        }
        let is_wider = |stage: &Stage| self.is_shut(target, model, *stage, now);
        let shut = standing.shut.or_else(|| [Stage::Provider, Stage::Region].into_iter().find(is_wider));
        Standing { shut, ..standing }
    }

    fn is_shut(&self, target: &Target, model: &str, stage: Stage, now: Duration) -> bool {
        self.breaker(target, model, stage, |seen| is_shut(seen, now)).unwrap_or_default()
    }

    /// Whether a target rests, be it for its own sake or with its provider or its region.
    pub fn resting(&self, target: &Target, model: &str, now: Duration) -> Resting {
        let of = |seen: &mut Seen| match (is_shut(seen, now), seen.breaker.is_closed()) {
            (true, _) => Resting::Still,
            (false, true) => Resting::Not,
            (false, false) => Resting::Over,
        };
        let all = Stage::ALL.map(|stage| self.breaker(target, model, stage, of));
        let worst = [Resting::Still, Resting::Over].into_iter().find(|one| all.contains(&Some(*one)));
        worst.unwrap_or(Resting::Not)
    }

    /// What is seen of the breaker at a stage, when there is one.
    fn breaker<R>(
        &self,
        target: &Target,
        model: &str,
        stage: Stage,
        see: impl FnOnce(&mut Seen) -> R,
    ) -> Option<R> {
        let see = |seen: &Mutex<Seen>| see(&mut seen.lock());
        match stage {
            Stage::Region => self.regions.get(target.region.as_ref()?).map(|guard| see(&guard.seen)),
            Stage::Target | Stage::Provider => {
                self.guards.get(&Sought::of(target, model, stage)).map(|guard| see(&guard.seen))
            }
        }
    }

    /// The time within which so many percent of a target's calls were answered of late; none while too few are known.
    pub fn quantile(&self, target: &Target, model: &str, percent: u32) -> Option<Duration> {
        let guard = self.guards.get(&Sought::of(target, model, Stage::Target))?;
        let seen = guard.seen.lock();
        seen.times.quantile(percent)
    }

    /// How many tokens so many percent of a target's answers had at most of late; none while too few are known.
    pub fn length(&self, target: &Target, model: &str, percent: u32) -> Option<u64> {
        let guard = self.guards.get(&Sought::of(target, model, Stage::Target))?;
        let seen = guard.seen.lock();
        seen.lengths.quantile(percent)
    }

    /// How many tokens of a prompt a target is likely to save, since its provider has them in its cache.
    pub fn saving(&self, (target, model): (&Target, &str), prefix: &Prefix, now: Duration) -> u64 {
        let guard = self.guards.get(&Sought::of(target, model, Stage::Target));
        guard.map_or(0, |guard| guard.seen.lock().warmth.saving(prefix, target.provider.prompt_cache, now))
    }

    fn guard(
        &self,
        (target, model): (&Target, &str),
        meters: &Arc<ProviderMeters>,
        stage: Stage,
    ) -> Arc<Guard> {
        self.guard_of(&Sought::of(target, model, stage), meters)
    }

    fn guard_of(&self, sought: &Sought<'_>, meters: &Arc<ProviderMeters>) -> Arc<Guard> {
        if let Some(guard) = self.guards.get(sought) {
            return guard;
        }
        let make = || {
            let (seen, meters, guarded) = (Mutex::default(), Arc::clone(meters), sought.owned());
            Ok::<_, std::convert::Infallible>(Arc::new(Guard { seen, meters, guarded }))
        };
        match self.guards.get_or_insert_with(&sought.owned(), make) {
            Ok(guard) => guard,
            Err(never) => match never {},
        }
    }

    fn region_guard(&self, region: &RegionName, meters: impl FnOnce() -> RegionMeters) -> Arc<RegionGuard> {
        let make = || {
            let guard = RegionGuard { seen: Mutex::default(), meters: meters() };
            Ok::<_, std::convert::Infallible>(Arc::new(guard))
        };
        match self.regions.get_or_insert_with(region, make) {
            Ok(guard) => guard,
            Err(never) => match never {},
        }
    }
}
