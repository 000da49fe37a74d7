//! Watching the calls of a target with the process's clock, its breakers and its log.

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{BreakerPolicy, Snapshot};
use engine::breaker::{Stage, Turn};
use engine::{Guards, Seen};
use telemetry::ProviderMeters;
use telemetry::events::{BreakerTurned, RegionTurned};

use super::sharing::Known;
use super::{Guard, Health, RegionGuard};

/// A call of a target under way.
pub type Watch = engine::Watch<Guarding>;

/// What is about to be called.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The target.
    pub target: &'a Target,
    /// What it is asked for.
    pub model: &'a str,
    /// Where its provider's breakers are counted.
    pub meters: &'a Arc<ProviderMeters>,
    /// Which rules hold.
    pub snapshot: &'a Arc<Snapshot>,
    /// Whether the request brought its own route, whose time limits are nobody else's measure.
    pub is_own_route: bool,
}

/// What guards the target of one call, with the clock, the rules and the log.
#[derive(Debug)]
pub struct Guarding {
    health: Arc<Health>,
    snapshot: Arc<Snapshot>,
    target: Arc<Guard>,
    provider: Arc<Guard>,
    region: Option<Arc<RegionGuard>>,
}

impl Health {
    /// Begins to watch a call; `None` where nothing is kept, because the request chose the host itself.
    #[must_use]
    pub fn watch(self: &Arc<Self>, subject: &Subject<'_>) -> Option<Watch> {
        let Subject { target, model, meters, snapshot, is_own_route } = *subject;
        if target.custom_host.as_ref().is_some_and(|custom| custom.from_request) {
            return None;
        }
        let guard = |stage| self.guard((target, model), meters, stage);
        let region_guard = |region| self.region_guard(region, || self.telemetry.region(region));
        let guards = Guarding {
            health: Arc::clone(self),
            snapshot: Arc::clone(snapshot),
            target: guard(Stage::Target),
            provider: guard(Stage::Provider),
            region: target.region.as_ref().map(region_guard),
        };
        let has_own_limits = is_own_route && target.timeouts != snapshot.route_defaults.timeouts;
        Some(Watch::begin(guards, has_own_limits))
    }
}

impl Guarding {
    fn region_turned(&self, was_closed: bool, cool_down: Option<Duration>) {
        let Some(region) = &self.region else { return };
        RegionTurned { region: &region.meters, was_closed, cool_down, is_heard: false }
            .emit(&self.health.telemetry);
        self.tell(|| Known::Region(Arc::clone(region)));
    }

    fn guard_turned(&self, guard: &Arc<Guard>, was_closed: bool, cool_down: Option<Duration>) {
        let (provider, model) = (&guard.meters, guard.guarded.model.as_deref());
        BreakerTurned { provider, model, was_closed, cool_down, is_heard: false }
            .emit(&self.health.telemetry);
        self.tell(|| Known::Guard(Arc::clone(guard)));
    }

    /// Has other replicas told, where there are any.
    fn tell(&self, known: impl FnOnce() -> Known) {
        if self.health.is_shared {
            self.health.note(known());
        }
    }
}

impl Guards for Guarding {
    fn now(&self) -> Duration {
        self.health.clock.now()
    }

    fn policy(&self) -> &BreakerPolicy {
        &self.snapshot.route_defaults.breaker
    }

    fn provider(&self) -> &str {
        self.provider.meters.name().as_str()
    }

    fn seen<R>(&self, stage: Stage, act: impl FnOnce(&mut Seen) -> R) -> Option<R> {
        let seen = match stage {
            Stage::Target => &self.target.seen,
            Stage::Provider => &self.provider.seen,
            Stage::Region => &self.region.as_ref()?.seen,
        };
        Some(act(&mut seen.lock()))
    }

    fn turned(&self, stage: Stage, was_closed: bool, turn: Turn) {
        let cool_down = match turn {
            Turn::Opened { cool_down } => Some(cool_down),
            Turn::Closed => None,
        };
        match stage {
            Stage::Target => self.guard_turned(&self.target, was_closed, cool_down),
            Stage::Provider => self.guard_turned(&self.provider, was_closed, cool_down),
            Stage::Region => self.region_turned(was_closed, cool_down),
        }
    }
}
