//! How an amount, such as a time or a cost, is distributed in both arms, and the evidence that the canary's is larger.
//!
//! It is larger when for some threshold more of the canary's requests are beyond it than of the baseline's (a test of stochastic order, as in "Rapid regression
//! detection in software deployments through sequential testing", Lindon, Sanden and Shirikian 2022). For each threshold that is a question of how often
//! something happens, and the mean of the answers is an answer again: nothing is assumed of how the amounts are distributed, and a tail that has
//! grown counts as much as a median.

use domain::canary::Arm;

use super::evidence::{Counts, ln_evidence};

/// Thresholds to each doubling.
const PER_DOUBLING: f64 = 8.0;
/// Buckets between them: 32 doublings.
const BUCKETS: usize = 256;

/// The amounts of both arms.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// The requests of the baseline and of the canary in each bucket.
    buckets: Box<[[u32; 2]; BUCKETS]>,
    /// Of the baseline and the canary.
    sums: [f64; 2],
    all: [u32; 2],
}

impl Default for Spread {
    fn default() -> Self {
        Self { buckets: Box::new([[0; 2]; BUCKETS]), sums: [0.0; 2], all: [0; 2] }
    }
}

impl Spread {
    /// A request of an arm had such an amount, of a unit that is below anything of interest. The canary's is taken for less by what it may be worse.
    pub(super) fn add(&mut self, arm: Arm, amount: f64, tolerance: f64) {
        let compared = if arm == Arm::Canary { amount / (1.0 + tolerance) } else { amount };
        if let Some(count) =
            self.buckets.get_mut(bucket(compared)).and_then(|arms| arms.get_mut(arm as usize))
        {
            *count = count.saturating_add(1);
        }
        if let (Some(sum), Some(all)) = (self.sums.get_mut(arm as usize), self.all.get_mut(arm as usize)) {
            *sum += amount;
            *all = all.saturating_add(1);
        }
    }

    /// The mean of the baseline and of the canary; zero where there were no requests.
    pub(super) fn means(&self) -> [f64; 2] {
        let [baseline, canary] = self.sums;
        let [of_baseline, of_canary] = self.all.map(|all| f64::from(all.max(1)));
        [baseline / of_baseline, canary / of_canary]
    }

    /// The logarithm of the evidence that the canary's amounts are larger by more than the tolerance; none where it is too little to matter to whoever waits for
    /// `enough`.
    pub(super) fn ln_evidence(&self, enough: f64) -> Option<f64> {
        let [of_baseline, of_canary] = self.all;
        let mut beyond = [Counts { hits: 0, all: of_baseline }, Counts { hits: 0, all: of_canary }];
        let (mut evidence, mut sum) = (None, None);
        // Beyond the threshold below the first bucket is everything, which says nothing.
        for bucket in self.buckets.iter().skip(1).rev() {
            if *bucket != [0; 2] {
                for (counts, more) in beyond.iter_mut().zip(bucket) {
                    counts.hits = counts.hits.saturating_add(*more);
                }
                evidence = ln_evidence(beyond, 0.0, enough);
            }
            sum = ln_sum(sum, evidence);
        }
        Some(sum? - f64::from(u32::try_from(BUCKETS - 1).unwrap_or(u32::MAX)).ln())
    }
}

/// The logarithm of the sum of two numbers by theirs; none is that of zero.
fn ln_sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other) + (one.min(other) - one.max(other)).exp().ln_1p()),
        (one, other) => one.or(other),
    }
}

fn bucket(amount: f64) -> usize {
    // A float that is cut becomes the nearest number there is; what is below one unit, and no number, becomes zero.
    ((amount.log2() * PER_DOUBLING) as usize).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::{Arm, BUCKETS, Spread, bucket};

    fn spread(
        baseline: impl IntoIterator<Item = f64>,
        canary: impl IntoIterator<Item = f64>,
        tolerance: f64,
    ) -> Spread {
        let mut spread = Spread::default();
        baseline.into_iter().for_each(|amount| spread.add(Arm::Baseline, amount, tolerance));
        canary.into_iter().for_each(|amount| spread.add(Arm::Canary, amount, tolerance));
        spread
    }

    #[test]
    fn any_amount_has_a_bucket_and_a_tenth_more_another() {
        assert_eq!([f64::NAN, -1.0, 0.0, 0.5, 1.0].map(bucket), [0; 5]);
        assert_eq!([f64::INFINITY, 1e300].map(bucket), [BUCKETS - 1; 2]);
        for amount in [2.0, 300.0, 12_345.0, 1e9] {
            assert!(bucket(amount * 1.1) > bucket(amount), "{amount}");
        }
    }

    #[test]
    fn what_is_twice_as_much_is_found_and_what_is_allowed_is_not() {
        let times = |factor: f64| (0..300).map(move |number| factor * (200.0 + f64::from(number)));
        let sure = 1000_f64.ln();
        assert!(spread(times(1.0), times(2.0), 0.25).ln_evidence(sure).unwrap() > sure);
        assert_eq!(spread(times(1.0), times(1.0), 0.0).ln_evidence(sure), None);
        assert_eq!(spread(times(1.0), times(1.25), 0.25).ln_evidence(sure), None);
        assert_eq!(spread(times(2.0), times(1.0), 0.0).ln_evidence(sure), None);
        assert_eq!(Spread::default().ln_evidence(sure), None);
    }

    #[test]
    fn a_tail_that_grows_is_found_behind_a_better_mean() {
        let sure = 1000_f64.ln();
        let with_tail = (0..400).map(|number| if number % 5 == 0 { 5000.0 } else { 100.0 });
        let found = spread((0..2000).map(|_| 1500.0), with_tail, 0.0);
        let [baseline, canary] = found.means();
        assert!(canary < baseline);
        assert!(found.ln_evidence(sure).unwrap() > sure);
    }
}
