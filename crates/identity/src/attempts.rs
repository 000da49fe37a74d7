//! How soon after others the next attempt to sign in may be made: some at once, then each after twice the wait.
//!
//! An attempt is counted before it is judged, so that many at the same time are as many as one after the other. One that succeeds is not
//! held against anybody: the count of its name is forgotten.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest wait. A longer one would let anybody keep somebody out who knows their name.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// After how long without an attempt all of them are forgotten.
pub const ATTEMPTS_KEPT: Duration = Duration::from_secs(60 * 60);

/// Attempts of one kind: at one name, or from one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    count: u32,
    /// When the last one was, in milliseconds since 1970.
    last_milliseconds: u64,
}

impl Attempts {
    /// The attempts with one more, of which so many are `free`.
    ///
    /// # Errors
    /// When it comes too soon, with the time after which it may be made. It is not counted then.
    pub fn and_one_more(self, free: u32, now_milliseconds: u64) -> Result<Self, Duration> {
        let passed = Duration::from_millis(now_milliseconds.saturating_sub(self.last_milliseconds));
        let count = if passed >= ATTEMPTS_KEPT { 0 } else { self.count };
        let left = wait_after(count, free).saturating_sub(passed);
        if left.is_zero() {
            Ok(Self { count: count.saturating_add(1), last_milliseconds: now_milliseconds })
        } else {
            Err(left)
        }
    }
}

/// How long after so many attempts the next one has to wait.
fn wait_after(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None => Duration::ZERO,
        Some(beyond) => Duration::from_secs(1).saturating_mul(1 << beyond.min(10)).min(WAIT_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS_KEPT, Attempts, Duration, WAIT_MAX};
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000_000;

    fn after(count: u32) -> (Attempts, u64) {
        let mut state = (Attempts::default(), NOW);
        for _ in 0..count {
            while let Err(wait) = state.0.and_one_more(5, state.1) {
                state.1 += u64::try_from(wait.as_millis()).unwrap();
            }
            state.0 = state.0.and_one_more(5, state.1).unwrap();
        }
        state
    }

    #[test]
    fn some_are_free_and_then_each_waits_twice_as_long_up_to_a_minute() {
        for (count, wait) in [(4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (50, 60)] {
            let (attempts, now) = after(count);
            let expected = Duration::from_secs(wait);
            assert_eq!(attempts.and_one_more(5, now).err().unwrap_or_default(), expected, "{count}");
        }
    }

    #[test]
    fn an_hour_of_peace_forgets_them() {
        let (attempts, now) = after(20);
        let later = now + u64::try_from(ATTEMPTS_KEPT.as_millis()).unwrap();
        assert_eq!(attempts.and_one_more(5, later), Attempts::default().and_one_more(5, later));
    }

    proptest! {
        #[test]
        fn nobody_makes_more_than_the_free_and_one_each_wait(gaps in prop::collection::vec(0_u64..90_000, 1..200)) {
            let (mut attempts, mut now, mut made) = (Attempts::default(), NOW, 0_u64);
            for gap in gaps {
                now += gap;
                match attempts.and_one_more(5, now) {
                    Ok(more) => { attempts = more; made += 1; }
                    Err(wait) => prop_assert!(wait <= WAIT_MAX),
                }
            }
            // Six waits that double to a minute, and then one each minute.
            prop_assert!(made <= 5 + 7 + (now - NOW) / 60_000);
        }
    }
}
