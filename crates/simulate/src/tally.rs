//! What came of it: what clients saw, what providers were asked, what it cost.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::price::Tier;
use domain::{FailureClass, Money};
use jiff::Timestamp;
use telemetry::cost::{Service, Unpriced, cost};

use crate::canaries::CanaryTally;
use crate::fault::Fault;
use crate::gateway::{Gateway, TargetState};
use crate::series::Series;
use crate::traffic::Request;

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Requests that came.
    pub requests: u64,
    /// Those that were answered to their end.
    pub succeeded: u64,
    /// Those that were answered although their first attempt failed.
    pub rescued: u64,
    /// The others, by what they failed of in the end; `refused` where no branch of the route was left.
    pub failed: BTreeMap<&'static str, u64>,
    /// Calls of providers.
    pub attempts: u64,
    /// Answers with 429.
    pub limited: u64,
    /// Requests that went elsewhere because a target had asked for a wait.
    pub limits_avoided: u64,
    /// Of the failed, those whose answer had begun: nothing can be tried after that.
    pub broke_off: u64,
    /// From requests to the first content of their stream, in microseconds, of those that were answered; in ascending order.
    pub first_tokens: Vec<u64>,
    /// From requests to the end of their answer, streamed or not, likewise.
    pub answers: Vec<u64>,
    /// What the answers cost, as far as that is known.
    pub cost: Money,
    /// Answers without a known cost, by what is missing.
    pub unpriced: BTreeMap<&'static str, u64>,
    /// How often breakers of whole providers and regions opened.
    pub wide_openings: u64,
    /// What became of canaries.
    pub canaries: Vec<CanaryTally>,
    /// By target.
    pub targets: Vec<TargetTally>,
    /// When the last request came, after the start.
    pub lasted: Duration,
    pub(crate) series: Series,
    pub(crate) start_seconds: i64,
}

/// What came of a target.
#[derive(Debug, Clone, Default)]
pub struct TargetTally {
    /// `provider/model`.
    pub name: String,
    /// Calls of it.
    pub attempts: u64,
    /// Calls of it that failed.
    pub failures: u64,
    /// Requests that it answered.
    pub answered: u64,
    /// How often its breaker opened.
    pub openings: u64,
    /// Its place in the order in which the run knows targets.
    pub(crate) place: usize,
}

/// A request that is over.
pub(crate) struct Ended<'e> {
    pub(crate) request: &'e Request,
    pub(crate) target: &'e TargetState,
    /// Of the target.
    pub(crate) place: usize,
    pub(crate) attempts: u32,
    pub(crate) first_token: Option<Duration>,
    pub(crate) now: Duration,
    pub(crate) failure: Option<FailureClass>,
}

impl Tally {
    pub(crate) fn new(gateway: &Gateway, start: Timestamp) -> Self {
        let of = |(place, target): (usize, &TargetState)| TargetTally {
            name: target.name.clone(),
            place,
            ..TargetTally::default()
        };
        let targets = gateway.targets.iter().enumerate().map(of).collect();
        Self { targets, start_seconds: start.as_second(), ..Self::default() }
    }

    pub(crate) fn refused(&mut self, came: Duration) {
        self.requests += 1;
        self.series.failed(came);
        *self.failed.entry("refused").or_default() += 1;
    }

    pub(crate) fn spared(&mut self) {
        self.limits_avoided += 1;
    }

    pub(crate) fn called(&mut self, target: usize) {
        self.attempts += 1;
        self.targets[target].attempts += 1;
    }

    pub(crate) fn failed(&mut self, target: usize, class: FailureClass) {
        self.targets[target].failures += 1;
        self.limited += u64::from(class == FailureClass::RateLimited);
    }

    pub(crate) fn ended(&mut self, ended: &Ended<'_>) {
        self.requests += 1;
        self.lasted = self.lasted.max(ended.request.at);
        if let Some(class) = ended.failure {
            *self.failed.entry(class.name()).or_default() += 1;
            self.broke_off += u64::from(ended.first_token.is_some());
            self.series.failed(ended.request.at);
            return;
        }
        self.succeeded += 1;
        self.rescued += u64::from(ended.attempts > 1);
        self.targets[ended.place].answered += 1;
        let took = ended.now - ended.request.at;
        self.answers.push(microseconds(took));
        self.series.succeeded(ended.request.at, ended.place, ended.first_token.unwrap_or(took));
        self.first_tokens
            .extend(ended.first_token.filter(|_| ended.request.shape.is_stream).map(microseconds));
        let cost = self.cost_of(ended);
        match cost.and_then(|cost| self.cost.checked_add(cost).ok_or(Unpriced::OutOfRange)) {
            Ok(amount) => self.cost = amount,
            Err(missing) => *self.unpriced.entry(missing.name()).or_default() += 1,
        }
    }

    /// What an answer cost.
    pub(crate) fn cost_of(&self, ended: &Ended<'_>) -> Result<Money, Unpriced> {
        let known = ended.target.known.as_ref().ok_or(Unpriced::Model)?;
        let usage = ended.request.usage();
        let elapsed = i64::try_from(ended.now.as_secs()).unwrap_or(i64::MAX);
        let unix_seconds = self.start_seconds.saturating_add(elapsed);
        cost(&usage, &known.prices, Service { tier: Tier::Standard, unix_seconds }).map(|cost| cost.total)
    }

    pub(crate) fn finish(mut self, gateway: &Gateway, faults: &[Fault]) -> Self {
        self.series.mark(faults);
        self.first_tokens.sort_unstable();
        self.answers.sort_unstable();
        self.wide_openings = gateway.wide_openings();
        self.canaries = gateway.canaries.tallies();
        for (tally, target) in self.targets.iter_mut().zip(&gateway.targets) {
            tally.openings = target.openings.get();
        }
        self.targets.sort_by(|one, other| one.name.cmp(&other.name));
        self
    }

    /// The share of requests that were answered to their end; 1 where there were none.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        share(self.succeeded, self.requests).unwrap_or(1.0)
    }

    /// Calls of providers for each request.
    #[must_use]
    pub fn attempts_per_request(&self) -> f64 {
        share(self.attempts, self.requests).unwrap_or(0.0)
    }
}

/// What this part of some ascending times stays below; none where there are none. (The nearest rank.)
#[must_use]
pub fn percentile(ascending: &[u64], part: f64) -> Option<Duration> {
    let rank = (ascending.len() as f64 * part).ceil() as usize;
    ascending.get(rank.saturating_sub(1)).copied().map(Duration::from_micros)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
