//! Calls of the last while, counted in slices so that old ones drop out.

use std::time::Duration;

use domain::BreakerPolicy;

/// How many slices a window has.
const SLICES: u64 = 10;

/// Calls by slice of time.
#[derive(Debug, Default)]
pub(super) struct Window([Slice; SLICES as usize]);

#[derive(Debug, Default, Clone, Copy)]
struct Slice {
    number: u64,
    calls: u32,
    failed: u32,
    answered: u32,
    slow: u32,
}

impl Window {
    /// Counts a call that has ended.
    pub(super) fn add(&mut self, is_failed: bool, length: Duration, now: Duration) {
        let Some(slice) = self.slice_at(length, now) else { return };
        slice.calls = slice.calls.saturating_add(1);
        slice.failed = slice.failed.saturating_add(is_failed.into());
    }

    /// Counts an answer that has begun.
    pub(super) fn add_answer(&mut self, is_slow: bool, length: Duration, now: Duration) {
        let Some(slice) = self.slice_at(length, now) else { return };
        slice.answered = slice.answered.saturating_add(1);
        slice.slow = slice.slow.saturating_add(is_slow.into());
    }

    /// The share of failed calls in percent; 0 while there are too few calls.
    pub(super) fn failed_percent(&self, policy: &BreakerPolicy, now: Duration) -> u32 {
        percent(self.recent(policy, now).map(|slice| (slice.calls, slice.failed)), policy, u64::MAX)
    }

    /// The share of slow answers in percent; 0 while there are too few. Of many only the newest count: who is slow fails
    /// nobody, so that no failures in a row would tell before those from better times have dropped out.
    pub(super) fn slow_percent(&self, policy: &BreakerPolicy, now: Duration) -> u32 {
        let answers = self.recent(policy, now).map(|slice| (slice.answered, slice.slow));
        percent(answers, policy, 2 * u64::from(policy.calls_min))
    }

    fn slice_at(&mut self, length: Duration, now: Duration) -> Option<&mut Slice> {
        let number = slice_number(length, now);
        let slice = self.0.get_mut(place_of(number))?;
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        Some(slice)
    }

    /// The slices of the window, newest first.
    fn recent(&self, policy: &BreakerPolicy, now: Duration) -> impl Iterator<Item = &Slice> {
        let newest = slice_number(policy.window, now);
        let numbers = (0..SLICES).filter_map(move |age| newest.checked_sub(age));
        numbers.filter_map(|number| self.0.get(place_of(number)).filter(|slice| slice.number == number))
    }
}

/// The share in percent of what is counted among all, of slices from the newest on until there are `enough`.
fn percent(slices: impl Iterator<Item = (u32, u32)>, policy: &BreakerPolicy, enough: u64) -> u32 {
    let (mut all, mut counted) = (0_u64, 0_u64);
    for (of_slice, counted_there) in slices {
        all += u64::from(of_slice);
        counted += u64::from(counted_there);
        if all >= enough {
            break;
        }
    }
    if all < u64::from(policy.calls_min.max(1)) {
        return 0;
    }
    u32::try_from(counted * 100 / all).unwrap_or(0)
}

fn place_of(number: u64) -> usize {
    usize::try_from(number % SLICES).unwrap_or(0)
}

/// The number of the slice that a time falls in.
fn slice_number(length: Duration, now: Duration) -> u64 {
    let slice = (length.as_millis() / u128::from(SLICES)).max(1);
    u64::try_from(now.as_millis() / slice).unwrap_or(u64::MAX)
}
