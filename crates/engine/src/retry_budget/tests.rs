//! Laws of the retry budget.

use std::time::Duration;

use domain::RetryBudgetPolicy;
use proptest::prelude::*;

use super::RetryBudget;

const SECOND: Duration = Duration::from_secs(1);

fn policy(percent: u32, per_second: u32, window: Duration) -> RetryBudgetPolicy {
    RetryBudgetPolicy { enabled: true, percent, per_second, window }
}

/// Every request fails and asks for `wishes` further attempts, `gap` milliseconds after the one before it. The milliseconds at which
/// first attempts ended, and those at which further ones were allowed.
fn storm(policy: &RetryBudgetPolicy, requests: &[(u64, usize)]) -> (Vec<u64>, Vec<u64>) {
    let (mut budget, mut now) = (RetryBudget::default(), 0);
    let (mut first, mut further) = (Vec::new(), Vec::new());
    for (gap, wishes) in requests {
        now += gap;
        let at = Duration::from_millis(now);
        budget.earn(policy, at);
        first.push(now);
        let allowed = (0..*wishes).filter(|_| budget.spend(policy, at)).count();
        further.extend(std::iter::repeat_n(now, allowed));
    }
    (first, further)
}

/// How many lie in the window that ends with this millisecond.
fn until(times: &[u64], end: u64, window: Duration) -> u64 {
    let window = u64::try_from(window.as_millis()).unwrap();
    times.iter().filter(|time| **time <= end && **time + window > end).count().try_into().unwrap()
}

proptest! {
    #[test]
    fn no_window_holds_more_further_attempts_than_its_share_and_its_grant(
        percent in 0_u32..200,
        per_second in 0_u32..8,
        seconds in 1_u32..5,
        requests in prop::collection::vec((0_u64..400, 0_usize..6), 1..300),
    ) {
        let policy = policy(percent, per_second, SECOND * seconds);
        let (first, further) = storm(&policy, &requests);
        for end in &further {
            let earned = until(&first, *end, policy.window * 11 / 10) * u64::from(percent) / 100;
            let granted = u64::from(per_second) * u64::from(seconds);
            let spent = until(&further, *end, policy.window);
            prop_assert!(spent <= earned + granted, "{spent} of {earned} + {granted}");
        }
    }

    #[test]
    fn in_the_long_run_no_more_are_allowed_than_share_and_grant(
        percent in 0_u32..200,
        per_second in 0_u32..8,
        requests in prop::collection::vec((0_u64..400, 0_usize..6), 1..300),
    ) {
        let policy = policy(percent, per_second, SECOND);
        let (first, further) = storm(&policy, &requests);
        let windows = first.last().unwrap() / 1000 + 1;
        let bound = first.len() as u64 * u64::from(percent) / 100 + u64::from(per_second) * windows;
        prop_assert!(further.len() as u64 <= bound, "{} of {bound}", further.len());
    }

    #[test]
    fn one_further_attempt_for_each_request_is_never_held_back_by_a_whole_share(
        requests in prop::collection::vec((0_u64..5000, Just(1_usize)), 1..200),
    ) {
        let (first, further) = storm(&policy(100, 0, 2 * SECOND), &requests);
        prop_assert_eq!(first, further);
    }
}

#[test]
fn what_was_spent_comes_back_when_the_window_has_passed() {
    let (mut budget, policy) = (RetryBudget::default(), policy(0, 3, 2 * SECOND));
    let allowed = |budget: &mut RetryBudget, at| (0..10).filter(|_| budget.spend(&policy, at)).count();
    assert_eq!(allowed(&mut budget, SECOND), 6);
    assert_eq!(allowed(&mut budget, 3 * SECOND), 0);
    assert_eq!(allowed(&mut budget, 7 * SECOND / 2), 6, "a window and a slice later");
}

#[test]
fn a_budget_that_is_off_holds_nothing_back() {
    let off = RetryBudgetPolicy { enabled: false, ..policy(0, 0, SECOND) };
    assert!((0..1000).all(|_| RetryBudget::default().spend(&off, SECOND)));
}

#[test]
fn new_rules_do_not_forget_what_was_spent() {
    let (mut budget, before) = (RetryBudget::default(), policy(0, 5, SECOND));
    assert!((0..5).all(|_| budget.spend(&before, SECOND)));
    let after = policy(0, 6, SECOND);
    assert_eq!((0..5).filter(|_| budget.spend(&after, SECOND)).count(), 1);
}
