//! Which child of a sticky node a request belongs to: weighted rendezvous hashing, which needs no memory.
//!
//! Every child draws a number from the request's facts and its own identity, and the children stand in the order of those
//! numbers, stretched by their weights (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005). So the
//! same facts give the same order at every replica, and when a child goes, only its own requests move.

use std::time::Duration;

use domain::condition::Fact;
use domain::route::{Canary, Stickiness, StickyChild};

use super::condition::{FactValue, Facts, any_value};

/// What a text is known by among its siblings.
pub(super) fn identity(text: &str) -> u64 {
    first_bits(&blake3::hash(text.as_bytes()))
}

/// The children with a share, in the order that `facts` choose, first choice first; `None` where none of the node's facts is
/// there.
pub(super) fn ranked<'n>(node: &'n Stickiness, facts: &dyn Facts) -> Option<Vec<&'n StickyChild>> {
    let seed = seed(&node.facts, node.ttl, facts)?;
    let with_share = node.children.iter().filter(|child| child.weight > 0);
    let mut children: Vec<_> =
        with_share.map(|child| (distance(seed, child.identity, child.weight), child)).collect();
    children.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Some(children.into_iter().map(|(_, child)| child).collect())
}

/// Exponentially distributed with a child's weight as its rate: the least of several is of each child as often as its
/// weight says.
pub(crate) fn distance(seed: u64, identity: u64, weight: u32) -> f64 {
    let draw = mixed(seed ^ identity);
    // 53 bits, which a float holds exactly, and a half, so that it is neither 0 nor 1.
    let share = ((draw >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -share.ln() / f64::from(weight)
}

/// Where the values of some facts stand among all points of a canary; `None` where none of them is there. Each canary has them in an order of its own, so
/// that not the same are always the first.
pub(super) fn point(canary: &Canary, facts: &dyn Facts) -> Option<u64> {
    seed(&canary.facts, canary.ttl, facts).map(|seed| mixed(seed ^ canary.plan.identity))
}

fn seed(asked: &[Fact], ttl: Option<Duration>, facts: &dyn Facts) -> Option<u64> {
    let mut hasher = blake3::Hasher::new();
    let mut some = false;
    for fact in asked {
        some |= add(&mut hasher, fact, facts);
        hasher.update(b";");
    }
    let seed = some.then(|| first_bits(&hasher.finalize()))?;
    let Some(ttl) = ttl.map(|ttl| ttl.as_millis().max(1)) else { return Some(seed) };
    // Each value has its own beginning of the period, so that not all of them move in the same moment.
    let now = u128::try_from(facts.now().as_millisecond()).unwrap_or(0) + u128::from(seed) % ttl;
    let period = u64::try_from(now / ttl).unwrap_or(u64::MAX);
    Some(mixed(seed ^ mixed(period)))
}

/// Adds every value of a fact with its kind and length, so that no two lists of values look alike.
fn add(hasher: &mut blake3::Hasher, fact: &Fact, facts: &dyn Facts) -> bool {
    let mut some = false;
    any_value(fact, facts, &mut |value| {
        let (kind, text) = match value {
            FactValue::Text(text) => ('t', text.to_owned()),
            FactValue::Number(number) => ('n', number.to_string()),
            FactValue::Flag(flag) => ('f', flag.to_string()),
            FactValue::Opaque => return false,
        };
        some = true;
        hasher.update(format!("{kind}{}:{text}", text.len()).as_bytes());
        false
    });
    some
}

fn first_bits(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Spreads every bit over all others (the finalizer of SplitMix64, Steele, Lea and Flood 2014).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests;
