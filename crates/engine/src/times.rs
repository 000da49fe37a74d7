//! How the times of a target's calls are distributed, to say what is late.
//!
//! Counts in buckets that grow by a fifth each, so that a quantile is at most a fifth above the exact one, in 128 bytes. What was long
//! ago is halved away: when as many as [`SAMPLES_MAX`] are counted, each count loses half.

use std::time::Duration;

/// Fewest calls that say something.
const SAMPLES_MIN: u32 = 20;
/// Most calls that are counted at a time.
const SAMPLES_MAX: u32 = 512;
/// The longest time in the first bucket, in nanoseconds.
const FIRST: u64 = 10_000_000;
/// How much wider each bucket is than the one before it.
const GROWTH: (u64, u64) = (6, 5);
/// The last one holds everything beyond a quarter of an hour.
const BUCKETS: usize = 64;
/// The longest time in each bucket but the last, in nanoseconds.
const BOUNDS: [u64; BUCKETS - 1] = bounds();

/// The times of one target's recent calls.
#[derive(Debug, Clone)]
pub struct Times {
    counts: [u16; BUCKETS],
    samples: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], samples: 0 }
    }
}

impl Times {
    /// A call took so long, or at least so long.
    pub fn add(&mut self, took: Duration) {
        if self.samples >= SAMPLES_MAX {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.samples = self.counts.iter().map(|count| u32::from(*count)).sum();
        }
        if let Some(count) = self.counts.get_mut(bucket(took)) {
            *count += 1;
            self.samples += 1;
        }
    }

    /// The time within which so many percent of the recent calls were answered, rounded up to the bound of its bucket; none while too few
    /// are known.
    #[must_use]
    pub fn quantile(&self, percent: u32) -> Option<Duration> {
        if self.samples < SAMPLES_MIN {
            return None;
        }
        let rank = (self.samples * percent).div_ceil(100);
        let mut below = 0;
        let reached = |count: &u16| {
            below += u32::from(*count);
            below >= rank
        };
        self.counts.iter().position(reached).map(longest)
    }
}

const fn bounds() -> [u64; BUCKETS - 1] {
    let mut bounds = [FIRST; BUCKETS - 1];
    let mut bucket = 1;
    while bucket < bounds.len() {
        bounds[bucket] = bounds[bucket - 1] / GROWTH.1 * GROWTH.0;
        bucket += 1;
    }
    bounds
}

/// The longest time in a bucket; for the last, which has no end, as much above the one before it as for the others.
fn longest(bucket: usize) -> Duration {
    match BOUNDS.get(bucket) {
        Some(nanoseconds) => Duration::from_nanos(*nanoseconds),
        None => Duration::from_nanos(BOUNDS[BUCKETS - 2] / GROWTH.1 * GROWTH.0),
    }
}

/// The bucket of a time.
fn bucket(took: Duration) -> usize {
    let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    BOUNDS.partition_point(|bound| *bound < took)
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Duration, SAMPLES_MAX, SAMPLES_MIN, Times, longest};
    use proptest::prelude::*;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Times {
        let mut times = Times::default();
        milliseconds.into_iter().for_each(|time| times.add(Duration::from_millis(time)));
        times
    }

    #[test]
    fn nothing_is_said_of_few_calls() {
        let few = usize::try_from(SAMPLES_MIN).unwrap() - 1;
        assert_eq!(of(std::iter::repeat_n(100, few)).quantile(95), None);
        assert!(of(std::iter::repeat_n(100, few + 1)).quantile(95).is_some());
    }

    #[test]
    fn one_slow_call_in_a_hundred_does_not_move_the_95th() {
        let times = of((0..100).map(|call| if call == 50 { 30_000 } else { 200 }));
        let late = times.quantile(95).unwrap();
        assert!((200..=240).contains(&late.as_millis()), "{late:?}");
        assert!(times.quantile(100).unwrap() >= Duration::from_secs(30));
    }

    #[test]
    fn what_became_slow_is_the_new_measure_after_some_hundred_calls() {
        let mut times = of(std::iter::repeat_n(100, 10_000));
        for _ in 0..SAMPLES_MAX {
            times.add(Duration::from_secs(2));
        }
        assert!(times.quantile(50).unwrap() >= Duration::from_secs(2));
    }

    #[test]
    fn the_buckets_reach_beyond_the_longest_wait_for_a_first_token() {
        assert!(longest(BUCKETS - 2) > Duration::from_secs(600));
        assert!(of(std::iter::repeat_n(u64::MAX, 20)).quantile(95).is_some());
    }

    proptest! {
        #[test]
        fn a_quantile_is_never_too_early_and_at_most_a_fifth_too_late(
            mut milliseconds in prop::collection::vec(1_u64..600_000, 20..500), percent in 1_u32..=100,
        ) {
            let found = of(milliseconds.iter().copied()).quantile(percent).unwrap();
            milliseconds.sort_unstable();
            let rank = (milliseconds.len() * usize::try_from(percent).unwrap()).div_ceil(100);
            let exact = Duration::from_millis(milliseconds[rank - 1]);
            prop_assert!(found >= exact);
            // A nanosecond for rounding.
            prop_assert!(found <= exact.max(longest(0)).mul_f64(1.2) + Duration::from_nanos(1), "{found:?} {exact:?}");
        }
    }
}
