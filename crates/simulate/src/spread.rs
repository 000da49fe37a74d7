//! Amounts that differ from one request to the next: log-normal, given by what half of them stay below and what one in a
//! hundred exceeds, since those are the figures that people have.

use std::time::Duration;

use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::luck::Luck;
use crate::problem::{Problem, problem};

/// The standard normal deviate that 1 % exceed.
const DEVIATE_P99: f64 = 2.326_347_874_040_841;

/// Lengths of time that differ.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimesSpec {
    /// What half of them stay below.
    pub p50: TimeSpan,
    /// What one in a hundred exceeds; all are alike when absent.
    pub p99: Option<TimeSpan>,
}

/// Counts that differ.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountsSpec {
    /// What half of them stay below.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub p50: u64,
    /// What one in a hundred exceeds; all are alike when absent.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub p99: Option<u64>,
}

/// A log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    median: f64,
    sigma: f64,
}

impl Spread {
    /// With this median, and exceeded by one in a hundred at `p99`.
    pub(crate) fn new(median: f64, p99: f64) -> Self {
        let sigma = if median > 0.0 { (p99 / median).max(1.0).ln() / DEVIATE_P99 } else { 0.0 };
        Self { median, sigma }
    }

    /// # Errors
    /// When the p99 lies below the p50.
    pub(crate) fn of_times(spec: &TimesSpec, path: &str) -> Result<Self, Problem> {
        let (p50, p99) = (spec.p50.0, spec.p99.unwrap_or(spec.p50).0);
        if p99 < p50 {
            return Err(below_median(path));
        }
        Ok(Self::new(p50.as_secs_f64(), p99.as_secs_f64()))
    }

    /// # Errors
    /// When the p99 lies below the p50.
    pub(crate) fn of_counts(spec: &CountsSpec, path: &str) -> Result<Self, Problem> {
        let (p50, p99) = (spec.p50, spec.p99.unwrap_or(spec.p50));
        if p99 < p50 {
            return Err(below_median(path));
        }
        Ok(Self::new(p50 as f64, p99 as f64))
    }

    /// An amount.
    pub(crate) fn draw(&self, luck: &mut Luck) -> f64 {
        self.median * (self.sigma * luck.normal()).exp()
    }
}

/// Seconds as a time, to the microsecond.
pub(crate) fn seconds(amount: f64) -> Duration {
    Duration::from_micros((amount * 1e6).round() as u64)
}

fn below_median(path: &str) -> Problem {
    problem(
        format!("{path}.p99"),
        "it is below `p50`; one in a hundred exceeds it, so it is at least as large",
    )
}

#[cfg(test)]
mod tests {
    use super::{Luck, Spread};
    use crate::luck::Purpose;

    #[test]
    fn half_stay_below_the_median_and_one_in_a_hundred_exceeds_the_p99() {
        let (spread, mut luck) = (Spread::new(10.0, 80.0), Luck::of(1, Purpose::Traffic, &[]));
        let mut draws: Vec<f64> = (0..100_000).map(|_| spread.draw(&mut luck)).collect();
        draws.sort_by(f64::total_cmp);
        assert!((draws[50_000] - 10.0).abs() < 0.3, "{}", draws[50_000]);
        assert!((draws[99_000] - 80.0).abs() < 5.0, "{}", draws[99_000]);
    }

    #[test]
    fn without_a_spread_all_are_alike() {
        let mut luck = Luck::of(1, Purpose::Traffic, &[]);
        assert_eq!(Spread::new(3.0, 3.0).draw(&mut luck), 3.0);
        assert_eq!(Spread::new(0.0, 3.0).draw(&mut luck), 0.0);
    }
}
