//! What came of it: what clients saw, what providers were asked, what it cost.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::price::Tier;
use domain::{FailureClass, Money, Priority};
use jiff::Timestamp;
use telemetry::cost::{Service, Unpriced, cost};

use crate::canaries::CanaryTally;
use crate::fault::Fault;
use crate::gateway::{Gateway, TargetState};
use crate::series::Series;
use crate::traffic::Request;

/// What a request failed of that no quota had a place for (TG3005).
pub(crate) const OVER_QUOTA: &str = "over_quota";

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
    /// Requests whose first call would have been answered with 429, had all requests been sent at once without regard to quotas, and none of whose
    /// calls was.
    pub limits_avoided: u64,
    /// Calls that waited for a provider's quota, in the order in which that ended.
    pub waits: Vec<Wait>,
    /// Calls that were refused without being made, at once or after a wait, since no quota had a place for them in time.
    pub over_quota: u64,
    /// Second calls beside slow ones.
    pub hedges: Hedges,
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

/// A wait for a provider's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Whose call waited.
    pub priority: Priority,
    /// For which target, by its place among [`Tally::targets`].
    pub target: u32,
    /// When it began, in microseconds after the start.
    pub from_us: u64,
    /// When it ended, in microseconds after the start.
    pub until_us: u64,
    /// How it ended.
    pub end: WaitEnd,
}

/// How a wait for a provider's quota ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnd {
    /// The call was made.
    Went,
    /// There was no place for it in time.
    Refused,
    /// Another call was answered first.
    Left,
}

/// What came of second calls beside slow ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hedges {
    /// Calls that could have been joined by a second one.
    pub joinable: u64,
    /// Second calls that were made.
    pub made: u64,
    /// Of these, those that were answered first.
    pub won: u64,
    /// Those whose first call was answered first.
    pub lost: u64,
    /// Those that failed, as the first call did.
    pub failed: u64,
    /// Second calls that were not made, since their share or the retry budget was used up.
    pub capped: u64,
    /// Calls that were let go, since another was answered first.
    pub outrun: u64,
    /// What these cost at most: as if each had been charged whole.
    pub cost_max: Money,
    /// Of these, those without a known cost.
    pub unpriced: u64,
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
    /// Calls of it that were let go, since another was answered first.
    pub outrun: u64,
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
    /// Whether a call of it has failed.
    pub(crate) has_failed: bool,
    pub(crate) first_token: Option<Duration>,
    pub(crate) now: Duration,
    pub(crate) failure: Option<&'static str>,
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
        if let Some(failure) = ended.failure {
            *self.failed.entry(failure).or_default() += 1;
            self.broke_off += u64::from(ended.first_token.is_some());
            self.series.failed(ended.request.at);
            return;
        }
        self.succeeded += 1;
        self.rescued += u64::from(ended.has_failed);
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
        self.price(ended.request, ended.target, ended.now)
    }

    fn price(&self, request: &Request, target: &TargetState, now: Duration) -> Result<Money, Unpriced> {
        let known = target.known.as_ref().ok_or(Unpriced::Model)?;
        let elapsed = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let unix_seconds = self.start_seconds.saturating_add(elapsed);
        let service = Service { tier: Tier::Standard, unix_seconds };
        cost(&request.usage(), &known.prices, service).map(|cost| cost.total)
    }

    /// A call was let go, since another was answered first.
    pub(crate) fn outrun(
        &mut self,
        request: &Request,
        (place, target): (usize, &TargetState),
        now: Duration,
    ) {
        self.targets[place].outrun += 1;
        let price = self.price(request, target, now).ok();
        let hedges = &mut self.hedges;
        hedges.outrun += 1;
        match price.and_then(|price| hedges.cost_max.checked_add(price)) {
            Some(sum) => hedges.cost_max = sum,
            None => hedges.unpriced += 1,
        }
    }

    /// A wait for a quota has ended.
    pub(crate) fn waited(
        &mut self,
        priority: Priority,
        target: usize,
        (from, until): (Duration, Duration),
        end: WaitEnd,
    ) {
        let [from_us, until_us] = [from, until].map(microseconds);
        self.waits.push(Wait { priority, target: place(target), from_us, until_us, end });
    }

    /// How long those waited for a quota that were let through, of one priority or of all, in microseconds and in ascending order.
    #[must_use]
    pub fn wait_times(&self, priority: Option<Priority>) -> Vec<u64> {
        let went = self.waits.iter().filter(|wait| wait.end == WaitEnd::Went);
        let meant = went.filter(|wait| priority.is_none_or(|priority| wait.priority == priority));
        let mut times: Vec<_> = meant.map(|wait| wait.until_us - wait.from_us).collect();
        times.sort_unstable();
        times
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
        let mut places = vec![0; self.targets.len()];
        self.targets.iter().enumerate().for_each(|(sorted, target)| places[target.place] = place(sorted));
        self.waits.iter_mut().for_each(|wait| wait.target = places[wait.target as usize]);
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

/// The place of a target, of which there are fewer than four billion.
fn place(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
