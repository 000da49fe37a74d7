//! One call of a target, watched from its beginning to its end, which is told to the breakers once.

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{BreakerPolicy, Failure, FailureClass, Snapshot};
use engine::breaker::{Stage, Ticket, Turn, Verdict, verdict};
use engine::{Breaker, Load};
use telemetry::ProviderMeters;
use telemetry::events::BreakerTurned;
use telemetry::meters::Outcome;

use super::Guard;
use crate::gateway::Gateway;

/// What is about to be called.
pub(crate) struct Subject<'a> {
    pub(crate) target: &'a Target,
    pub(crate) model: &'a str,
    pub(crate) meters: &'a Arc<ProviderMeters>,
    pub(crate) snapshot: &'a Arc<Snapshot>,
    /// Whether the request brought its own route, whose time limits are nobody else's measure.
    pub(crate) is_own_route: bool,
}

/// A call under way. Dropped untold, it ended without a verdict about the target.
pub(crate) struct Watch {
    world: World,
    stages: [Watched; 2],
    begun: Duration,
    has_own_limits: bool,
    is_slow: bool,
}

/// Where the clock, the rules and the log are.
struct World {
    gateway: Arc<Gateway>,
    snapshot: Arc<Snapshot>,
}

struct Watched {
    stage: Stage,
    guard: Arc<Guard>,
    /// Absent once the end is told.
    ticket: Option<Ticket>,
}

impl Watch {
    /// Begins; `None` where nothing is kept, because the request chose the host itself.
    pub(crate) fn begin(gateway: &Arc<Gateway>, subject: &Subject<'_>) -> Option<Self> {
        let Subject { target, model, meters, snapshot, is_own_route } = *subject;
        if target.custom_host.as_ref().is_some_and(|custom| custom.from_request) {
            return None;
        }
        let now = gateway.uptime();
        let watched = |stage| {
            let guard = gateway.health.guard((target, model), meters, stage);
            let mut seen = guard.seen.lock();
            seen.load.begun();
            let ticket = Some(seen.breaker.begin(now));
            drop(seen);
            Watched { stage, guard, ticket }
        };
        Some(Self {
            world: World { gateway: Arc::clone(gateway), snapshot: Arc::clone(snapshot) },
            stages: [Stage::Target, Stage::Provider].map(watched),
            begun: now,
            has_own_limits: is_own_route && target.timeouts != snapshot.route_defaults.timeouts,
            is_slow: false,
        })
    }

    /// The first content is there, or the whole answer. A probe has done its work; any other call is judged by its end.
    pub(crate) fn answered(&mut self, took: Duration) {
        self.is_slow = self.world.policy().slow_after.is_some_and(|limit| took > limit);
        self.measure(|load, now| load.answered(took, now));
        for watched in &mut self.stages {
            if let Some(probe) = watched.ticket.take_if(|ticket| ticket.is_probe()) {
                watched.praise(&self.world, probe, self.is_slow);
                watched.ticket = Some(probe.after_probe());
            }
        }
    }

    /// The call failed before it was answered.
    pub(crate) fn failed(mut self, failure: &Failure) {
        if self.has_own_limits && matches!(failure.class, FailureClass::Timeout(_)) {
            return;
        }
        if verdict(failure.class, Stage::Target).is_some() {
            self.measure(|load, now| load.failed(now.saturating_sub(self.begun), now));
        }
        self.blame(|stage| verdict(failure.class, stage), failure.retry_after);
    }

    /// The answer has ended.
    pub(crate) fn ended(mut self, outcome: Outcome) {
        if outcome == Outcome::Failed {
            if !self.has_own_limits {
                self.blame(|stage| (stage == Stage::Target).then_some(Verdict::Failed), None);
            }
            return;
        }
        for watched in &mut self.stages {
            if let Some(ticket) = watched.ticket.take() {
                watched.praise(&self.world, ticket, self.is_slow);
            }
        }
    }

    fn blame(&mut self, judge: impl Fn(Stage) -> Option<Verdict>, wish: Option<Duration>) {
        for watched in &mut self.stages {
            let Some(verdict) = judge(watched.stage) else { continue };
            if let Some(ticket) = watched.ticket.take() {
                watched.tell(&self.world, |breaker, policy, now| {
                    breaker.failed(ticket, verdict, wish, policy, now)
                });
            }
        }
    }

    /// Measures the target by a call.
    fn measure(&self, by: impl FnOnce(&mut Load, Duration)) {
        if let Some(Watched { guard, .. }) = self.stages.iter().find(|watched| watched.stage == Stage::Target)
        {
            by(&mut guard.seen.lock().load, self.world.gateway.uptime());
        }
    }
}

impl World {
    fn policy(&self) -> &BreakerPolicy {
        &self.snapshot.route_defaults.breaker
    }
}

impl Watched {
    fn praise(&self, world: &World, ticket: Ticket, is_slow: bool) {
        self.tell(world, |breaker, policy, now| breaker.succeeded(ticket, is_slow, policy, now));
    }

    /// Tells the breaker something, and the world what came of it.
    fn tell(&self, world: &World, told: impl FnOnce(&mut Breaker, &BreakerPolicy, Duration) -> Option<Turn>) {
        let mut seen = self.guard.seen.lock();
        let was_closed = seen.breaker.is_closed();
        let turn = told(&mut seen.breaker, world.policy(), world.gateway.uptime());
        drop(seen);
        let Some(turn) = turn else { return };
        let cool_down = match turn {
            Turn::Opened { cool_down } => Some(cool_down),
            Turn::Closed => None,
        };
        let (provider, model) = (&self.guard.meters, self.guard.model.as_deref());
        BreakerTurned { provider, model, was_closed, cool_down }.emit(&world.gateway.telemetry);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for watched in &mut self.stages {
            let mut seen = watched.guard.seen.lock();
            seen.load.ended();
            if let Some(ticket) = watched.ticket.take() {
                seen.breaker.abandoned(ticket);
            }
        }
    }
}
