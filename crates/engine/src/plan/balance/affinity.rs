//! Where a prompt's beginning is warm, and what goes before that: a cache that is warm saves a part of a request, a target that is
//! overloaded delays the whole.
//!
//! Cold beginnings are spread by weighted rendezvous hashing, so that all of a kind meet at one target without anybody having to
//! remember it. No target takes much more than its share at a time (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded
//! Loads", 2016); what does not fit goes on to the next, where the beginning is warm from then on, too.

use std::cmp::Reverse;
use std::time::Duration;

use domain::RouteNode;

use crate::load::Load;
use crate::route::sticky::distance;

/// How many calls a target may have under way at any time, whatever its share.
const CALLS_FREE: u64 = 4;
/// How many times as slow as the fastest a target may be.
const SLOWNESS_MAX: u32 = 3;
/// What nobody minds to wait longer, however fast others are.
const SLOWNESS_FREE: Duration = Duration::from_millis(500);

/// A child of the node, with what speaks for it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Candidate {
    /// Its share; nothing where it may not be chosen.
    pub(in super::super) weight: u32,
    /// How busy and how fast it is.
    pub(in super::super) load: Load,
    /// How many tokens the request is likely to save there.
    pub(in super::super) saving: u64,
    /// What it is known by, whatever its place.
    pub(in super::super) identity: u64,
}

/// The place where most is saved, of those that are not overloaded; where nothing is, the one that `beginning` chooses.
pub(in super::super) fn warmest(candidates: &[Candidate], beginning: u64) -> Option<usize> {
    let bounds = Bounds::of(candidates);
    let eligible = || candidates.iter().enumerate().filter(|(_, one)| one.weight > 0);
    let fitting = eligible().filter(|(_, one)| bounds.admit(one));
    best(fitting, beginning).or_else(|| best(eligible(), beginning))
}

fn best<'c>(candidates: impl Iterator<Item = (usize, &'c Candidate)>, beginning: u64) -> Option<usize> {
    let ranked = candidates.map(|(place, one)| {
        let far = distance(beginning, one.identity, one.weight);
        (place, Reverse(one.saving), far)
    });
    let best = ranked.min_by(|one, other| one.1.cmp(&other.1).then(one.2.total_cmp(&other.2)));
    best.map(|(place, ..)| place)
}

/// What no candidate may exceed.
struct Bounds {
    calls: u64,
    weights: u64,
    fastest: Duration,
}

impl Bounds {
    fn of(candidates: &[Candidate]) -> Self {
        let eligible = || candidates.iter().filter(|one| one.weight > 0);
        let latencies = eligible().map(|one| one.load.latency).filter(|latency| !latency.is_zero());
        Self {
            calls: eligible().map(|one| u64::from(one.load.pending)).sum::<u64>() + 1,
            weights: eligible().map(|one| u64::from(one.weight)).sum(),
            fastest: latencies.min().unwrap_or_default(),
        }
    }

    /// Whether one more call is not much more than its share, a quarter on top, and it does not dawdle.
    fn admit(&self, one: &Candidate) -> bool {
        let share = (self.calls * u64::from(one.weight) * 5).div_ceil(self.weights.max(1) * 4);
        let is_free = u64::from(one.load.pending) < share.max(CALLS_FREE);
        is_free && one.load.latency <= self.fastest.saturating_mul(SLOWNESS_MAX).max(SLOWNESS_FREE)
    }
}

/// What nodes are known by among their siblings: whom they call.
pub(in super::super) fn identities<'n>(nodes: impl Iterator<Item = &'n RouteNode>) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    for node in nodes {
        let mut hasher = blake3::Hasher::new();
        node.for_each_target(&mut |target| {
            let model = target.model.as_ref().map_or("", |model| model.as_str());
            hasher.update(format!("{}/{model},", target.provider.name).as_bytes());
        });
        let hash = hasher.finalize();
        let mut identity = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        // One that calls the same is another one all the same.
        while found.contains(&identity) {
            identity = identity.wrapping_add(1);
        }
        found.push(identity);
    }
    found
}

#[cfg(test)]
mod tests;
