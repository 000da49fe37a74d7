//! Laws of the walk.

use std::sync::Arc;
use std::time::Duration;

use domain::provider::{BaseUrl, HttpVersion, Offer, Provider, RateLimitHeaders, StreamUsage};
use domain::race::{Allowance, Patience, Race};
use domain::route::{Balance, ParameterRules, RetryPolicy, Route, RouteNode, Target};
use domain::{Failure, FailureClass, Timeouts};
use proptest::prelude::*;

use super::{Outlook, Step, Walk};
use crate::load::Load;

fn provider() -> Arc<Provider> {
    Arc::new(Provider {
        name: "p".into(),
        base: BaseUrl::parse("http://127.0.0.1").unwrap(),
        auth: domain::provider::AuthScheme::None,
        offer: Offer::default(),
        variants: vec![],
        default_headers: vec![],
        forward_headers: vec![],
        error_rules: vec![],
        rate_limit_headers: RateLimitHeaders::default(),
        quotas: vec![],
        models: vec![],
        credentials: Arc::from([]),
        http_version: HttpVersion::Http1,
        region: None,
        stream_usage: StreamUsage::OnRequest,
        chat: domain::provider::ChatHabits::default(),
        prefills: Vec::new(),
        prompt_cache: domain::provider::PromptCache::default(),
    })
}

fn target(name: &str) -> RouteNode {
    retrying(name, 0)
}

fn retrying(name: &str, attempts: u32) -> RouteNode {
    RouteNode::Target(Arc::new(Target {
        path: name.to_owned(),
        provider: provider(),
        model: None,
        credentials: Arc::from([]),
        custom_host: None,
        retry: RetryPolicy { attempts, ..RetryPolicy::default() },
        timeouts: Timeouts::default(),
        parameters: ParameterRules::default(),
        forward_headers: vec![],
        strict: false,
        resume: false,
        region: None,
    }))
}

fn fallback(codes: Option<&[u16]>, children: Vec<RouteNode>) -> RouteNode {
    RouteNode::Fallback { on_status_codes: codes.map(|codes| codes.iter().copied().collect()), children }
}

fn race(children: Vec<RouteNode>) -> RouteNode {
    let allowance = Arc::new(Allowance::default());
    RouteNode::Race { race: Race { after: Patience::P95, share_percent_max: 10, allowance }, children }
}

/// A world in which nothing rests.
struct Calm;

impl Outlook for Calm {
    fn random(&mut self) -> u64 {
        0
    }

    fn load(&mut self, _: &Target) -> Option<Load> {
        Some(Load::default())
    }
}

/// A world in which some targets rest.
struct World<'w> {
    random: u64,
    resting: &'w [&'w str],
}

impl Outlook for World<'_> {
    fn random(&mut self) -> u64 {
        self.random
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        (!self.resting.contains(&target.path.as_str())).then(Load::default)
    }
}

fn start(root: RouteNode) -> Walk {
    Walk::start(Arc::new(Route { name: None, root }), &mut |_| true, &mut Calm)
}

fn fault(status: u16) -> Failure {
    Failure { class: FailureClass::Provider, status: Some(status), retry_after: None, detail: String::new() }
}

/// The targets called when each call fails with the next status, and how it ends.
fn course(root: RouteNode, statuses: &[u16]) -> Vec<String> {
    let mut walk = start(root);
    let mut called = vec![walk.target().unwrap().path.clone()];
    for status in statuses {
        match walk.failed(&fault(*status), false, &mut Calm) {
            Step::GiveUp => {
                called.push("end".to_owned());
                break;
            }
            _ => called.push(walk.target().unwrap().path.clone()),
        }
    }
    called
}

#[test]
fn a_fallback_takes_its_children_in_order_and_then_gives_up() {
    let root = fallback(None, vec![target("a"), target("b"), target("c")]);
    assert_eq!(course(root, &[500, 400, 503, 500]), ["a", "b", "c", "end"]);
}

#[test]
fn a_fallback_with_codes_moves_on_for_those_only() {
    let root = || fallback(Some(&[429]), vec![target("a"), target("b")]);
    assert_eq!(course(root(), &[429, 500]), ["a", "b", "end"]);
    assert_eq!(course(root(), &[500]), ["a", "end"]);
}

#[test]
fn an_inner_failure_that_its_fallback_does_not_take_goes_to_the_outer_one() {
    let inner = fallback(Some(&[429]), vec![target("a"), target("b")]);
    assert_eq!(course(fallback(None, vec![inner, target("c")]), &[500, 500]), ["a", "c", "end"]);
}

#[test]
fn a_race_goes_on_as_a_fallback_does() {
    assert_eq!(course(race(vec![target("a"), target("b")]), &[400, 500]), ["a", "b", "end"]);
}

#[test]
fn a_call_is_joined_by_the_next_target_that_does_not_rest_and_the_walk_goes_on_behind_it() {
    let inner = RouteNode::LoadBalance { by: Balance::Weight, children: vec![(1, race_of(["b", "c", "d"]))] };
    let mut walk = start(fallback(None, vec![target("a"), inner, target("e")]));
    assert!(walk.race().is_none() && walk.joined(&mut Calm).is_none(), "nobody races");
    walk.failed(&fault(500), false, &mut Calm);
    assert!(walk.race().is_some());
    let mut world = World { random: 0, resting: &["c"] };
    let mut joined = walk.joined(&mut world).unwrap();
    assert_eq!((&*walk.target().unwrap().path, &*joined.target().unwrap().path), ("b", "d"));
    assert!(joined.race().is_none(), "the last of a race");
    assert!(walk.joined(&mut World { random: 0, resting: &["c", "d"] }).is_none());
    assert_eq!(joined.failed(&fault(500), false, &mut world), Step::NextTarget);
    assert_eq!(joined.target().unwrap().path, "e");
}

#[test]
fn what_does_not_fit_joins_nobody() {
    let root = race_of(["a", "b", "c"]);
    let route = Arc::new(Route { name: None, root });
    let walk = Walk::start(route, &mut |target| target.path != "b", &mut Calm);
    assert_eq!(walk.joined(&mut Calm).unwrap().target().unwrap().path, "c");
}

fn race_of<const COUNT: usize>(names: [&str; COUNT]) -> RouteNode {
    race(names.into_iter().map(target).collect())
}

#[test]
fn a_load_balancer_never_tries_a_sibling_but_its_parent_may_move_on() {
    let balance =
        RouteNode::LoadBalance { by: Balance::Weight, children: vec![(1, target("a")), (1, target("b"))] };
    assert_eq!(course(fallback(None, vec![balance, target("c")]), &[500, 500]), ["a", "c", "end"]);
}

#[test]
fn retries_come_before_the_next_target_and_start_anew_there() {
    let root = fallback(None, vec![retrying("a", 2), retrying("b", 1)]);
    assert_eq!(course(root, &[500, 500, 500, 500, 500]), ["a", "a", "a", "b", "b", "end"]);
    assert_eq!(course(retrying("a", 2), &[400]), ["a", "end"]);
}

#[test]
fn another_credential_is_tried_at_once_when_the_credential_was_at_fault() {
    let mut walk = start(target("a"));
    let refused = Failure {
        class: FailureClass::Credential,
        status: Some(401),
        retry_after: None,
        detail: String::new(),
    };
    assert_eq!(walk.failed(&refused, true, &mut Calm), Step::OtherCredential);
    assert_eq!(walk.failed(&refused, false, &mut Calm), Step::GiveUp);
    assert_eq!(start(target("a")).failed(&fault(500), true, &mut Calm), Step::GiveUp);
}

#[test]
fn a_wish_beyond_the_longest_wait_ends_the_retries() {
    let mut walk = start(retrying("a", 3));
    let limited = |seconds| Failure {
        class: FailureClass::RateLimited,
        status: Some(429),
        retry_after: Some(Duration::from_secs(seconds)),
        detail: String::new(),
    };
    assert_eq!(walk.failed(&limited(2), false, &mut Calm), Step::Retry(Duration::from_secs(2)));
    assert_eq!(walk.failed(&limited(3600), false, &mut Calm), Step::GiveUp);
}

/// The first target called when only those named fit, at each of these points of the load balancers.
fn first_of(root: RouteNode, fitting: &[&str], random: u64) -> String {
    let fits = &mut |target: &Target| fitting.contains(&target.path.as_str());
    let walk = Walk::start(Arc::new(Route { name: None, root }), fits, &mut World { random, resting: &[] });
    walk.target().unwrap().path.clone()
}

#[test]
fn what_does_not_fit_is_passed_over_in_every_kind_of_node() {
    let balanced = |weights: [u32; 3]| RouteNode::LoadBalance {
        by: Balance::Weight,
        children: weights
            .into_iter()
            .zip(["a", "b", "c"])
            .map(|(weight, name)| (weight, target(name)))
            .collect(),
    };
    for random in [0, u64::MAX / 2, u64::MAX] {
        assert_eq!(first_of(balanced([8, 1, 1]), &["b"], random), "b");
        assert_eq!(first_of(balanced([1, 0, 0]), &["c"], random), "c");
        let nested = fallback(None, vec![balanced([1, 1, 1]), target("d")]);
        assert_eq!(first_of(nested, &["d"], random), "d");
    }
}

#[test]
fn a_fallback_passes_over_what_does_not_fit_on_every_step() {
    let root = fallback(None, ["a", "b", "c", "d"].map(target).into());
    let fits = &mut |target: &Target| matches!(target.path.as_str(), "b" | "d");
    let mut walk = Walk::start(Arc::new(Route { name: None, root }), fits, &mut Calm);
    assert_eq!(walk.target().unwrap().path, "b");
    assert_eq!(walk.failed(&fault(500), false, &mut Calm), Step::NextTarget);
    assert_eq!(walk.target().unwrap().path, "d");
    assert_eq!(walk.failed(&fault(500), false, &mut Calm), Step::GiveUp);
}

#[test]
fn where_nothing_fits_all_are_tried() {
    let root = || fallback(None, vec![target("a"), target("b")]);
    assert_eq!(first_of(root(), &[], 0), "a");
    assert_eq!(first_of(target("a"), &[], 0), "a");
}

/// The targets called when each call fails with 500, while some rest.
fn course_around(root: RouteNode, resting: &[&str]) -> Vec<String> {
    let mut world = World { random: 0, resting };
    let mut walk = Walk::start(Arc::new(Route { name: None, root }), &mut |_| true, &mut world);
    let mut called = vec![walk.target().unwrap().path.clone()];
    while walk.failed(&fault(500), false, &mut world) != Step::GiveUp {
        called.push(walk.target().unwrap().path.clone());
    }
    called
}

#[test]
fn what_rests_is_passed_over_while_another_does_not() {
    let root = || fallback(None, ["a", "b", "c", "d"].map(target).into());
    assert_eq!(course_around(root(), &["a", "c"]), ["b", "d"]);
    assert_eq!(course_around(root(), &["b", "c", "d"]), ["a", "b", "c", "d"]);
}

#[test]
fn where_all_rest_they_are_tried_in_order() {
    let inner = fallback(None, vec![target("b"), target("c")]);
    let root = fallback(None, vec![target("a"), inner]);
    assert_eq!(course_around(root, &["a", "b", "c"]), ["a", "b", "c"]);
    assert_eq!(course_around(target("a"), &["a"]), ["a"]);
}

#[test]
fn a_target_that_rests_is_not_tried_again_while_another_does_not() {
    let root = || fallback(None, vec![retrying("a", 2), retrying("b", 1)]);
    assert_eq!(course_around(root(), &["b"]), ["a", "a", "a", "b", "b"]);
    let mut walk = start(root());
    let mut tired = World { random: 0, resting: &["a"] };
    assert_eq!(walk.failed(&fault(500), false, &mut tired), Step::NextTarget);
    assert_eq!(walk.target().unwrap().path, "b");
}

proptest! {
    /// Under load balancing, no target that rests is called while another does not, nor ever one without weight.
    #[test]
    fn a_load_balancer_prefers_what_does_not_rest(
        weights in prop::collection::vec(0_u32..100, 2..6), resting in 0_u8..64, random: u64,
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let names: Vec<String> = (0..weights.len()).map(|place| place.to_string()).collect();
        let names_of_resting: Vec<&str> =
            names.iter().enumerate().filter(|(place, _)| resting >> place & 1 == 1).map(|(_, name)| name.as_str()).collect();
        let children = weights.iter().zip(&names).map(|(weight, name)| (*weight, target(name))).collect();
        let route = Arc::new(Route { name: None, root: RouteNode::LoadBalance { by: Balance::Weight, children } });
        let walk = Walk::start(route, &mut |_| true, &mut World { random, resting: &names_of_resting });
        let taken: usize = walk.target().unwrap().path.parse().unwrap();
        let is_awake = |place: usize| weights[place] > 0 && resting >> place & 1 == 0;
        let some_awake = (0..weights.len()).any(is_awake);
        prop_assert!(weights[taken] > 0 && (is_awake(taken) || !some_awake), "{} of {:?}", taken, weights);
    }

    #[test]
    fn weights_are_shares(weights in prop::collection::vec(0_u32..100, 1..6), random: u64) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let taken = super::balance::by_weight(&weights, random).unwrap();
        prop_assert!(weights[taken] > 0);
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let before: u64 = weights[..taken].iter().map(|weight| u64::from(*weight)).sum();
        let share = random as f64 / u64::MAX as f64 * total as f64;
        prop_assert!(share >= before as f64 - 1e-6 && share <= (before + u64::from(weights[taken])) as f64 + 1e-6);
    }

    #[test]
    fn a_walk_always_ends(depth in 0_u32..3, width in 1_usize..4, attempts in 0_u32..3, status in 400_u16..600) {
        fn tree(depth: u32, width: usize, attempts: u32) -> RouteNode {
            if depth == 0 { return retrying("t", attempts) }
            fallback(None, (0..width).map(|_| tree(depth - 1, width, attempts)).collect())
        }
        let leaves = width.pow(depth);
        let statuses = vec![status; leaves * (attempts as usize + 1)];
        let called = course(tree(depth, width, attempts), &statuses);
        prop_assert_eq!(called.last().map(String::as_str), Some("end"));
    }
}
