//! How long to wait before the same target is tried again.

use std::time::Duration;

use domain::route::RetryPolicy;

/// The wait before retry number `retry` (0 is the first), or `None` when waiting is pointless because the provider
/// asks for more than `backoff_max`. `random` is any 64 random bits.
///
/// Without a wish of the provider the wait doubles each time and is drawn from its upper half, so that clients that
/// failed together do not return together. A provider's wish is met in full, plus up to a tenth.
#[must_use]
pub fn wait(policy: &RetryPolicy, retry: u32, wish: Option<Duration>, random: u64) -> Option<Duration> {
    match wish.filter(|_| policy.use_retry_after_header) {
        Some(wish) if wish > policy.backoff_max => None,
        Some(wish) => Some((wish + share(wish / 10, random)).min(policy.backoff_max)),
        None => {
            let doubled = policy.backoff_first.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX));
            let longest = doubled.min(policy.backoff_max);
            Some(longest / 2 + share(longest / 2, random))
        }
    }
}

/// A part of `whole` in proportion to `random`.
fn share(whole: Duration, random: u64) -> Duration {
    let nanoseconds = (whole.as_nanos() * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Duration, RetryPolicy, wait};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_lies_in_the_upper_half_of_its_doubled_bound(retry in 0_u32..70, random: u64) {
            let policy = RetryPolicy::default();
            let bound = policy.backoff_first.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(policy.backoff_max);
            let waited = wait(&policy, retry, None, random).unwrap();
            prop_assert!(waited >= bound / 2 && waited <= bound, "{waited:?} of {bound:?}");
        }

        #[test]
        fn a_wish_is_met_in_full_or_ends_the_retries(milliseconds in 0_u64..60_000, random: u64) {
            let policy = RetryPolicy::default();
            let wish = Duration::from_millis(milliseconds);
            match wait(&policy, 0, Some(wish), random) {
                Some(waited) => prop_assert!(waited >= wish && waited <= policy.backoff_max),
                None => prop_assert!(wish > policy.backoff_max),
            }
        }
    }

    #[test]
    fn a_wish_is_ignored_when_the_policy_says_so() {
        let policy = RetryPolicy { use_retry_after_header: false, ..RetryPolicy::default() };
        assert!(wait(&policy, 0, Some(Duration::from_secs(3600)), 0).is_some());
    }
}
