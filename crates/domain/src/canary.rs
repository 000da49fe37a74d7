//! A canary: a new target that gets a small share of the requests, and more of them step by step for as long as it does no worse than
//! what serves today. What is said of it stands here; who decides is `engine`.

use std::fmt;
use std::time::Duration;

/// How a canary grows, and what ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryPlan {
    /// What its trial is known by: a canary that is written differently is another one, and begins anew.
    pub identity: u64,
    /// Its shares of the requests in percent, ascending, 1 to 100; at least one, and the first is below 100.
    pub steps: Vec<u32>,
    /// How long each step lasts at least.
    pub hold: Duration,
    /// How many requests of each arm have to be judged at least in each step before the next.
    pub requests_min: u32,
    /// By what it is judged; at least one, each metric at most once.
    pub guards: Vec<Guard>,
    /// The probability in percent that a canary is rolled back which is no worse than its guards allow; 1 to 50.
    pub alpha_percent: u32,
}

impl CanaryPlan {
    /// The share at a step, from 0 on; none beyond the last.
    #[must_use]
    pub fn share_percent(&self, step: usize) -> Option<u32> {
        self.steps.get(step).copied()
    }

    /// Whether ratings have a say.
    #[must_use]
    pub fn heeds_feedback(&self) -> bool {
        self.guards.iter().any(|guard| guard.metric == Metric::Feedback)
    }

    /// How many steps leave something to compare with.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.steps.iter().filter(|share| **share < 100).count()
    }
}

/// By how much a canary may be worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// In what.
    pub metric: Metric,
    /// Of errors and feedback in percentage points; of all else in percent of what the baseline has.
    pub worse_by_percent: u32,
}

/// What a canary is judged by. More is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The share of requests that it could not answer, or whose answer broke off.
    Errors,
    /// The time to the first content, or to the whole answer where it is not streamed.
    FirstToken,
    /// What an answer cost.
    Cost,
    /// The share of bad ratings among those that clients gave of its answers.
    Feedback,
}

impl Metric {
    /// As it is called in configurations, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::FirstToken => "first_token",
            Self::Cost => "cost",
            Self::Feedback => "feedback",
        }
    }
}

/// The two sides of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// What serves today.
    Baseline,
    /// What is tried.
    Canary,
}

impl Arm {
    /// Both, in their order among the targets.
    pub const ALL: [Self; 2] = [Self::Baseline, Self::Canary];

    /// As it is called where decisions are told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Canary => "canary",
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
