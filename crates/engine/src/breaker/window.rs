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
    slow: u32,
}

impl Window {
    /// Counts a call.
    pub(super) fn add(&mut self, is_failed: bool, is_slow: bool, length: Duration, now: Duration) {
        let number = slice_number(length, now);
        let place = usize::try_from(number % SLICES).unwrap_or(0);
        let Some(slice) = self.0.get_mut(place) else { return };
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        slice.calls = slice.calls.saturating_add(1);
        slice.failed = slice.failed.saturating_add(is_failed.into());
        slice.slow = slice.slow.saturating_add(is_slow.into());
    }

    /// The share of failed calls in percent; 0 while there are too few calls.
    pub(super) fn failed_percent(&self, policy: &BreakerPolicy, now: Duration) -> u32 {
        self.percent(|slice| slice.failed, policy, now)
    }

    /// The share of slow calls in percent; 0 while there are too few calls.
    pub(super) fn slow_percent(&self, policy: &BreakerPolicy, now: Duration) -> u32 {
        self.percent(|slice| slice.slow, policy, now)
    }

    fn percent(&self, count: impl Fn(&Slice) -> u32, policy: &BreakerPolicy, now: Duration) -> u32 {
        let newest = slice_number(policy.window, now);
        let recent = self.0.iter().filter(|slice| slice.number + SLICES > newest && slice.number <= newest);
        let (calls, counted) = recent.fold((0_u64, 0_u64), |(calls, counted), slice| {
            (calls + u64::from(slice.calls), counted + u64::from(count(slice)))
        });
        if calls < u64::from(policy.calls_min.max(1)) {
            return 0;
        }
        u32::try_from(counted * 100 / calls).unwrap_or(0)
    }
}

/// The number of the slice that a time falls in.
fn slice_number(length: Duration, now: Duration) -> u64 {
    let slice = (length.as_millis() / u128::from(SLICES)).max(1);
    u64::try_from(now.as_millis() / slice).unwrap_or(u64::MAX)
}
