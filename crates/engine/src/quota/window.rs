//! An allowance whose use is remembered exactly as long as it counts, so that no span of its length ever holds more.
//!
//! A token bucket would let twice its size through within a span that begins while it is full. Here the time is cut into
//! slots, and a slot counts until all of it is out of the span.

use std::time::Duration;

use domain::quota::Allowance;

/// Slots in a span. What was used counts at most this part of the span longer than it has to.
const SLOTS: u64 = 60;
/// Slots that a span may touch.
const KEPT: usize = 61;

/// What was used of an allowance of late.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) allowance: Allowance,
    /// Used in each slot, at the slot's number modulo [`KEPT`].
    used: [u64; KEPT],
    /// The number of the newest slot.
    newest: u64,
    total: u64,
}

impl Window {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self { allowance, used: [0; KEPT], newest: 0, total: 0 }
    }

    /// How long until `amount` fits under `limit`, which is the allowance or less; where it is more than the limit, until the
    /// last of it does at the earliest.
    pub(super) fn wait(&mut self, amount: u64, limit: u64, now: Duration) -> Duration {
        self.forget(now);
        let (amount, limit) = (amount.max(1), limit.max(1));
        let rounds = (amount - 1) / limit;
        let rest = amount - rounds * limit;
        let further = self.allowance.per.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        further.saturating_add(self.until_free(limit - rest, now))
    }

    /// How long until no more than `most` is used.
    fn until_free(&self, most: u64, now: Duration) -> Duration {
        let mut left = self.total;
        if left <= most {
            return Duration::ZERO;
        }
        let oldest = self.newest.saturating_sub(SLOTS);
        for number in oldest..=self.newest {
            left = left.saturating_sub(self.slot(number));
            if left <= most {
                let until = self.width().saturating_mul(number.saturating_add(SLOTS + 1));
                return Duration::from_nanos(until).saturating_sub(now);
            }
        }
        self.allowance.per
    }

    /// Uses some; says in which slot, for [`Window::correct`].
    pub(super) fn take(&mut self, amount: u64, now: Duration) -> u64 {
        self.forget(now);
        self.change(self.newest, |used| used.saturating_add(amount));
        self.newest
    }

    /// What was taken in a slot was really this much.
    pub(super) fn correct(&mut self, slot: u64, taken: u64, used: u64, now: Duration) {
        self.forget(now);
        if slot.saturating_add(SLOTS) >= self.newest {
            self.change(slot, |sum| sum.saturating_sub(taken).saturating_add(used));
        }
    }

    /// What is left, in thousandths.
    pub(super) fn left(&mut self, now: Duration) -> u64 {
        self.forget(now);
        let left = self.allowance.count.saturating_sub(self.total);
        left.saturating_mul(1000) / self.allowance.count.max(1)
    }

    fn forget(&mut self, now: Duration) {
        let number = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX) / self.width();
        if number > self.newest.saturating_add(SLOTS) {
            self.used = [0; KEPT];
            self.total = 0;
        } else {
            for number in self.newest.saturating_add(1)..=number {
                self.change(number, |_| 0);
            }
        }
        self.newest = self.newest.max(number);
    }

    fn change(&mut self, number: u64, change: impl FnOnce(u64) -> u64) {
        if let Some(used) = self.used.get_mut(place(number)) {
            let before = *used;
            *used = change(before);
            self.total = self.total.saturating_sub(before).saturating_add(*used);
        }
    }

    fn slot(&self, number: u64) -> u64 {
        self.used.get(place(number)).copied().unwrap_or_default()
    }

    /// The length of a slot in nanoseconds, rounded up so that all slots together are no shorter than the span.
    fn width(&self) -> u64 {
        u64::try_from(self.allowance.per.as_nanos()).unwrap_or(u64::MAX).div_ceil(SLOTS).max(1)
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % (SLOTS + 1)).unwrap_or_default()
}
