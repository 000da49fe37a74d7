//! How a load balancer chooses among children by their weights; what may not be chosen has none.

mod affinity;

use smallvec::SmallVec;

use crate::load::Load;
use domain::Money;

pub(super) use affinity::{Candidate, identities, warmest};

/// The weights of the children, in their order.
type Weights = SmallVec<[u32; 8]>;

/// These weights, unless there is none above zero.
pub(super) fn some_weight(weights: impl Iterator<Item = u32>) -> Option<Weights> {
    Some(weights.collect::<Weights>()).filter(|weights| weights.iter().any(|weight| *weight > 0))
}

/// The place in whose share of the weights `random` falls; none when they sum to zero.
pub(super) fn by_weight(weights: &[u32], random: u64) -> Option<usize> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let point = u64::try_from((u128::from(total) * u128::from(random)) >> 64).ok()?;
    place_at(point, weights.iter().copied())
}

/// The place whose turn it is: each has as many turns in a row as its weight says, common divisors taken out.
pub(super) fn in_turn(weights: &[u32], turn: u64) -> Option<usize> {
    let divisor = weights.iter().copied().fold(0, greatest_common_divisor).max(1);
    let total: u64 = weights.iter().map(|weight| u64::from(weight / divisor)).sum();
    place_at(turn.checked_rem(total)?, weights.iter().map(|weight| weight / divisor))
}

/// The place in whose share a point falls, where the shares lie one after another.
fn place_at(mut point: u64, mut shares: impl Iterator<Item = u32>) -> Option<usize> {
    shares.position(|share| match point.checked_sub(u64::from(share)) {
        Some(rest) => {
            point = rest;
            false
        }
        None => true,
    })
}

/// The place with the fewest calls under way for its weight; one of them by weight where several have as few.
pub(super) fn least_busy(weights: &[u32], loads: &[Load], random: u64) -> Option<usize> {
    let busy = |place: usize| loads.get(place).map_or(0, |load| u64::from(load.pending) + 1);
    // a / v < b / w, without division.
    let is_busier = |(a, v): (u64, u32), (b, w): (u64, u32)| a * u64::from(w) > b * u64::from(v);
    let all = || weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
    let least = all()
        .map(|(place, weight)| (busy(place), *weight))
        .reduce(|least, next| if is_busier(least, next) { next } else { least })?;
    let mut as_few = Weights::from_slice(weights);
    for (place, weight) in as_few.iter_mut().enumerate() {
        if *weight > 0 && is_busier((busy(place), *weight), least) {
            *weight = 0;
        }
    }
    by_weight(&as_few, random)
}

/// The place with most of its quota left; one of them by weight where several have as much.
pub(super) fn least_used(weights: &[u32], loads: &[Load], random: u64) -> Option<usize> {
    let used = |place: usize| loads.get(place).map_or(0, |load| load.used);
    let places = || weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
    let least = places().map(|(place, _)| used(place)).min()?;
    let mut as_much = Weights::from_slice(weights);
    for (_, weight) in as_much.iter_mut().enumerate().filter(|(place, _)| used(*place) > least) {
        *weight = 0;
    }
    by_weight(&as_much, random)
}

/// Of two places drawn by weight, the one whose next call would wait for less: nearly as good as to know the best of all, and
/// it does not send everything to the one that was best a moment ago.
pub(super) fn faster_of_two(weights: &[u32], loads: &[Load], random: [u64; 2]) -> Option<usize> {
    let [first_random, second_random] = random;
    let first = by_weight(weights, first_random)?;
    let mut others = Weights::from_slice(weights);
    if let Some(weight) = others.get_mut(first) {
        *weight = 0;
    }
    let Some(second) = by_weight(&others, second_random) else { return Some(first) };
    let wait = |place: usize| loads.get(place).map(Load::wait).unwrap_or_default();
    Some(if wait(second) < wait(first) { second } else { first })
}

/// The place that costs least, of those whose cost is known; one of them by weight where several cost as little.
pub(super) fn cheapest(weights: &[u32], costs: &[Option<Money>], random: u64) -> Option<usize> {
    let cost = |place: usize| costs.get(place).copied().flatten();
    let places = weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
    let least = places.filter_map(|(place, _)| cost(place)).min();
    let of_least = |(place, weight): (usize, &u32)| if cost(place) == least { *weight } else { 0 };
    let as_cheap: Weights = weights.iter().enumerate().map(of_least).collect();
    by_weight(&as_cheap, random)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests;
