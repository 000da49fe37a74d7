//! Laws of affinity, and what it is worth.

use std::time::Duration;

use domain::provider::PromptCache;
use proptest::prelude::*;

use super::{CALLS_FREE, Candidate, warmest};
use crate::load::Load;
use crate::prefix::Prefix;
use crate::warmth::Warmth;

fn candidate(identity: u64) -> Candidate {
    Candidate { weight: 1, load: Load::default(), saving: 0, identity }
}

fn load(pending: u32, milliseconds: u64) -> Load {
    let mut load = Load::default();
    load.pending = pending;
    load.answered(Duration::from_millis(milliseconds), Duration::from_secs(1));
    load
}

#[test]
fn a_warm_target_is_taken_and_the_warmest_of_several() {
    let mut three = [candidate(1), candidate(2), candidate(3)];
    for (place, saving) in [(0, 1024), (2, 2048), (1, 4096)] {
        three[place].saving = saving;
        for beginning in 0..50 {
            assert_eq!(warmest(&three, beginning), Some(place));
        }
    }
}

#[test]
fn a_warm_target_that_is_overloaded_or_dawdles_loses() {
    let warm = Candidate { saving: 4096, ..candidate(1) };
    let quick = Candidate { load: load(0, 1_000), ..candidate(2) };
    for (load_of_warm, place) in
        [(load(3, 1_000), 0), (load(4, 1_000), 1), (load(0, 3_000), 0), (load(0, 3_001), 1)]
    {
        let both = [Candidate { load: load_of_warm, ..warm }, quick];
        assert_eq!(warmest(&both, 7), Some(place), "{load_of_warm:?}");
    }
    let busy = Candidate { load: load(9, 1_000), ..quick };
    let both = [Candidate { load: load(10, 1_000), ..warm }, busy];
    assert_eq!(warmest(&both, 7), Some(0), "where all have much to do, more is no more than a share");
}

#[test]
fn cold_beginnings_are_shared_by_weight() {
    const BEGINNINGS: u64 = 20_000;
    let three = [5, 3, 2].map(|weight| Candidate { weight, ..candidate(u64::from(weight)) });
    let mut taken = [0_u32; 3];
    for beginning in 0..BEGINNINGS {
        let place = warmest(&three, beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
        taken[place] += 1;
    }
    let shares = [0.5, 0.3, 0.2].map(|share| share * BEGINNINGS as f64);
    let chi_square: f64 =
        shares.iter().zip(taken).map(|(share, taken)| (f64::from(taken) - share).powi(2) / share).sum();
    // The 99.9th percentile at two degrees of freedom.
    assert!(chi_square < 13.82, "{chi_square} {taken:?}");
}

/// Conversations over some targets whose caches hold what they were asked for in the last five minutes; which share of the tokens
/// that could be warm was.
fn hit_rate(choose: impl Fn(&[Candidate], &Prefix, usize) -> usize) -> f64 {
    const TARGETS: usize = 4;
    let cache = PromptCache::default();
    let mut caches: [Warmth; TARGETS] = Default::default();
    let (mut hit, mut all) = (0, 0);
    for turn in 0_usize..40 {
        for conversation in 0_usize..60 {
            let now = Duration::from_secs(1_000 + 100 * turn as u64);
            let said = format!("conversation {conversation:04} ").repeat(300 + 60 * turn);
            let prefix = Prefix::of([said]);
            let candidates: Vec<_> = (1..)
                .zip(&caches)
                .map(|(identity, warmth)| Candidate {
                    saving: warmth.saving(&prefix, cache, now),
                    ..candidate(identity)
                })
                .collect();
            let place = choose(&candidates, &prefix, turn * 60 + conversation);
            hit += caches[place].tokens(&prefix, cache, now);
            all += prefix.longest_first().next().map_or(0, |(_, tokens)| tokens);
            caches[place].answered(&prefix, now);
        }
    }
    hit as f64 / all as f64
}

#[test]
fn conversations_meet_a_warm_cache_far_more_often_than_in_turn() {
    // A conversation is with another target each time, and with the same again when its cache is cold.
    let in_turn = hit_rate(|candidates, _, request| (request + request / 60) % candidates.len());
    let by_affinity =
        hit_rate(|candidates, prefix, _| warmest(candidates, prefix.shortest().unwrap()).unwrap());
    assert!(by_affinity > 0.9, "{by_affinity}");
    assert!(in_turn < 0.1, "{in_turn} in turn, {by_affinity} by affinity");
}

prop_compose! {
    fn candidates()(drawn in prop::collection::vec((0_u32..4, 0_u32..30, 1_u64..2_000, 0_u64..3), 1..8)) -> Vec<Candidate> {
        let of = |(identity, (weight, pending, latency, saving)): (u64, (u32, u32, u64, u64))| Candidate {
            weight, load: load(pending, latency), saving: saving * 1024, identity: identity.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        (1..).zip(drawn).map(of).collect()
    }
}

proptest! {
    #[test]
    fn the_same_beginning_stays_and_a_target_that_goes_moves_only_its_own(beginning: u64, weights in prop::collection::vec(1_u32..9, 2..8), gone: prop::sample::Index) {
        let all: Vec<_> = (1..).zip(weights).map(|(identity, weight)| Candidate { weight, ..candidate(identity) }).collect();
        let chosen = warmest(&all, beginning).unwrap();
        prop_assert_eq!(warmest(&all, beginning), Some(chosen));
        let mut left = all.clone();
        let gone = left.remove(gone.index(all.len()));
        let kept = warmest(&left, beginning).unwrap();
        prop_assert!(gone.identity == all[chosen].identity || left[kept].identity == all[chosen].identity);
    }

    #[test]
    fn nobody_without_a_share_is_taken_and_nobody_with_much_more_than_a_share(beginning: u64, candidates in candidates()) {
        let eligible = candidates.iter().any(|one| one.weight > 0);
        let chosen = warmest(&candidates, beginning);
        prop_assert_eq!(chosen.is_some(), eligible);
        let Some(chosen) = chosen.map(|place| candidates[place]) else { return Ok(()) };
        prop_assert!(chosen.weight > 0);
        let of_weight = || candidates.iter().filter(|one| one.weight > 0);
        let calls = of_weight().map(|one| u64::from(one.load.pending)).sum::<u64>() + 1;
        let weights: u64 = of_weight().map(|one| u64::from(one.weight)).sum();
        let is_full = |one: &Candidate| {
            let share = (5 * calls * u64::from(one.weight)).div_ceil(4 * weights);
            u64::from(one.load.pending) >= share.max(CALLS_FREE)
        };
        // Unless all that have room dawdle, or all that are quick have none.
        let quickest = of_weight().map(|one| one.load.latency).min().unwrap();
        let is_strained = of_weight().all(|one| is_full(one) || one.load.latency > (3 * quickest).max(Duration::from_millis(500)));
        prop_assert!(!is_full(&chosen) || is_strained);
    }
}
