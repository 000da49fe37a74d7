//! The circuit breaker: a target that fails is left alone for a while, then tried by single probes until it is well.
//!
//! Pure: times are durations since any fixed start, and whoever holds a breaker brings the rules along, so that a change of the
//! rules does not forget what was seen.

mod board;
mod outages;
#[cfg(test)]
mod tests;
mod verdict;
mod window;

use std::time::Duration;

use domain::BreakerPolicy;

pub use board::{Board, Reader, Told};
pub(crate) use outages::Outages;
pub use verdict::{Stage, Verdict, verdict};
use window::Window;

/// What a breaker has seen of one target.
#[derive(Debug, Default)]
pub struct Breaker {
    phase: Phase,
    window: Window,
    failures_in_a_row: u32,
    silence: Silence,
    /// How often it opened or closed by what was seen here.
    turns: u64,
}

/// Where a breaker is, as other replicas have to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Calls pass.
    Closed,
    /// Calls go elsewhere.
    Open {
        /// Until when.
        until: Duration,
        /// How often it opened since it was last closed.
        trips: u32,
    },
    /// One probe at a time passes.
    HalfOpen {
        /// Whether one is under way.
        is_probing: bool,
    },
}

/// Calls that have begun since anything was last heard of the target.
#[derive(Debug, Default)]
struct Silence {
    calls: u32,
    since: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls go elsewhere until a time; `trips` counts the openings since it was last closed.
    Open { since: Duration, until: Duration, trips: u32 },
    /// One probe at a time passes.
    HalfOpen { probing: bool, succeeded: u32, trips: u32 },
}

/// A call that has begun. Its end is told to the breaker with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    begun: Duration,
    is_probe: bool,
    is_bypass: bool,
}

impl Ticket {
    /// Whether the call finds out if the target is well again.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Whether the breaker was shut, and the call is made all the same.
    #[must_use]
    pub fn is_bypass(&self) -> bool {
        self.is_bypass
    }

    /// The ticket of a probe that has answered, and whose answer goes on.
    #[must_use]
    pub fn after_probe(self) -> Self {
        Self { is_probe: false, ..self }
    }
}

/// What a call's end did to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It opened.
    Opened {
        /// For how long.
        cool_down: Duration,
    },
    /// It closed.
    Closed,
}

impl Breaker {
    /// Whether calls should go elsewhere at this time.
    #[must_use]
    pub fn is_shut(&self, now: Duration) -> bool {
        match self.phase {
            Phase::Closed => false,
            Phase::Open { until, .. } => now < until,
            Phase::HalfOpen { probing, .. } => probing,
        }
    }

    /// Whether it is closed, so that nothing is known against the target.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Where it is.
    #[must_use]
    pub fn stance(&self) -> Stance {
        match self.phase {
            Phase::Closed => Stance::Closed,
            Phase::Open { until, trips, .. } => Stance::Open { until, trips },
            Phase::HalfOpen { probing, .. } => Stance::HalfOpen { is_probing: probing },
        }
    }

    /// How often it opened or closed by what was seen here, and not by what others say.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// Others have opened it for so long. A probe that is under way finds out by itself. Says whether it was closed.
    pub fn rest(&mut self, cool_down: Duration, trips: u32, now: Duration) -> bool {
        let was_closed = self.is_closed();
        if !matches!(self.phase, Phase::HalfOpen { probing: true, .. }) {
            self.phase = Phase::Open { since: now, until: now.saturating_add(cool_down), trips };
        }
        was_closed
    }

    /// Others have closed it. Says whether it was not.
    pub fn recover(&mut self) -> bool {
        let was_closed = self.is_closed();
        if !was_closed {
            *self = Self { turns: self.turns, ..Self::default() };
        }
        !was_closed
    }

    /// No probe is made here until a time, because others make it, or until an earlier one than so far, because nobody else does.
    pub fn rest_until(&mut self, until: Duration, now: Duration) {
        match &mut self.phase {
            Phase::Open { until: before, .. } => *before = until,
            Phase::HalfOpen { probing: false, trips, .. } => {
                self.phase = Phase::Open { since: now, until, trips: *trips };
            }
            Phase::Closed | Phase::HalfOpen { .. } => {}
        }
    }

    /// A call begins: the one probe where it is due, else one like any other. A call may begin although the breaker is shut,
    /// where there is nowhere else to go.
    pub fn begin(&mut self, now: Duration) -> Ticket {
        let is_bypass = self.is_shut(now);
        let is_probe = match self.phase {
            Phase::Open { until, trips, .. } if now >= until => {
                self.phase = Phase::HalfOpen { probing: true, succeeded: 0, trips };
                true
            }
            Phase::HalfOpen { probing: false, succeeded, trips } => {
                self.phase = Phase::HalfOpen { probing: true, succeeded, trips };
                true
            }
            _ => false,
        };
        if self.silence.calls == 0 {
            self.silence.since = now;
        }
        self.silence.calls = self.silence.calls.saturating_add(1);
        Ticket { begun: now, is_probe, is_bypass }
    }

    /// A call was answered, or ended before it was: the target is not silent.
    pub fn heard(&mut self) {
        self.silence = Silence::default();
    }

    /// The first content of a call is there, or the whole answer. How long that took does not wait for the end of a stream.
    pub fn answered(&mut self, is_slow: bool, policy: &BreakerPolicy, now: Duration) -> Option<Turn> {
        self.heard();
        if !self.is_closed() {
            return None;
        }
        self.window.add_answer(is_slow, policy.window, now);
        let is_enough = self.window.slow_percent(policy, now) >= policy.slow_percent;
        is_enough.then(|| self.open(0, None, policy, now)).flatten()
    }

    /// Opens it when nothing is heard of the target any more: as many calls wait as failures in a row would open it, and the first of
    /// them has waited for longer than what counts as slow. So those that come after need not wait for a time limit.
    pub fn listen(&mut self, policy: &BreakerPolicy, now: Duration) -> Option<Turn> {
        let waited = now.saturating_sub(self.silence.since);
        let is_silent = policy.slow_after.is_some_and(|limit| waited > limit)
            && self.silence.calls >= policy.consecutive_failures;
        (self.is_closed() && is_silent).then(|| self.open(0, None, policy, now)).flatten()
    }

    /// A call succeeded.
    pub fn succeeded(
        &mut self,
        ticket: Ticket,
        is_slow: bool,
        policy: &BreakerPolicy,
        now: Duration,
    ) -> Option<Turn> {
        match self.phase {
            Phase::Closed => {
                self.failures_in_a_row = 0;
                self.window.add(false, policy.window, now);
                None
            }
            // What opened because it was slow is not well while it is.
            Phase::HalfOpen { trips, .. } if ticket.is_probe && is_slow => {
                self.open(trips, None, policy, now)
            }
            Phase::HalfOpen { succeeded, trips, .. } if ticket.is_probe => {
                self.phase = Phase::HalfOpen { probing: false, succeeded: succeeded + 1, trips };
                (succeeded + 1 >= policy.probes).then(|| self.close())
            }
            // What was called for want of anything better, and answered: it is well again.
            Phase::Open { since, .. } if ticket.begun >= since && !is_slow => Some(self.close()),
            Phase::Open { .. } | Phase::HalfOpen { .. } => None,
        }
    }

    /// A call failed, and the target is to blame. `wish` is how long the provider asked to be left alone.
    pub fn failed(
        &mut self,
        ticket: Ticket,
        verdict: Verdict,
        wish: Option<Duration>,
        policy: &BreakerPolicy,
        now: Duration,
    ) -> Option<Turn> {
        match self.phase {
            Phase::Closed => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.window.add(true, policy.window, now);
                let is_enough = verdict == Verdict::Absent
                    || self.failures_in_a_row >= policy.consecutive_failures
                    || self.window.failed_percent(policy, now) >= policy.failure_percent;
                is_enough.then(|| self.open(0, wish, policy, now)).flatten()
            }
            Phase::HalfOpen { trips, .. } if ticket.is_probe => self.open(trips, wish, policy, now),
            Phase::Open { .. } | Phase::HalfOpen { .. } => None,
        }
    }

    /// A call ended without a verdict about the target: the client left, or it was somebody else's fault.
    pub fn abandoned(&mut self, ticket: Ticket) {
        if let Phase::HalfOpen { succeeded, trips, .. } = self.phase
            && ticket.is_probe
        {
            self.phase = Phase::HalfOpen { probing: false, succeeded, trips };
        }
    }

    fn open(
        &mut self,
        trips: u32,
        wish: Option<Duration>,
        policy: &BreakerPolicy,
        now: Duration,
    ) -> Option<Turn> {
        if !policy.enabled {
            return None;
        }
        let doubled = policy.cool_down.saturating_mul(1_u32.checked_shl(trips).unwrap_or(u32::MAX));
        let cool_down = doubled.max(wish.unwrap_or_default()).min(policy.cool_down_max);
        self.phase = Phase::Open { since: now, until: now + cool_down, trips: (trips + 1).min(31) };
        self.turns = self.turns.wrapping_add(1);
        Some(Turn::Opened { cool_down })
    }

    fn close(&mut self) -> Turn {
        *self = Self { turns: self.turns.wrapping_add(1), ..Self::default() };
        Turn::Closed
    }
}
