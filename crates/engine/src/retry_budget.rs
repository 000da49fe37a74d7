//! The retry budget: what retries and fallbacks may add to the traffic, so that an outage is not multiplied by those who wait for its
//! end. A request's first attempt is free and earns a share of a further one; each further attempt spends one.
//!
//! Pure: times are durations since any fixed start, and whoever holds a budget brings the rules along, so that a change of the rules
//! does not forget what was spent. The rule is that of Finagle's `RetryBudget`: a share of the requests plus a few in any second.

#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::RetryBudgetPolicy;

/// How many slices a window has.
const SLICES: u64 = 10;
/// One more is counted: the newest is never whole, and what was spent has to be remembered for a whole window.
const KEPT: u64 = SLICES + 1;

/// First and further attempts of the last while.
#[derive(Debug, Default)]
pub struct RetryBudget([Slice; KEPT as usize]);

#[derive(Debug, Default, Clone, Copy)]
struct Slice {
    number: u64,
    first: u64,
    further: u64,
}

impl RetryBudget {
    /// The first attempt of a request was answered, or failed.
    ///
    /// It counts from its end on, not its beginning: however long it took, its share is there when a further one is asked for.
    pub fn earn(&mut self, policy: &RetryBudgetPolicy, now: Duration) {
        if let Some(slice) = self.slice_at(policy, now) {
            slice.first = slice.first.saturating_add(1);
        }
    }

    /// Takes a further attempt out of the budget; `false` when nothing is left of it.
    ///
    /// In a window that ends with a further attempt there are no more of them than `per_second` for each of its seconds and the
    /// share of the first attempts that ended in it or up to a slice before it. Nothing is earned twice: over any longer time there are
    /// no more than its first attempts and its windows allow.
    pub fn spend(&mut self, policy: &RetryBudgetPolicy, now: Duration) -> bool {
        if !policy.enabled {
            return true;
        }
        let newest = slice_number(policy, now);
        let counted = self.recent(newest);
        let (first, further) = counted
            .fold((0_u64, 0_u64), |(first, further), slice| (first + slice.first, further + slice.further));
        let earned = u128::from(first) * u128::from(policy.percent) / 100;
        let granted = policy.window.as_millis() * u128::from(policy.per_second) / 1000;
        let is_left = u128::from(further) < earned + granted;
        if let Some(slice) = self.slice_at(policy, now).filter(|_| is_left) {
            slice.further = slice.further.saturating_add(1);
        }
        is_left
    }

    fn slice_at(&mut self, policy: &RetryBudgetPolicy, now: Duration) -> Option<&mut Slice> {
        let number = slice_number(policy, now);
        let slice = self.0.get_mut(place_of(number))?;
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        Some(slice)
    }

    /// What is counted, the newest first.
    fn recent(&self, newest: u64) -> impl Iterator<Item = &Slice> {
        let numbers = (0..KEPT).filter_map(move |age| newest.checked_sub(age));
        numbers.filter_map(|number| self.0.get(place_of(number)).filter(|slice| slice.number == number))
    }
}

fn place_of(number: u64) -> usize {
    usize::try_from(number % KEPT).unwrap_or(0)
}

/// The number of the slice that a time falls in.
fn slice_number(policy: &RetryBudgetPolicy, now: Duration) -> u64 {
    let slice = (policy.window.as_nanos() / u128::from(SLICES)).max(1);
    u64::try_from(now.as_nanos() / slice).unwrap_or(u64::MAX)
}
