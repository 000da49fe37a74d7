//! One call of a target, watched from its beginning to its end, which is told to the breakers once.

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{BreakerPolicy, Failure, FailureClass, Snapshot};
use engine::breaker::{Stage, Ticket, Turn, Verdict, verdict};
use telemetry::ProviderMeters;
use telemetry::events::BreakerTurned;
use telemetry::meters::Outcome;

use super::Guard;
use crate::gateway::Gateway;

/// A call that is about to be made.
pub(crate) struct Call<'a> {
    pub(crate) target: &'a Target,
    pub(crate) model: &'a str,
    pub(crate) meters: &'a Arc<ProviderMeters>,
    pub(crate) snapshot: &'a Arc<Snapshot>,
    /// Whether the request brought its own route, whose time limits are nobody else's measure.
    pub(crate) is_own_route: bool,
}

/// A call under way. Dropped untold, it ended without a verdict about the target.
pub(crate) struct Watch {
    gateway: Arc<Gateway>,
    snapshot: Arc<Snapshot>,
    stages: [Watched; 2],
    begun: Duration,
    has_own_limits: bool,
    is_slow: bool,
}

struct Watched {
    stage: Stage,
    guard: Arc<Guard>,
    /// Absent once the end is told.
    ticket: Option<Ticket>,
}

impl Watch {
    /// Begins; `None` where nothing is kept, because the request chose the host itself.
    pub(crate) fn begin(gateway: &Arc<Gateway>, call: &Call<'_>) -> Option<Self> {
        let Call { target, model, meters, snapshot, is_own_route } = *call;
        let is_own_host = target.custom_host.as_ref().is_some_and(|custom| custom.from_request);
        let defaults = &snapshot.route_defaults;
        if is_own_host {
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
            gateway: Arc::clone(gateway),
            snapshot: Arc::clone(snapshot),
            stages: [Stage::Target, Stage::Provider].map(watched),
            begun: now,
            has_own_limits: is_own_route && target.timeouts != defaults.timeouts,
            is_slow: false,
        })
    }

    /// The first content is there, or the whole answer. A probe has done its work; any other call is judged by its end.
    pub(crate) fn answered(&mut self, took: Duration) {
        self.is_slow = self.policy().slow_after.is_some_and(|limit| took > limit);
        self.measure(|load, now| load.answered(took, now));
        for place in 0..self.stages.len() {
            if let Some(probe) = self.take(place, Ticket::is_probe) {
                self.praise(place, probe);
                if let Some(watched) = self.stages.get_mut(place) {
                    watched.ticket = Some(probe.after_probe());
                }
            }
        }
    }

    /// The call failed before it was answered.
    pub(crate) fn failed(mut self, failure: &Failure) {
        let is_own = self.has_own_limits && matches!(failure.class, FailureClass::Timeout(_));
        if !is_own {
            if verdict(failure.class, Stage::Target).is_some() {
                let begun = self.begun;
                self.measure(|load, now| load.failed(now.saturating_sub(begun), now));
            }
            self.blame(|stage| verdict(failure.class, stage), failure.retry_after);
        }
    }

    /// The answer has ended.
    pub(crate) fn ended(mut self, outcome: Outcome) {
        if outcome == Outcome::Failed {
            if !self.has_own_limits {
                self.blame(|stage| (stage == Stage::Target).then_some(Verdict::Failed), None);
            }
            return;
        }
        for place in 0..self.stages.len() {
            if let Some(ticket) = self.take(place, |_| true) {
                self.praise(place, ticket);
            }
        }
    }

    /// The ticket of a stage, if it is meant.
    fn take(&mut self, place: usize, is_meant: impl Fn(&Ticket) -> bool) -> Option<Ticket> {
        self.stages.get_mut(place)?.ticket.take_if(|ticket| is_meant(ticket))
    }

    fn praise(&self, place: usize, ticket: Ticket) {
        let is_slow = self.is_slow;
        self.tell(place, |breaker, policy, now| breaker.succeeded(ticket, is_slow, policy, now));
    }

    fn blame(&mut self, judge: impl Fn(Stage) -> Option<Verdict>, wish: Option<Duration>) {
        for place in 0..self.stages.len() {
            let verdict = self.stages.get(place).and_then(|watched| judge(watched.stage));
            let Some(verdict) = verdict else { continue };
            if let Some(ticket) = self.take(place, |_| true) {
                self.tell(place, |breaker, policy, now| breaker.failed(ticket, verdict, wish, policy, now));
            }
        }
    }

    /// Measures the target by a call.
    fn measure(&self, by: impl FnOnce(&mut engine::Load, Duration)) {
        let target = self.stages.iter().find(|watched| watched.stage == Stage::Target);
        if let Some(Watched { guard, .. }) = target {
            by(&mut guard.seen.lock().load, self.gateway.uptime());
        }
    }

    /// Tells a breaker something, and the world what came of it.
    fn tell(
        &self,
        place: usize,
        told: impl FnOnce(&mut engine::Breaker, &BreakerPolicy, Duration) -> Option<Turn>,
    ) {
        let Some(Watched { guard, .. }) = self.stages.get(place) else { return };
        let mut seen = guard.seen.lock();
        let was_closed = seen.breaker.is_closed();
        let turn = told(&mut seen.breaker, self.policy(), self.gateway.uptime());
        drop(seen);
        let Some(turn) = turn else { return };
        let cool_down = match turn {
            Turn::Opened { cool_down } => Some(cool_down),
            Turn::Closed => None,
        };
        let model = guard.model.as_deref();
        BreakerTurned { provider: &guard.meters, model, was_closed, cool_down }.emit(&self.gateway.telemetry);
    }

    fn policy(&self) -> &BreakerPolicy {
        &self.snapshot.route_defaults.breaker
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
