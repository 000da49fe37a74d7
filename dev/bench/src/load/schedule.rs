//! When the requests of an open load are due: decided before the run from a seed, so that a slow server cannot thin them out.

use std::time::Duration;

/// Due times, counted from the start of the warm-up, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    due: Vec<Duration>,
    warmup_count: usize,
}

impl Schedule {
    /// A Poisson process of `rate_per_second` over warm-up and window.
    pub(crate) fn poisson(rate_per_second: f64, warmup: Duration, window: Duration, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let end = (warmup + window).as_secs_f64();
        let mut due = Vec::new();
        let mut at = random.exponential() / rate_per_second;
        while at < end {
            due.push(Duration::from_secs_f64(at));
            at += random.exponential() / rate_per_second;
        }
        let warmup_count = due.partition_point(|time| *time < warmup);
        Self { due, warmup_count }
    }

    /// When request `index` is due; `None` after the last.
    pub(crate) fn due(&self, index: usize) -> Option<Duration> {
        self.due.get(index).copied()
    }

    /// Whether request `index` counts.
    pub(crate) fn is_measured(&self, index: usize) -> bool {
        index >= self.warmup_count
    }

    /// How many requests count.
    pub(crate) fn measured_count(&self) -> usize {
        self.due.len() - self.warmup_count
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for due times, and the same on every machine.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Exponentially distributed with mean 1; never 0, so that the sum grows.
    fn exponential(&mut self) -> f64 {
        let uniform = ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        (-uniform.ln()).max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate_per_second: f64, seed: u64) -> Schedule {
        Schedule::poisson(rate_per_second, Duration::from_secs(1), Duration::from_secs(4), seed)
    }

    #[test]
    fn a_seed_gives_the_same_schedule_twice() {
        assert_eq!(schedule(500.0, 7), schedule(500.0, 7));
        assert_ne!(schedule(500.0, 7), schedule(500.0, 8));
    }

    #[test]
    fn due_times_are_in_order_and_at_the_rate() {
        let schedule = schedule(2000.0, 1);
        assert!(schedule.due.is_sorted());
        let count = schedule.measured_count();
        assert!(count.abs_diff(8000) < 400, "{count}");
        assert_eq!(schedule.due(schedule.due.len()), None);
    }

    #[test]
    fn the_warm_up_does_not_count() {
        let schedule = schedule(100.0, 3);
        let first = (0..).find(|index| schedule.is_measured(*index)).unwrap();
        assert!(schedule.due(first).unwrap() >= Duration::from_secs(1));
        assert!(schedule.due(first - 1).unwrap() < Duration::from_secs(1));
    }

    #[test]
    fn gaps_have_the_spread_of_a_poisson_process() {
        let mut random = SplitMix(42);
        let gaps: Vec<f64> = (0..20_000).map(|_| random.exponential()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let long = gaps.iter().filter(|gap| **gap > 1.0).count() as f64 / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        assert!((long - (-1.0_f64).exp()).abs() < 0.02, "{long}");
    }
}
