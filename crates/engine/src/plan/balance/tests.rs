//! Laws of load balancing.

use std::time::Duration;

use proptest::prelude::*;

use domain::Money;

use super::{by_weight, cheapest, faster_of_two, in_turn, least_busy};
use crate::load::Load;

fn load(pending: u32, milliseconds: u64) -> Load {
    let mut load = Load::default();
    load.pending = pending;
    load.answered(Duration::from_millis(milliseconds), Duration::from_secs(1));
    load
}

/// A sequence of random numbers that is the same every time (SplitMix64).
fn randoms(seed: u64) -> impl Iterator<Item = u64> {
    (1_u64..).map(move |step| {
        let mixed = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

#[test]
fn shares_at_random_are_the_weights_by_chi_square() {
    let weights = [1, 2, 3, 0, 4];
    let mut taken = [0_u32; 5];
    for random in randoms(7).take(100_000) {
        taken[by_weight(&weights, random).unwrap()] += 1;
    }
    assert_eq!(taken[3], 0);
    let chi_square: f64 = weights
        .iter()
        .zip(taken)
        .filter(|(weight, _)| **weight > 0)
        .map(|(weight, taken)| {
            let expected = f64::from(*weight) * 10_000.0;
            (f64::from(taken) - expected).powi(2) / expected
        })
        .sum();
    // The 99.9th percentile at three degrees of freedom.
    assert!(chi_square < 16.27, "{chi_square} {taken:?}");
}

#[test]
fn turns_go_round_as_often_as_the_weights_say() {
    let order =
        |weights: &[u32], count| (0..count).map(|turn| in_turn(weights, turn).unwrap()).collect::<Vec<_>>();
    assert_eq!(order(&[5, 5, 5], 6), [0, 1, 2, 0, 1, 2]);
    assert_eq!(order(&[2000, 0, 1000], 6), [0, 0, 2, 0, 0, 2]);
    assert_eq!(in_turn(&[0, 0], 3), None);
}

#[test]
fn the_least_busy_for_its_weight_is_taken() {
    let busy = [load(3, 1), load(1, 1), load(9, 1)];
    assert_eq!(least_busy(&[1, 1, 1], &busy, 0), Some(1));
    assert_eq!(least_busy(&[1, 0, 1], &busy, 0), Some(0));
    assert_eq!(least_busy(&[1, 1, 10], &busy, 0), Some(2), "ten for a weight of ten are as one");
    assert_eq!(least_busy(&[0, 0, 0], &busy, 0), None);
}

#[test]
fn of_two_the_faster_is_taken_and_calls_under_way_make_it_slower() {
    let speeds = [load(0, 300), load(0, 100)];
    for random in randoms(1).take(20) {
        assert_eq!(faster_of_two(&[1, 1], &speeds, [random, random]), Some(1));
        assert_eq!(faster_of_two(&[1, 0], &speeds, [random, random]), Some(0));
        assert_eq!(faster_of_two(&[1, 1], &[load(0, 300), load(3, 100)], [random, random]), Some(0));
    }
}

proptest! {
    #[test]
    fn nothing_without_weight_is_ever_chosen(
        children in prop::collection::vec((0_u32..4, 0_u32..5, 0_u64..1000), 1..8), random: [u64; 2], turn: u64,
    ) {
        let weights: Vec<u32> = children.iter().map(|(weight, _, _)| *weight).collect();
        let loads: Vec<Load> = children.iter().map(|(_, pending, latency)| load(*pending, *latency)).collect();
        let some = weights.iter().any(|weight| *weight > 0);
        for chosen in [
            by_weight(&weights, random[0]),
            in_turn(&weights, turn),
            least_busy(&weights, &loads, random[0]),
            faster_of_two(&weights, &loads, random),
        ] {
            prop_assert_eq!(chosen.is_some(), some);
            prop_assert!(chosen.is_none_or(|place| weights[place] > 0));
        }
    }

    /// The slowest of all is taken by nobody who could draw another.
    #[test]
    fn the_slowest_is_never_the_faster_of_two(latencies in prop::collection::vec(1_u64..1000, 2..8), random: [u64; 2]) {
        let slowest = *latencies.iter().max().unwrap();
        prop_assume!(latencies.iter().filter(|latency| **latency == slowest).count() == 1);
        let loads: Vec<Load> = latencies.iter().map(|latency| load(0, *latency)).collect();
        let chosen = faster_of_two(&vec![1; latencies.len()], &loads, random).unwrap();
        prop_assert!(latencies[chosen] < slowest);
    }
}

#[test]
fn the_cheapest_is_taken_by_weight_among_as_cheap_ones_and_unknown_prices_come_last() {
    let usd = |amount: u32| Some(Money::from_usd(amount));
    for random in randoms(11).take(1_000) {
        assert_eq!(cheapest(&[1, 1, 1], &[usd(3), usd(2), None], random), Some(1));
        assert_eq!(
            cheapest(&[1, 0, 1], &[usd(3), usd(2), None], random),
            Some(0),
            "what has no weight is not taken"
        );
        assert_eq!(cheapest(&[0, 0], &[usd(3), usd(2)], random), None);
    }
    let mut taken = [0_u32; 4];
    for random in randoms(13).take(10_000) {
        taken[cheapest(&[3, 1, 5, 5], &[usd(2), usd(2), usd(9), None], random).unwrap()] += 1;
    }
    assert!((7_200..7_800).contains(&taken[0]) && taken[0] + taken[1] == 10_000, "{taken:?}");
    assert!(cheapest(&[1, 1], &[None, None], 5).is_some());
}
