//! Laws of stickiness.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::condition::Fact;
use domain::route::{RouteNode, Stickiness, StickyChild};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{FactValue, Facts, identity, ranked};

/// A request with a model, at some second.
struct Request {
    model: Option<String>,
    at: i64,
}

impl Facts for Request {
    fn any(&self, fact: &Fact, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        matches!(fact, Fact::Model)
            && self.model.as_deref().is_some_and(|model| passes(FactValue::Text(model)))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.at)
    }
}

fn node(children: &[(&str, u32)], ttl: Option<u64>) -> Stickiness {
    let child = |(name, weight): &(&str, u32)| StickyChild {
        weight: *weight,
        identity: identity(name),
        node: RouteNode::Fallback { on_status_codes: None, children: Vec::new() },
    };
    Stickiness {
        facts: vec![Fact::Key, Fact::Model],
        ttl: ttl.map(Duration::from_secs),
        children: children.iter().map(child).collect(),
    }
}

/// The identities of the children in the order that a value gives them.
fn order(node: &Stickiness, value: &str, at: i64) -> Vec<u64> {
    let request = Request { model: Some(value.to_owned()), at };
    ranked(node, &request).unwrap().iter().map(|child| child.identity).collect()
}

fn first(node: &Stickiness, value: &str, at: i64) -> u64 {
    order(node, value, at)[0]
}

#[test]
fn shares_follow_the_weights() {
    const VALUES: u32 = 20_000;
    let weights = [("a", 5), ("b", 3), ("c", 2), ("d", 0)];
    for ttl in [None, Some(60)] {
        let node = node(&weights, ttl);
        let mut counts = BTreeMap::<u64, u32>::new();
        for value in 0..VALUES {
            *counts.entry(first(&node, &format!("user-{value}"), 1_000_000)).or_default() += 1;
        }
        assert_eq!(counts.get(&identity("d")), None, "a weight of 0 is no share");
        let deviation = |(name, weight): &(&str, u32)| {
            let expected = f64::from(VALUES) * f64::from(*weight) / 10.0;
            let found = f64::from(counts[&identity(name)]);
            (found - expected).powi(2) / expected
        };
        let chi_square: f64 = weights.iter().take(3).map(deviation).sum();
        // The 99.9 % point for two degrees of freedom; the values are fixed, so this holds always or never.
        assert!(chi_square < 13.82, "{chi_square}: {counts:?}");
    }
}

#[test]
fn a_request_without_any_of_the_facts_has_no_place() {
    assert!(ranked(&node(&[("a", 1), ("b", 1)], None), &Request { model: None, at: 0 }).is_none());
}

#[test]
fn with_a_time_to_live_the_choice_is_kept_for_that_long_and_made_anew_after() {
    let children = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, 1));
    let node = node(&children, Some(300));
    let changes = |value: &str| {
        let choices: Vec<u64> = (0..3000).map(|second| first(&node, value, second)).collect();
        let changed: Vec<usize> = choices
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0] != pair[1])
            .map(|(at, _)| at + 1)
            .collect();
        changed
    };
    let mut beginnings = BTreeMap::<usize, usize>::new();
    for user in 0..50 {
        let changed = changes(&format!("user-{user}"));
        assert!(changed.len() >= 3 && changed.len() <= 10, "{changed:?}");
        assert!(changed.windows(2).all(|pair| (pair[1] - pair[0]) % 300 == 0), "{changed:?}");
        *beginnings.entry(changed[0] % 300).or_default() += 1;
    }
    assert!(beginnings.len() > 30, "not all move in one moment: {beginnings:?}");
}

proptest! {
    #[test]
    fn only_the_share_of_a_child_that_goes_moves(
        weights in prop::collection::vec(1_u32..100, 2..8),
        gone in any::<prop::sample::Index>(),
        value in ".{0,12}",
    ) {
        let names: Vec<String> = (0..weights.len()).map(|place| format!("child-{place}")).collect();
        let mut children: Vec<(&str, u32)> =
            names.iter().map(String::as_str).zip(weights.iter().copied()).collect();
        let before = order(&node(&children, None), &value, 0);
        let (name, _) = children.remove(gone.index(weights.len()));
        let after = order(&node(&children, None), &value, 0);
        let rest: Vec<u64> = before.into_iter().filter(|child| *child != identity(name)).collect();
        prop_assert_eq!(after, rest);
    }

    #[test]
    fn the_place_among_siblings_is_of_no_matter(value in ".{0,12}", weights in prop::collection::vec(0_u32..9, 4)) {
        let names = ["a", "b", "c", "d"];
        let mut children: Vec<_> = names.into_iter().zip(weights.iter().map(|weight| weight + 1)).collect();
        let forth = order(&node(&children, None), &value, 0);
        children.reverse();
        prop_assert_eq!(order(&node(&children, None), &value, 0), forth);
    }
}
