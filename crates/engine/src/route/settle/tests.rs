//! What is left of a route when the facts have decided.

use std::sync::Arc;

use domain::Route;
use domain::canary::Arm;
use domain::route::{Canary, RouteNode};
use serde_json::{Value, json};

use super::{NothingLeft, Permits, Trials, settled};
use crate::canary::arm_at;
use crate::route::compile::tests::compiled_by_operator;
use crate::route::condition::tests::Request;
use crate::{Outlook, Walk};

/// No chance, and at most one model that rests.
struct Calm(Option<&'static str>);

impl Outlook for Calm {
    fn random(&mut self) -> u64 {
        0
    }

    fn load(&mut self, target: &domain::Target) -> Option<crate::Load> {
        let rests = self.0.is_some() && target.model.as_ref().map(|model| model.as_str()) == self.0;
        (!rests).then(crate::Load::default)
    }
}

/// Trials that do not go on: the canary gets whoever stands below so many percent, and everybody else stands anywhere below all of them.
struct Share(u32);

/// No canary gets anything.
const NONE: Share = Share(0);

impl Trials for Share {
    fn arm(&self, _: &Canary, point: Option<u64>) -> Arm {
        arm_at(point.unwrap_or_default(), self.0)
    }
}

fn route(spec: &Value) -> Arc<Route> {
    Arc::new(Route { name: None, root: compiled_by_operator(spec) })
}

/// The models that a walk would call, one after another.
fn course(spec: &Value, request: &Value) -> Result<Vec<String>, NothingLeft> {
    permitted_course(spec, request, &|_| true)
}

/// The same, where only some targets are permitted.
fn permitted_course(spec: &Value, request: &Value, permits: Permits<'_>) -> Result<Vec<String>, NothingLeft> {
    course_at(spec, request, permits, &NONE)
}

/// The same, where canaries have a share.
fn course_at(
    spec: &Value,
    request: &Value,
    permits: Permits<'_>,
    share: &Share,
) -> Result<Vec<String>, NothingLeft> {
    let route = settled(&route(spec), &Request(request.clone()), Some(permits), share)?;
    let mut walk = Walk::start(route, &mut |_| true, &mut Calm(None));
    let mut called = Vec::new();
    let failure = domain::Failure {
        class: domain::FailureClass::Provider,
        status: Some(500),
        retry_after: None,
        detail: String::new(),
    };
    loop {
        called.push(walk.target().unwrap().model.as_ref().unwrap().as_str().to_owned());
        if walk.failed(&failure, false, &mut Calm(None)) == crate::Step::GiveUp {
            return Ok(called);
        }
    }
}

fn target(model: &str) -> Value {
    json!({"name": model, "provider": "openai", "model": model})
}

fn by_plan(default: Option<&str>) -> Value {
    json!({
        "name": "by-plan",
        "strategy": {
            "mode": "conditional",
            "conditions": [
                {"query": {"metadata.plan": "pro"}, "then": "large"},
                {"query": {"metadata.plan": {"$exists": true}}, "then": "small"},
            ],
            "default": default,
        },
        "targets": [target("small"), target("large")],
    })
}

#[test]
fn the_first_condition_that_holds_decides_and_its_siblings_are_never_called() {
    let course = |plan: &str| course(&by_plan(None), &json!({"metadata": {"plan": plan}})).unwrap();
    assert_eq!(course("pro"), ["large"]);
    assert_eq!(course("free"), ["small"]);
}

#[test]
fn where_none_holds_the_default_is_taken_or_nothing() {
    assert_eq!(course(&by_plan(Some("small")), &json!({})).unwrap(), ["small"]);
    assert_eq!(course(&by_plan(None), &json!({})), Err(NothingLeft::NoBranch));
}

#[test]
fn a_node_without_a_branch_is_left_out_of_what_is_above_it() {
    let fallback = |targets: Value| json!({"strategy": {"mode": "fallback"}, "targets": targets});
    let spec = fallback(json!([by_plan(None), target("spare")]));
    assert_eq!(course(&spec, &json!({})).unwrap(), ["spare"]);
    assert_eq!(course(&spec, &json!({"metadata": {"plan": "pro"}})).unwrap(), ["large", "spare"]);
    let balance = json!({"strategy": {"mode": "loadbalance"}, "targets": [by_plan(None), target("spare")]});
    assert_eq!(course(&balance, &json!({})).unwrap(), ["spare"]);
    assert_eq!(
        course(&fallback(json!([by_plan(None), by_plan(None)])), &json!({})),
        Err(NothingLeft::NoBranch)
    );
}

#[test]
fn branches_nest() {
    let spec = json!({
        "strategy": {
            "mode": "conditional",
            "conditions": [{"query": {"stream": true}, "then": "by-plan"}],
            "default": "whole",
        },
        "targets": [by_plan(Some("small")), target("whole")],
    });
    assert_eq!(course(&spec, &json!({"stream": true, "metadata": {"plan": "pro"}})).unwrap(), ["large"]);
    assert_eq!(course(&spec, &json!({"stream": false})).unwrap(), ["whole"]);
}

#[test]
fn a_sticky_node_takes_one_child_and_no_failure_moves_on() {
    let spec = json!({
        "strategy": {"mode": "fallback"},
        "targets": [
            {"strategy": {"mode": "loadbalance", "sticky": {"hash_fields": ["metadata.user"]}},
             "targets": [target("a"), target("b"), target("c")]},
            target("spare"),
        ],
    });
    let mut firsts = std::collections::BTreeSet::new();
    for user in 0..50 {
        let request = json!({"metadata": {"user": user}});
        let called = course(&spec, &request).unwrap();
        assert_eq!(called.len(), 2);
        assert_eq!(called[1], "spare");
        assert_eq!(course(&spec, &request).unwrap(), called);
        firsts.insert(called[0].clone());
    }
    assert_eq!(firsts.len(), 3);
    // Nothing names a user: the draw decides, here always the first.
    assert_eq!(course(&spec, &json!({})).unwrap(), ["a", "spare"]);
}

#[test]
fn a_sticky_child_that_rests_or_does_not_fit_gives_way_to_its_next_in_line_for_its_own_requests_only() {
    let spec = json!({
        "strategy": {"mode": "loadbalance", "sticky": {"hash_fields": ["metadata.user"]}},
        "targets": [target("a"), target("b"), target("c")],
    });
    let route = route(&spec);
    let first = |user: i32, unfit: Option<&str>, resting: Option<&'static str>| {
        let settled = settled(&route, &Request(json!({"metadata": {"user": user}})), None, &NONE).unwrap();
        let fits = &mut |target: &domain::Target| target.model.as_ref().map(|model| model.as_str()) != unfit;
        let walk = Walk::start(settled, fits, &mut Calm(resting));
        walk.target().unwrap().model.as_ref().unwrap().as_str().to_owned()
    };
    for user in 0..50 {
        let own = first(user, None, None);
        let without_b = first(user, Some("b"), None);
        assert_ne!(without_b, "b");
        assert_eq!(first(user, None, Some("b")), without_b);
        if own != "b" {
            assert_eq!(without_b, own);
        }
    }
}

#[test]
fn a_route_in_which_facts_decide_nothing_is_passed_on_as_it_is() {
    let route = route(&json!({"strategy": {"mode": "fallback"}, "targets": [target("a"), target("b")]}));
    assert!(Arc::ptr_eq(&settled(&route, &Request(json!({})), None, &NONE).unwrap(), &route));
    let permits_all = settled(&route, &Request(json!({})), Some(&|_| true), &NONE).unwrap();
    assert!(Arc::ptr_eq(&permits_all, &route));
}

#[test]
fn targets_are_shared_with_the_route_and_not_copied() {
    let route = route(&by_plan(None));
    let settled = settled(&route, &Request(json!({"metadata": {"plan": "pro"}})), None, &NONE).unwrap();
    let (RouteNode::Target(own), RouteNode::Conditional(branches)) = (&settled.root, &route.root) else {
        panic!("a target of a conditional node")
    };
    let RouteNode::Target(original) = &branches.children[1] else { panic!("a target") };
    assert!(Arc::ptr_eq(own, original));
}

/// Not to be sent to some of the models.
fn all_but(models: &[&str]) -> impl Fn(&domain::Target) -> bool {
    move |target| target.model.as_ref().is_none_or(|model| !models.contains(&model.as_str()))
}

#[test]
fn a_target_that_is_not_permitted_is_never_called_though_all_others_fail() {
    let nested = json!({
        "strategy": {"mode": "fallback"},
        "targets": [target("a"), {"strategy": {"mode": "loadbalance"}, "targets": [target("b"), target("c")]}, target("d")],
    });
    let request = json!({});
    assert_eq!(permitted_course(&nested, &request, &all_but(&["a", "b"])).unwrap(), ["c", "d"]);
    assert_eq!(permitted_course(&nested, &request, &all_but(&["b", "c", "d"])).unwrap(), ["a"]);
    let none = permitted_course(&nested, &request, &all_but(&["a", "b", "c", "d"]));
    assert_eq!(none, Err(NothingLeft::NotPermitted));
}

#[test]
fn a_branch_that_is_not_permitted_gives_way_to_no_other() {
    let request = json!({"metadata": {"plan": "pro"}});
    let chosen = course(&by_plan(None), &request).unwrap();
    let [chosen] = chosen.as_slice() else { panic!("{chosen:?}") };
    let refused = permitted_course(&by_plan(None), &request, &all_but(&[chosen]));
    assert_eq!(refused, Err(NothingLeft::NotPermitted));
}

#[test]
fn who_sticks_to_a_permitted_target_stays_there_when_another_is_not_permitted() {
    let spec = json!({
        "strategy": {"mode": "loadbalance", "sticky": {"hash_fields": ["metadata.user"]}},
        "targets": [target("a"), target("b"), target("c")],
    });
    for user in 0..50 {
        let request = json!({"metadata": {"user": user}});
        let own = course(&spec, &request).unwrap().remove(0);
        let without_b = permitted_course(&spec, &request, &all_but(&["b"])).unwrap().remove(0);
        assert_eq!(own == without_b, own != "b");
        assert_ne!(without_b, "b");
    }
}

fn canary(strategy: &Value) -> Value {
    let mut all = json!({"mode": "canary", "guards": {"errors": "2%"}});
    all.as_object_mut().unwrap().extend(strategy.as_object().unwrap().clone());
    json!({"strategy": all, "targets": [target("today"), target("new")]})
}

#[test]
fn a_canary_has_what_serves_today_behind_it_and_the_others_never_see_it() {
    let at = |share| course_at(&canary(&json!({})), &json!({}), &|_| true, &Share(share)).unwrap();
    assert_eq!((at(0), at(1)), (vec!["today".to_owned()], vec!["new".to_owned(), "today".to_owned()]));
}

#[test]
fn who_is_in_a_canary_by_its_facts_is_in_it_at_every_larger_share() {
    let spec = canary(&json!({"sticky": {"hash_fields": ["metadata.user"]}}));
    let is_in = |user: i32, share| {
        let course = course_at(&spec, &json!({"metadata": {"user": user}}), &|_| true, &Share(share));
        course.unwrap().len() == 2
    };
    let shares: Vec<i32> =
        [5, 25, 60, 100].map(|share| (0..400).filter(|user| is_in(*user, share)).count() as i32).into();
    for (share, expected) in shares.iter().zip([20, 100, 240, 400]) {
        assert!((share - expected).abs() <= 30, "{shares:?}");
    }
    for user in 0..400 {
        let arms = [0, 5, 25, 60, 100].map(|share| is_in(user, share));
        assert!(arms.is_sorted(), "{user}: {arms:?}");
    }
}

#[test]
fn another_canary_puts_others_first() {
    let is_in = |hold: &str, user: i32| {
        let spec = canary(&json!({"hold": hold, "sticky": {"hash_fields": ["metadata.user"]}}));
        course_at(&spec, &json!({"metadata": {"user": user}}), &|_| true, &Share(50)).unwrap().len() == 2
    };
    let same = (0..200).filter(|user| is_in("1m", *user) == is_in("2m", *user)).count();
    assert!((70..130).contains(&same), "{same} of 200");
}

#[test]
fn a_canary_that_is_not_permitted_is_left_out_and_a_lone_one_serves_whatever_its_share() {
    let spec = canary(&json!({}));
    let at = |without: &str, share| course_at(&spec, &json!({}), &all_but(&[without]), &Share(share));
    assert_eq!(at("new", 100).unwrap(), ["today"]);
    assert_eq!(at("today", 0).unwrap(), ["new"]);
    let none = course_at(&spec, &json!({}), &all_but(&["today", "new"]), &Share(50));
    assert_eq!(none, Err(NothingLeft::NotPermitted));
}

/// Support, code and the rest.
fn by_text(default: Option<&str>) -> Value {
    let mut targets = vec![target("code"), target("support")];
    targets.extend(default.map(target));
    json!({
        "strategy": {
            "mode": "classifier",
            "classes": [
                {"then": "code", "keywords": ["stack trace"], "patterns": ["```"], "examples": ["Why does this function not compile?"]},
                {"then": "support", "keywords": ["invoice"], "examples": ["Where is the parcel that I ordered?"]},
            ],
            "default": default,
        },
        "targets": targets,
    })
}

#[test]
fn a_classifier_goes_by_words_first_and_by_likeness_then() {
    for (text, model) in [
        ("Invoice for a function that does not compile", "support"),
        ("An invoice and a Stack Trace", "code"),
        ("the functions do not compile", "code"),
        ("my parcels, where are they?", "support"),
        ("Tell me a joke", "rest"),
        ("", "rest"),
    ] {
        let course = course(&by_text(Some("rest")), &json!({"last_message": text}));
        assert_eq!(course, Ok(vec![model.to_owned()]), "{text}");
    }
    assert_eq!(course(&by_text(Some("rest")), &json!({})), Ok(vec!["rest".to_owned()]));
    assert_eq!(
        course(&by_text(None), &json!({"last_message": "Tell me a joke"})),
        Err(NothingLeft::NoBranch)
    );
}

#[test]
fn a_classifier_reads_what_it_is_told_to_read() {
    let mut whole = by_text(Some("rest"));
    whole["strategy"]["reads"] = json!("prompt");
    let request = json!({"last_message": "an invoice", "prompt": "a stack trace\nan invoice"});
    assert_eq!(course(&whole, &request), Ok(vec!["code".to_owned()]));
    assert_eq!(course(&by_text(Some("rest")), &request), Ok(vec!["support".to_owned()]));
}
