//! One call of a target, watched from its beginning to its end, which is told once to what guards the target.
//!
//! Whoever carries calls out brings the [`Guards`]: where the state is kept, what time it is and which rules are in force. So
//! the server and a simulation judge calls by the very same code.

use std::time::Duration;

use domain::provider::PromptCache;
use domain::{BreakerPolicy, Failure, FailureClass, Usage};

use crate::breaker::{Breaker, Outages, Stage, Ticket, Told, Turn, Verdict, verdict};
use crate::habit::Habit;
use crate::lengths::Lengths;
use crate::load::Load;
use crate::prefix::Prefix;
use crate::times::Times;
use crate::warmth::Warmth;

/// What was seen of the calls of one target, of one provider whatever the model, or in one region whatever the provider.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whether it may be called.
    pub breaker: Breaker,
    /// What other replicas were told of that.
    pub told: Told,
    /// How busy and how fast it is.
    pub load: Load,
    /// How long its calls take to their first content.
    pub times: Times,
    /// What its answers use.
    pub habit: Habit,
    /// How long its answers are.
    pub lengths: Lengths,
    /// What its provider is likely to have in its prompt cache.
    pub warmth: Warmth,
    /// Of a region, which of its providers are out.
    outages: Outages,
}

impl Seen {
    fn took(&mut self, time: Duration, now: Duration) {
        self.load.answered(time, now);
        self.times.add(time);
    }

    /// A provider of the region is out. It alone opens nothing.
    fn lacks(
        &mut self,
        provider: &str,
        ticket: Ticket,
        policy: &BreakerPolicy,
        now: Duration,
    ) -> Option<Turn> {
        let is_lost = self.outages.add(provider, policy, now);
        let counts = is_lost || !self.breaker.is_closed();
        // Those of it that are known to be out are spared by their own breakers, for longer each time. What is not known of the others
        // is worth a call again each time that the first cool-down is over.
        let policy = BreakerPolicy { cool_down_max: policy.cool_down, ..policy.clone() };
        counts.then(|| self.breaker.failed(ticket, Verdict::Absent, None, &policy, now)).flatten()
    }
}

/// What guards a target: its own breaker, that of its provider, and that of its region where somebody said where it is.
pub trait Guards {
    /// The time, since any fixed start.
    fn now(&self) -> Duration;
    /// The rules in force.
    fn policy(&self) -> &BreakerPolicy;
    /// The provider's name, which tells the providers of a region apart.
    fn provider(&self) -> &str;
    /// Does something to what was seen at a stage; none where nothing guards there.
    fn seen<R>(&self, stage: Stage, act: impl FnOnce(&mut Seen) -> R) -> Option<R>;
    /// Hears that a breaker turned, which was closed or not before.
    fn turned(&self, stage: Stage, was_closed: bool, turn: Turn);
}

/// A call under way. Dropped untold, it ended without a verdict about the target.
#[derive(Debug)]
pub struct Watch<G: Guards> {
    guards: G,
    /// One for each of [`Stage::ALL`], absent once the end is told, and where nothing guards.
    tickets: [Option<Ticket>; Stage::ALL.len()],
    begun: Duration,
    /// The prompt's beginnings with how many of its tokens are expected to be cached, where somebody asked for it.
    prompt: Option<(Prefix, u64)>,
    is_bypass: bool,
    has_own_limits: bool,
    is_answered: bool,
    is_slow: bool,
}

impl<G: Guards> Watch<G> {
    /// A call begins. Where the request brought its own time limits, running out of them is nobody else's measure.
    pub fn begin(guards: G, has_own_limits: bool) -> Self {
        let begun = guards.now();
        let begin = |seen: &mut Seen| {
            seen.load.begun();
            seen.breaker.begin(begun)
        };
        let tickets = Stage::ALL.map(|stage| guards.seen(stage, begin));
        let is_bypass = guards.policy().enabled && tickets.iter().flatten().any(Ticket::is_bypass);
        if guards.policy().slow_after.is_some() {
            tell(&guards, Stage::Target, |seen, policy, now| seen.breaker.listen(policy, now));
        }
        let prompt = None;
        Self { guards, tickets, begun, prompt, is_bypass, has_own_limits, is_answered: false, is_slow: false }
    }

    /// The call asks for a prompt that begins so, which the target's provider keeps as `cache` says.
    pub fn asks(&mut self, prefix: &Prefix, cache: PromptCache) {
        let now = self.begun;
        let expected = self.guards.seen(Stage::Target, |seen| seen.warmth.tokens(prefix, cache, now));
        self.prompt = expected.map(|expected| (prefix.clone(), expected));
    }

    /// Whether a breaker was open, so that the call is made for want of anything better.
    pub fn is_bypass(&self) -> bool {
        self.is_bypass
    }

    /// The first content is there, or the whole answer. A probe has done its work, and a region is known to be there; any other call
    /// is judged by its end.
    pub fn answered(&mut self, took: Duration) {
        self.is_slow = self.guards.policy().slow_after.is_some_and(|limit| took > limit);
        let now = self.guards.now();
        self.guards.seen(Stage::Target, |seen| {
            seen.took(took, now);
            if let Some((prefix, _)) = &self.prompt {
                seen.warmth.answered(prefix, now);
            }
        });
        self.is_answered = true;
        let is_slow = self.is_slow;
        tell(&self.guards, Stage::Target, |seen, policy, now| seen.breaker.answered(is_slow, policy, now));
        for (stage, ticket) in Stage::ALL.into_iter().zip(&mut self.tickets) {
            let is_region = stage == Stage::Region;
            if let Some(told) = ticket.take_if(|ticket| is_region || ticket.is_probe()) {
                praise(&self.guards, stage, told, self.is_slow);
                *ticket = (!is_region).then(|| told.after_probe());
            }
        }
    }

    /// Another call was answered first, and this one is not waited for any longer. That is no failure; that it takes at least so long is
    /// known all the same.
    pub fn outrun(self) {
        let now = self.guards.now();
        self.guards.seen(Stage::Target, |seen| seen.took(now.saturating_sub(self.begun), now));
    }

    /// The call failed before it was answered.
    pub fn failed(mut self, failure: &Failure) {
        if self.has_own_limits && matches!(failure.class, FailureClass::Timeout(_)) {
            return;
        }
        if verdict(failure.class, Stage::Target).is_some() {
            let now = self.guards.now();
            let took = now.saturating_sub(self.begun);
            self.guards.seen(Stage::Target, |seen| seen.load.failed(took, now));
        }
        self.blame(|stage| verdict(failure.class, stage), failure.retry_after);
    }

    /// The answer broke off after its first content.
    pub fn broke_off(mut self) {
        if !self.has_own_limits {
            self.blame(|stage| (stage == Stage::Target).then_some(Verdict::Failed), None);
        }
    }

    /// The whole answer used so much.
    pub fn used(&self, usage: &Usage) {
        self.guards.seen(Stage::Target, |seen| {
            seen.habit.learn(usage);
            usage.output_tokens.into_iter().for_each(|tokens| seen.lengths.add(tokens));
            if let Some((_, expected)) = &self.prompt {
                seen.warmth.learn(*expected, usage);
            }
        });
    }

    /// The answer has ended, or its client left.
    pub fn ended(mut self) {
        for (stage, ticket) in Stage::ALL.into_iter().zip(&mut self.tickets) {
            if let Some(ticket) = ticket.take() {
                praise(&self.guards, stage, ticket, self.is_slow);
            }
        }
    }

    fn blame(&mut self, judge: impl Fn(Stage) -> Option<Verdict>, wish: Option<Duration>) {
        for (stage, ticket) in Stage::ALL.into_iter().zip(&mut self.tickets) {
            let Some(verdict) = judge(stage) else { continue };
            if let Some(ticket) = ticket.take() {
                blame(&self.guards, stage, (ticket, verdict), wish);
            }
        }
    }
}

fn blame(guards: &impl Guards, stage: Stage, (ticket, verdict): (Ticket, Verdict), wish: Option<Duration>) {
    let is_out = || guards.seen(Stage::Target, |seen| !seen.breaker.is_closed()) == Some(true);
    match stage {
        Stage::Target | Stage::Provider => {
            tell(guards, stage, |seen, policy, now| seen.breaker.failed(ticket, verdict, wish, policy, now))
        }
        // The target has heard of it by now. What one provider wishes is not the region's.
        Stage::Region if is_out() => {
            tell(guards, stage, |seen, policy, now| seen.lacks(guards.provider(), ticket, policy, now))
        }
        Stage::Region => guards.seen(stage, |seen| seen.breaker.abandoned(ticket)).unwrap_or_default(),
    }
}

/// A model that is slow says nothing about its provider.
fn praise(guards: &impl Guards, stage: Stage, ticket: Ticket, is_slow: bool) {
    let is_slow = is_slow && stage == Stage::Target;
    tell(guards, stage, |seen, policy, now| {
        seen.outages.clear();
        seen.breaker.succeeded(ticket, is_slow, policy, now)
    });
}

/// Tells a breaker something, and the guards what came of it.
fn tell(
    guards: &impl Guards,
    stage: Stage,
    told: impl FnOnce(&mut Seen, &BreakerPolicy, Duration) -> Option<Turn>,
) {
    let (policy, now) = (guards.policy(), guards.now());
    let heard = guards.seen(stage, |seen| {
        let was_closed = seen.breaker.is_closed();
        (was_closed, told(seen, policy, now))
    });
    if let Some((was_closed, Some(turn))) = heard {
        guards.turned(stage, was_closed, turn);
    }
}

impl<G: Guards> Drop for Watch<G> {
    fn drop(&mut self) {
        for (stage, ticket) in Stage::ALL.into_iter().zip(&mut self.tickets) {
            let ticket = ticket.take();
            self.guards.seen(stage, |seen| {
                seen.load.ended();
                if !self.is_answered {
                    seen.breaker.heard();
                }
                if let Some(ticket) = ticket {
                    seen.breaker.abandoned(ticket);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests;
