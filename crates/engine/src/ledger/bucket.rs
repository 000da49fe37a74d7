//! A rate, exactly: the generic cell rate algorithm (ITU-T I.371, Annex A) on whole numbers.
//!
//! What is taken comes back steadily, and up to the whole of it can be taken at once. The state is one number: when everything will have
//! come back. It is kept in nanoseconds times the rate's count, so that the share of one unit is a whole number whatever the rate.

use std::time::Duration;

use domain::quota::Allowance;

/// The state of a rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// When everything will have come back, in nanoseconds × count.
    whole_at: u128,
}

impl Bucket {
    /// One to which so much is owed, in nanoseconds × count.
    pub(super) fn owing(owed: u128, allowance: &Allowance, now: Duration) -> Self {
        Self { whole_at: scaled(allowance, now).saturating_add(owed) }
    }

    /// How long until so much can be taken; `None` when it is more than there ever is.
    pub(super) fn wait(&self, amount: u64, allowance: &Allowance, now: Duration) -> Option<Duration> {
        if amount > allowance.count {
            return None;
        }
        let wanted = self.owed(allowance, now).saturating_add(units(amount, allowance));
        let over = wanted.saturating_sub(units(allowance.count, allowance));
        Some(nanoseconds(over.div_ceil(u128::from(allowance.count.max(1)))))
    }

    /// Takes so much, whether or not it is there.
    pub(super) fn take(&mut self, amount: u64, allowance: &Allowance, now: Duration) {
        self.whole_at = self.whole_at.max(scaled(allowance, now)).saturating_add(units(amount, allowance));
    }

    /// What was taken was really this much.
    pub(super) fn correct(&mut self, taken: u64, used: u64, allowance: &Allowance, now: Duration) {
        if used > taken {
            self.take(used - taken, allowance, now);
        } else {
            self.whole_at = self.whole_at.saturating_sub(units(taken - used, allowance));
        }
    }

    /// So much more was taken, or less.
    pub(super) fn correct_by(&mut self, more: i128, allowance: &Allowance, now: Duration) {
        let amount = u64::try_from(more.unsigned_abs()).unwrap_or(u64::MAX);
        let (taken, used) = if more < 0 { (amount, 0) } else { (0, amount) };
        self.correct(taken, used, allowance, now);
    }

    /// Owes no more than the whole, for rates that only tell.
    pub(super) fn cap(&mut self, allowance: &Allowance, now: Duration) {
        let most = scaled(allowance, now).saturating_add(units(allowance.count, allowance));
        self.whole_at = self.whole_at.min(most);
    }

    /// How much can be taken now.
    pub(super) fn left(&self, allowance: &Allowance, now: Duration) -> u64 {
        let whole = units(allowance.count, allowance);
        let left = whole.saturating_sub(self.owed(allowance, now)) / units(1, allowance).max(1);
        u64::try_from(left).unwrap_or(u64::MAX)
    }

    /// How long until everything has come back.
    pub(super) fn whole_in(&self, allowance: &Allowance, now: Duration) -> Duration {
        nanoseconds(self.owed(allowance, now).div_ceil(u128::from(allowance.count.max(1))))
    }

    /// What has not come back yet.
    fn owed(&self, allowance: &Allowance, now: Duration) -> u128 {
        self.whole_at.saturating_sub(scaled(allowance, now))
    }
}

/// So many units in the measure of the state.
pub(super) fn units(amount: u64, allowance: &Allowance) -> u128 {
    u128::from(amount).saturating_mul(allowance.per.as_nanos())
}

fn scaled(allowance: &Allowance, now: Duration) -> u128 {
    now.as_nanos().saturating_mul(allowance.count.into())
}

fn nanoseconds(count: u128) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}
