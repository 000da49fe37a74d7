//! The trial of a canary: which share of the requests it has, when it gets more, and when it is sent back.
//!
//! Each step is a test of its own over the requests that began in it, so that nothing that changed in between is taken for a difference of the arms. The
//! probability of a false alarm is shared among the steps and guards: over the whole trial, looked at after every request, it is at most what the plan says
//! ([decision](../../../docs/adr/0020-canaries-judged-by-e-processes.md)). What is not shown to be worse goes on after its hold.

mod evidence;
mod part;
mod ratings;
mod spread;

use std::sync::Arc;
use std::time::Duration;

use domain::canary::{Arm, CanaryPlan, Guard, Metric};

use evidence::{Counts, ln_evidence};
use spread::Spread;

pub use part::{End, Observation, Part};
pub use ratings::{Rating, RatingBoard};

/// The arm of a request that stands at a point of all there are, while the canary has a share in percent. A request that is in the canary at one share is in it
/// at any larger one.
#[must_use]
pub fn arm_at(point: u64, share_percent: u32) -> Arm {
    let percent = (u128::from(point) * 100) >> 64;
    if percent < u128::from(share_percent) { Arm::Canary } else { Arm::Baseline }
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Both arms are compared.
    Running,
    /// The canary was worse in this, and gets nothing any more.
    RolledBack(Metric),
    /// The canary gets everything.
    Promoted,
}

impl Stage {
    /// As it is called where decisions are told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::RolledBack(_) => "rolled_back",
            Self::Promoted => "promoted",
        }
    }
}

/// Where a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far it is.
    pub stage: Stage,
    /// The step, from 0 on: the one that it is at, or that it ended at.
    pub step: usize,
    /// The share of the requests that the canary gets, in percent.
    pub share_percent: u32,
}

/// What a request made of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// The canary gets more.
    Stepped,
    /// The canary gets everything.
    Promoted,
    /// The canary gets nothing any more.
    RolledBack(Alarm),
}

/// In what a canary was worse: the share of requests that failed or of ratings that are bad, or means in seconds or dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    /// What was compared.
    pub metric: Metric,
    /// The baseline's.
    pub baseline: f64,
    /// The canary's.
    pub canary: f64,
}

/// The trial of one canary.
#[derive(Debug)]
pub struct Trial {
    plan: Arc<CanaryPlan>,
    stage: Stage,
    step: usize,
    since: Duration,
    round: Round,
}

impl Trial {
    /// A trial begins.
    #[must_use]
    pub fn begin(plan: Arc<CanaryPlan>, now: Duration) -> Self {
        let round = Round::of(&plan);
        Self { plan, stage: Stage::Running, step: 0, since: now, round }
    }

    /// What is tried, and how.
    #[must_use]
    pub fn plan(&self) -> &Arc<CanaryPlan> {
        &self.plan
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let share_percent = match self.stage {
            Stage::Running => self.plan.share_percent(self.step).unwrap_or(0),
            Stage::RolledBack(_) => 0,
            Stage::Promoted => 100,
        };
        Standing { stage: self.stage, step: self.step, share_percent }
    }

    /// A request has ended. Those that began at another step say nothing about this one.
    pub fn observe(&mut self, seen: &Observation, now: Duration) -> Option<Turn> {
        if self.stage != Stage::Running || seen.step != self.step {
            return None;
        }
        self.round.add(seen);
        let next = self.next_share(now);
        if (self.round.is_time_to_look() || next.is_some())
            && let Some(alarm) = self.round.alarm(self.ln_enough())
        {
            self.stage = Stage::RolledBack(alarm.metric);
            return Some(Turn::RolledBack(alarm));
        }
        next.map(|share| self.step_to(share, now))
    }

    /// Somebody says whether an answer was bad, some time after it: of an arm's request that began at a step. No canary goes on by that alone.
    pub fn rated(&mut self, arm: Arm, step: usize, is_bad: bool) -> Option<Turn> {
        if self.stage != Stage::Running || step != self.step {
            return None;
        }
        let alarm = self.round.rated(arm, is_bad, self.ln_enough())?;
        self.stage = Stage::RolledBack(alarm.metric);
        Some(Turn::RolledBack(alarm))
    }

    /// The share at the next step, where there is one and it is time for it.
    fn next_share(&self, now: Duration) -> Option<u32> {
        let is_held = now.saturating_sub(self.since) < self.plan.hold;
        let is_judged = self.round.requests.iter().all(|requests| *requests >= self.plan.requests_min);
        self.plan.share_percent(self.step + 1).filter(|_| is_judged && !is_held)
    }

    fn step_to(&mut self, share_percent: u32, now: Duration) -> Turn {
        self.step += 1;
        self.since = now;
        self.round = Round::of(&self.plan);
        if share_percent < 100 {
            return Turn::Stepped;
        }
        self.stage = Stage::Promoted;
        Turn::Promoted
    }

    /// The logarithm of the evidence that sounds an alarm.
    fn ln_enough(&self) -> f64 {
        let shares = self.plan.guards.len().saturating_mul(self.plan.tests()).max(1);
        let shares = u32::try_from(shares).unwrap_or(u32::MAX);
        (f64::from(shares) * 100.0 / f64::from(self.plan.alpha_percent.max(1))).ln()
    }
}

/// What was seen at one step.
#[derive(Debug)]
struct Round {
    /// Of the baseline and of the canary.
    requests: [u32; 2],
    measures: Vec<Measure>,
    /// After how many requests the measures are looked at again.
    look_at: u32,
}

impl Round {
    fn of(plan: &CanaryPlan) -> Self {
        let measures = plan.guards.iter().copied().map(Measure::of).collect();
        Self { requests: [0; 2], measures, look_at: 1 }
    }

    fn add(&mut self, seen: &Observation) {
        if let Some(requests) = self.requests.get_mut(seen.arm as usize) {
            *requests = requests.saturating_add(1);
        }
        self.measures.iter_mut().for_each(|measure| measure.add(seen));
    }

    /// Whether there is so much more to see than the last time that it is worth the effort: one in 16, which delays an alarm by no more.
    fn is_time_to_look(&mut self) -> bool {
        let [baseline, canary] = self.requests;
        let all = baseline.saturating_add(canary);
        let is_time = all >= self.look_at;
        if is_time {
            self.look_at = all.saturating_add((all / 16).max(1));
        }
        is_time
    }

    fn rated(&mut self, arm: Arm, is_bad: bool, ln_enough: f64) -> Option<Alarm> {
        let measure = self.measures.iter_mut().find(|measure| measure.metric == Metric::Feedback)?;
        measure.count(arm, is_bad);
        measure.alarm(ln_enough)
    }

    fn alarm(&self, ln_enough: f64) -> Option<Alarm> {
        self.measures.iter().find_map(|measure| measure.alarm(ln_enough))
    }
}

/// What was seen for one guard.
#[derive(Debug)]
struct Measure {
    metric: Metric,
    tolerance: f64,
    arms: Arms,
}

/// What was seen in both arms.
#[derive(Debug)]
enum Arms {
    Rates([Counts; 2]),
    Amounts {
        spread: Spread,
        /// How many of the units that are counted in a second or a dollar has.
        scale: f64,
    },
}

impl Measure {
    fn of(guard: Guard) -> Self {
        let amounts = |scale| Arms::Amounts { spread: Spread::default(), scale };
        let arms = match guard.metric {
            Metric::Errors | Metric::Feedback => Arms::Rates(Default::default()),
            // From a millisecond to a month.
            Metric::FirstToken => amounts(1e3),
            // From a millionth of a cent to 43 dollars.
            Metric::Cost => amounts(1e8),
        };
        Self { metric: guard.metric, tolerance: f64::from(guard.worse_by_percent) / 100.0, arms }
    }

    fn add(&mut self, seen: &Observation) {
        let amount = match self.metric {
            Metric::Errors => return self.count(seen.arm, seen.failed),
            Metric::FirstToken => seen.first_token.map(|took| took.as_secs_f64()),
            Metric::Cost => seen.cost.map(|cost| cost.pico_usd() as f64 / 1e12),
            Metric::Feedback => None,
        };
        if let (Arms::Amounts { spread, scale }, Some(amount)) = (&mut self.arms, amount) {
            spread.add(seen.arm, amount * *scale, self.tolerance);
        }
    }

    fn count(&mut self, arm: Arm, is_hit: bool) {
        if let Arms::Rates(counts) = &mut self.arms
            && let Some(counts) = counts.get_mut(arm as usize)
        {
            counts.add(is_hit);
        }
    }

    fn alarm(&self, ln_enough: f64) -> Option<Alarm> {
        let (evidence, [baseline, canary]) = match &self.arms {
            Arms::Rates(counts) => {
                (ln_evidence(*counts, self.tolerance, ln_enough)?, counts.map(Counts::rate))
            }
            Arms::Amounts { spread, scale } => {
                (spread.ln_evidence(ln_enough)?, spread.means().map(|mean| mean / scale))
            }
        };
        (evidence >= ln_enough).then_some(Alarm { metric: self.metric, baseline, canary })
    }
}

#[cfg(test)]
mod tests;
