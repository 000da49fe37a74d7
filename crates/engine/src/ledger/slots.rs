//! A rolling span, cut into slots: what was spent counts until all of its slot is out of the span, so that no span of that length ever
//! holds more.

use std::time::Duration;

use jiff::Timestamp;

/// Slots in a span. What was spent counts at most this part of the span longer than it has to.
const SLOTS: i64 = 60;
/// Slots that a span may touch.
const KEPT: usize = 61;

/// What was spent of late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slots {
    spent: [i128; KEPT],
    /// The number of the newest.
    newest: i64,
}

impl Slots {
    /// Nothing was spent.
    pub(super) fn new(span: Duration, now: Timestamp) -> Self {
        Self { spent: [0; KEPT], newest: number(span, now) }
    }

    /// The number of the newest slot.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// Forgets what is out of the span now; says how much that was.
    pub(super) fn forget(&mut self, span: Duration, now: Timestamp) -> i128 {
        let number = number(span, now);
        let steps = number.saturating_sub(self.newest).clamp(0, SLOTS + 1);
        let mut forgotten = 0;
        for step in (0..steps).rev() {
            forgotten += std::mem::take(&mut self.spent[place(number.saturating_sub(step))]);
        }
        self.newest = self.newest.max(number);
        forgotten
    }

    /// Spends in a slot; `false` where it is out of the span already.
    pub(super) fn spend(&mut self, slot: i64, amount: i128) -> bool {
        let is_kept = slot <= self.newest && slot >= self.newest.saturating_sub(SLOTS);
        if is_kept {
            self.spent[place(slot)] += amount;
        }
        is_kept
    }

    /// What was spent, by how many slots ago.
    pub(super) fn ages(&self) -> impl Iterator<Item = (i64, i128)> {
        let slots = (0..=SLOTS).map(|age| (age, self.spent[place(self.newest.saturating_sub(age))]));
        slots.filter(|(_, amount)| *amount != 0)
    }

    /// How long until so much of what was spent is out of the span; `None` when that is more than was spent.
    pub(super) fn until_free(&self, amount: i128, span: Duration, now: Timestamp) -> Option<Duration> {
        let mut left = amount;
        for slot in self.newest.saturating_sub(SLOTS)..=self.newest {
            left -= self.spent[place(slot)];
            if left <= 0 {
                let out = i128::from(slot.saturating_add(SLOTS + 1)).saturating_mul(width(span));
                let wait = out.saturating_sub(now.as_nanosecond()).max(0);
                return Some(Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX)));
            }
        }
        None
    }
}

/// The length of a slot.
pub(super) fn length(span: Duration) -> Duration {
    Duration::from_nanos(u64::try_from(width(span)).unwrap_or(u64::MAX))
}

/// The same in nanoseconds, rounded up so that all slots together are no shorter than the span.
fn width(span: Duration) -> i128 {
    i128::try_from(span.as_nanos().div_ceil(u128::from(SLOTS.unsigned_abs())).max(1)).unwrap_or(i128::MAX)
}

fn number(span: Duration, now: Timestamp) -> i64 {
    i64::try_from(now.as_nanosecond().div_euclid(width(span))).unwrap_or(i64::MAX)
}

/// The number of the slot after the one that a time is in, since 1970-01-01 00:00 UTC.
pub(super) fn after(span: Duration, at: Duration) -> i64 {
    number_at(span, at).saturating_add(1)
}

/// The number of the first slot that is in the span that ends then.
pub(super) fn oldest_kept(span: Duration, at: Duration) -> i64 {
    number_at(span, at).saturating_sub(SLOTS)
}

fn number_at(span: Duration, at: Duration) -> i64 {
    let nanoseconds = i128::try_from(at.as_nanos()).unwrap_or(i128::MAX);
    i64::try_from(nanoseconds / width(span)).unwrap_or(i64::MAX)
}

fn place(slot: i64) -> usize {
    usize::try_from(slot.rem_euclid(SLOTS + 1)).unwrap_or_default()
}
