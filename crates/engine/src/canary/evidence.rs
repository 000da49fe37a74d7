//! The evidence that something happens more often in one arm than in the other.
//!
//! Each arm's probability `p` is bet on by a mixture of all alternatives (Krichevsky and Trofimov 1981), which wins
//! `B(s + ½, n − s + ½) / B(½, ½)` over what `p` says of `s` in `n`: `p^s (1 − p)^(n − s)`. At the true probabilities the product of both arms' winnings is a
//! martingale, whichever arm a request is sent to; so the least product over all pairs that the hypothesis "the canary's probability is at most the baseline's and a
//! tolerance" allows is at most that ("Universal inference", Wasserman, Ramdas and Balakrishnan 2020, section 8), and the probability that it *ever* reaches
//! `1 / α` is at most α (Ville 1939). Whoever looks after every request is no more often wrong than who looks once.

use std::f64::consts::PI;

/// How often something happened among the requests of an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) hits: u32,
    pub(super) all: u32,
}

impl Counts {
    pub(super) fn add(&mut self, is_hit: bool) {
        self.hits = self.hits.saturating_add(u32::from(is_hit));
        self.all = self.all.saturating_add(1);
    }

    /// How often it happened of late; never where there were no requests.
    pub(super) fn rate(self) -> f64 {
        if self.all == 0 { 0.0 } else { f64::from(self.hits) / f64::from(self.all) }
    }

    fn misses(self) -> u32 {
        self.all.saturating_sub(self.hits)
    }

    /// The logarithm of what the mixture says of the counts.
    fn ln_mixture(self) -> f64 {
        let [hits, misses] = [self.hits, self.misses()].map(|count| f64::from(count) + 0.5);
        ln_gamma(hits) + ln_gamma(misses) - ln_gamma(f64::from(self.all) + 1.0) - PI.ln()
    }

    /// The logarithm of what a probability says of the counts.
    fn ln_likelihood(self, probability: f64) -> f64 {
        // What never happened is explained by any probability, be it 0 or 1.
        let part = |count: u32, ln: f64| if count == 0 { 0.0 } else { f64::from(count) * ln };
        part(self.hits, probability.ln()) + part(self.misses(), (-probability).ln_1p())
    }

    /// How fast that grows with the probability.
    fn slope(self, probability: f64) -> f64 {
        f64::from(self.hits) / probability - f64::from(self.misses()) / (1.0 - probability)
    }

    /// At least as much as these counts can win over a probability (the divergence of two such distributions is at most their χ²).
    fn ln_winnings_max(self, probability: f64) -> f64 {
        let off = (self.rate() - probability).powi(2);
        if off == 0.0 { 0.0 } else { f64::from(self.all) * off / (probability * (1.0 - probability)) }
    }
}

/// The logarithm of the evidence that the canary's probability exceeds that of the baseline by more than the tolerance. None where there is none, or too
/// little to matter to whoever waits for `enough`.
pub(super) fn ln_evidence([baseline, canary]: [Counts; 2], tolerance: f64, enough: f64) -> Option<f64> {
    if baseline.all == 0 || canary.rate() <= baseline.rate() + tolerance {
        return None;
    }
    let least = likeliest(baseline, canary, tolerance);
    if baseline.ln_winnings_max(least) + canary.ln_winnings_max(least + tolerance) < enough / 2.0 {
        return None;
    }
    let won = baseline.ln_mixture() + canary.ln_mixture();
    Some(won - baseline.ln_likelihood(least) - canary.ln_likelihood(least + tolerance))
}

/// The baseline's probability that makes both counts likeliest while the canary's is the tolerance above it: between what each arm says by itself, and without a
/// tolerance what both say together.
fn likeliest(baseline: Counts, canary: Counts, tolerance: f64) -> f64 {
    if tolerance == 0.0 {
        let [hits, all] = [[baseline.hits, canary.hits], [baseline.all, canary.all]];
        return hits.map(f64::from).iter().sum::<f64>() / all.map(f64::from).iter().sum::<f64>();
    }
    let (mut below, mut above) = (baseline.rate(), canary.rate() - tolerance);
    // A float has no further digits.
    for _ in 0..52 {
        let middle = f64::midpoint(below, above);
        if baseline.slope(middle) + canary.slope(middle + tolerance) > 0.0 {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::midpoint(below, above)
}

/// The logarithm of the gamma function above zero (Stirling's series, from 10 on better than 10⁻¹⁰).
fn ln_gamma(mut x: f64) -> f64 {
    let mut shifted = 1.0;
    while x < 10.0 {
        shifted *= x;
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - shifted.ln()
}

#[cfg(test)]
mod tests {
    use super::{Counts, PI, likeliest, ln_evidence, ln_gamma};
    use proptest::prelude::*;

    fn counts(hits: u32, all: u32) -> Counts {
        Counts { hits, all }
    }

    #[test]
    fn gamma_is_the_factorial_between_whole_numbers_too() {
        assert!(ln_gamma(1.0).abs() < 1e-9 && ln_gamma(2.0).abs() < 1e-9);
        assert!((ln_gamma(0.5) - PI.sqrt().ln()).abs() < 1e-9);
        let factorial: f64 = (1..=20_u8).map(|number| f64::from(number).ln()).sum();
        assert!((ln_gamma(21.0) - factorial).abs() < 1e-9);
    }

    #[test]
    fn the_mixture_shares_one_among_all_courses_of_the_same_length() {
        // How many courses of 8 requests have so many hits.
        let courses = [1.0, 8.0, 28.0, 56.0, 70.0, 56.0, 28.0, 8.0, 1.0];
        let sum: f64 =
            (0..).zip(courses).map(|(hits, courses)| courses * counts(hits, 8).ln_mixture().exp()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn a_difference_is_evident_sooner_the_larger_it_is_and_within_the_tolerance_never() {
        let evidence = |canary: u32, all, tolerance| {
            ln_evidence([counts(200, 10_000), counts(canary, all)], tolerance, 0.0)
        };
        assert!(evidence(10, 100, 0.0) < evidence(20, 100, 0.0));
        assert!(evidence(10, 100, 0.0) < evidence(20, 200, 0.0));
        assert!(evidence(10, 100, 0.02) < evidence(10, 100, 0.0));
        assert!(evidence(30, 100, 0.0).unwrap() > 1000_f64.ln());
        assert_eq!(evidence(10, 100, 0.10), None);
        assert_eq!(evidence(2, 100, 0.0), None);
        assert_eq!(ln_evidence([Counts::default(); 2], 0.0, 0.0), None);
    }

    #[test]
    fn one_request_says_little_whatever_became_of_it() {
        let first = ln_evidence([counts(0, 10_000), counts(1, 1)], 0.0, 0.0).unwrap();
        assert!(first < 100_f64.ln(), "{first}");
        assert!(
            ln_evidence([Counts::default(), counts(50, 50)], 0.0, 0.0).is_none_or(|evidence| evidence <= 0.0)
        );
    }

    proptest! {
        #[test]
        fn no_other_pair_that_is_allowed_explains_the_counts_better(
            hits in 0_u32..50, misses in 0_u32..50, more in 1_u32..50, fewer in 0_u32..50, tolerance in 0.0..0.5, other in 0.0..1.0,
        ) {
            let (baseline, canary) = (counts(hits, hits + misses), counts(more, more + fewer));
            prop_assume!(canary.rate() > baseline.rate() + tolerance);
            let least = likeliest(baseline, canary, tolerance);
            let explained = |probability: f64| baseline.ln_likelihood(probability) + canary.ln_likelihood(probability + tolerance);
            let other = other * (1.0 - tolerance);
            prop_assume!(other > 0.0 && other + tolerance < 1.0);
            prop_assert!(explained(least) >= explained(other) - 1e-6);
        }

        #[test]
        fn what_is_passed_over_is_too_little_to_matter(
            hits in 0_u32..5000, misses in 0_u32..5000, more in 0_u32..500, fewer in 0_u32..500, tolerance in 0.0..0.2,
        ) {
            let arms = [counts(hits, hits + misses), counts(more, more + fewer)];
            let all = ln_evidence(arms, tolerance, 0.0);
            for enough in [1.0, 8.0] {
                match ln_evidence(arms, tolerance, enough) {
                    None => prop_assert!(all.is_none_or(|evidence| evidence <= enough / 2.0 + 1e-6)),
                    found => prop_assert_eq!(found, all),
                }
            }
        }
    }
}
