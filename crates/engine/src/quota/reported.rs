//! A quota that nobody configured, as the provider's answers tell of it.
//!
//! Between two answers it fills up steadily: OpenAI, Anthropic and Groq all document a quota that is replenished continuously, and
//! report the time at which it would be full.

use std::time::Duration;

use domain::quota::Counted;

use super::report::Left;

/// In what time a quota fills up of which the provider does not say it.
const FULL_AFTER: Duration = Duration::from_secs(60);

/// What the last answer said, less what was taken since.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) counted: Counted,
    limit: u64,
    /// What was left at `at`; below zero where more was taken than there was.
    left: i128,
    at: Duration,
    /// So much comes back …
    refill: u64,
    /// … within this time.
    within: Duration,
    /// All that was ever taken.
    taken: u64,
}

impl Reported {
    pub(super) fn new(counted: Counted) -> Self {
        let (left, at) = (i128::MAX, Duration::ZERO);
        Self { counted, limit: 0, left, at, refill: 0, within: FULL_AFTER, taken: 0 }
    }

    /// All that was ever taken, to compare a later report with.
    pub(super) fn mark(&self) -> u64 {
        self.taken
    }

    /// Takes over what an answer says. `mark` is from when its request was sent: what was taken after that, the provider may not
    /// have seen.
    pub(super) fn learn(&mut self, report: &Left, mark: u64, now: Duration) {
        self.limit = report.limit.unwrap_or(self.limit).max(report.remaining).max(1);
        let unseen = self.taken.saturating_sub(mark);
        self.left = i128::from(report.remaining) - i128::from(unseen);
        self.at = now;
        let gap = self.limit - report.remaining;
        let told = report.full_in.filter(|time| gap > 0 && !time.is_zero());
        (self.refill, self.within) = told.map_or((self.limit, FULL_AFTER), |time| (gap, time));
    }

    /// How long until `amount` is there.
    pub(super) fn wait(&self, amount: u64, now: Duration) -> Duration {
        if self.refill == 0 {
            return Duration::ZERO;
        }
        let missing = i128::from(amount) - self.level(now);
        if missing <= 0 {
            return Duration::ZERO;
        }
        let within = i128::try_from(self.within.as_nanos()).unwrap_or(i128::MAX);
        let nanoseconds = missing.saturating_mul(within) / i128::from(self.refill) + 1;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    pub(super) fn take(&mut self, amount: u64, now: Duration) {
        self.taken = self.taken.wrapping_add(amount);
        if self.refill > 0 {
            self.left = self.level(now) - i128::from(amount);
            self.at = now;
        }
    }

    /// The most that can be there; unbounded before the first report.
    pub(super) fn limit(&self) -> u64 {
        if self.refill == 0 { u64::MAX } else { self.limit }
    }

    /// What is left, in thousandths.
    pub(super) fn share(&self, now: Duration) -> u64 {
        if self.refill == 0 {
            return 1000;
        }
        let level = u64::try_from(self.level(now).max(0)).unwrap_or(self.limit);
        level.saturating_mul(1000) / self.limit.max(1)
    }

    fn level(&self, now: Duration) -> i128 {
        let age = i128::try_from(now.saturating_sub(self.at).as_nanos()).unwrap_or(i128::MAX);
        let within = i128::try_from(self.within.as_nanos()).unwrap_or(i128::MAX).max(1);
        let come_back = age.saturating_mul(i128::from(self.refill)) / within;
        self.left.saturating_add(come_back).min(i128::from(self.limit))
    }
}
