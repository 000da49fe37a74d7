//! How targets do, for all requests and across reloads: a circuit breaker for each model at a provider, and one for each
//! provider whatever the model. Who decides is `engine`; here its state is kept and found.

mod watch;

use std::sync::Arc;
use std::time::Duration;

use domain::ProviderName;
use domain::route::Target;
use engine::breaker::Stage;
use engine::{Habit, Load, Seen};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, UnitWeighter};
use telemetry::ProviderMeters;

pub(crate) use watch::{Subject, Watch, watch};

/// Most breakers; those asked for least go first, closed as they would begin again.
const BREAKERS_MAX: usize = 20_000;
/// Room for so many is made at the start; most gateways never have more.
const BREAKERS_AT_FIRST: usize = 256;

/// Every breaker.
#[derive(Debug)]
pub(crate) struct Health(Cache<Guarded, Arc<Guard>>);

/// How a target does.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    /// Whether a breaker keeps calls from it.
    pub(crate) is_shut: bool,
    /// How busy and how fast it is.
    pub(crate) load: Load,
    /// What its answers use.
    pub(crate) habit: Habit,
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
    model: Option<Box<str>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.seen.get_mut().breaker.is_closed() {
            self.meters.breaker_forgotten();
        }
    }
}

impl Health {
    pub(crate) fn new() -> Self {
        let bound = u64::try_from(BREAKERS_MAX).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(Cache::with(BREAKERS_AT_FIRST, bound, UnitWeighter, hasher, lifecycle))
    }

    /// How a target does at this time.
    pub(crate) fn standing(&self, target: &Target, model: &str, now: Duration) -> Standing {
        let seen = |stage| {
            let guard = self.0.get(&Sought::of(target, model, stage))?;
            let seen = guard.seen.lock();
            Some(Standing { is_shut: seen.breaker.is_shut(now), load: seen.load.at(now), habit: seen.habit })
        };
        let own = seen(Stage::Target).unwrap_or_default();
        let is_shut = own.is_shut || seen(Stage::Provider).is_some_and(|provider| provider.is_shut);
        Standing { is_shut, ..own }
    }

    /// The time within which so many percent of a target's calls were answered of late; none while too few are known.
    pub(crate) fn quantile(&self, target: &Target, model: &str, percent: u32) -> Option<Duration> {
        let guard = self.0.get(&Sought::of(target, model, Stage::Target))?;
        let seen = guard.seen.lock();
        seen.times.quantile(percent)
    }

    /// How many tokens so many percent of a target's answers had at most of late; none while too few are known.
    pub(crate) fn length(&self, target: &Target, model: &str, percent: u32) -> Option<u64> {
        let guard = self.0.get(&Sought::of(target, model, Stage::Target))?;
        let seen = guard.seen.lock();
        seen.lengths.quantile(percent)
    }

    fn guard(
        &self,
        (target, model): (&Target, &str),
        meters: &Arc<ProviderMeters>,
        stage: Stage,
    ) -> Arc<Guard> {
        let sought = Sought::of(target, model, stage);
        if let Some(guard) = self.0.get(&sought) {
            return guard;
        }
        let make = || {
            let model = sought.model.map(Into::into);
            Ok::<_, std::convert::Infallible>(Arc::new(Guard {
                seen: Mutex::default(),
                meters: Arc::clone(meters),
                model,
            }))
        };
        match self.0.get_or_insert_with(&sought.owned(), make) {
            Ok(guard) => guard,
            Err(never) => match never {},
        }
    }
}
