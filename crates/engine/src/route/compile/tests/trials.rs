//! Mirrors and canaries: how one tries a target on some of the requests.

use std::time::Duration;

use domain::Money;
use domain::mirror::MirrorPolicy;
use domain::route::RouteNode;
use serde_json::json;

use super::{CLIENT, Origin, compiled, compiled_by_operator, problems, targets};

#[test]
fn a_mirror_answers_by_its_first_target_and_copies_to_the_others() {
    let mirror = |strategy: serde_json::Value, targets: serde_json::Value, origin| {
        let mut strategy = strategy;
        strategy["mode"] = json!("mirror");
        compiled(&json!({"strategy": strategy, "targets": targets}), origin)
    };
    let (a, b) = (json!({"target": "openai/a"}), json!({"target": "openai/b"}));
    let both = json!([a, b]);
    let said = json!({"share": "5%", "in_flight_max": 3, "usd_per_day_max": "5.00"});
    let root = mirror(said, both.clone(), Origin::Operator).unwrap();
    let RouteNode::Mirror { mirror: node, copies, .. } = &root else { panic!("a mirror") };
    let policy =
        MirrorPolicy { share_percent: 5, in_flight_max: 3, usd_per_day_max: Some(Money::from_usd(5)) };
    assert_eq!((node.path.as_str(), node.policy), ("", policy));
    assert_eq!(copies.iter().map(|copy| copy.path.as_str()).collect::<Vec<_>>(), ["targets[1]"]);
    assert_eq!(targets(&root).len(), 1, "a copy answers nobody");
    for (strategy, targets, origin, path) in [
        (json!({}), json!([a]), Origin::Operator, "targets"),
        (json!({}), both.clone(), CLIENT, "strategy.mode"),
        (json!({}), json!([a, {"targets": [b]}]), Origin::Operator, "targets[1].targets"),
        (json!({"in_flight_max": 0}), both.clone(), Origin::Operator, "strategy.in_flight_max"),
        (json!({"usd_per_day_max": 0}), both.clone(), Origin::Operator, "strategy.usd_per_day_max"),
    ] {
        assert_eq!(mirror(strategy, targets, origin).unwrap_err()[0].path, path);
    }
    let misplaced = json!({"strategy": {"mode": "fallback", "share": "5%"}, "targets": both});
    assert_eq!(compiled(&misplaced, Origin::Operator).unwrap_err()[0].path, "strategy.share");
}

fn canary(strategy: &serde_json::Value) -> serde_json::Value {
    let mut all = json!({"mode": "canary", "guards": {"errors": "2%"}});
    all.as_object_mut().unwrap().extend(strategy.as_object().unwrap().clone());
    json!({"strategy": all, "targets": [{"target": "openai/a"}, {"target": "openai/b"}]})
}

fn plan(strategy: &serde_json::Value) -> domain::canary::CanaryPlan {
    match compiled_by_operator(&canary(strategy)) {
        RouteNode::Canary(canary) => canary.plan.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_canary_says_how_it_grows_or_takes_what_is_usual() {
    let usual = plan(&json!({}));
    assert_eq!(usual.steps, [1, 5, 25, 50, 100]);
    assert_eq!((usual.hold, usual.requests_min, usual.alpha_percent), (Duration::from_secs(600), 100, 5));
    let written = plan(&json!({
        "steps": ["10%", "20%"], "hold": "1h", "minimum_requests": 7, "alpha": "1%",
        "guards": {"cost": "10%", "errors": "1%", "first_token": "100%"},
    }));
    assert_eq!((written.steps, written.hold), (vec![10, 20], Duration::from_secs(3600)));
    assert_eq!((written.requests_min, written.alpha_percent), (7, 1));
    let guards: Vec<_> =
        written.guards.iter().map(|guard| (guard.metric.name(), guard.worse_by_percent)).collect();
    assert_eq!(guards, [("errors", 1), ("first_token", 100), ("cost", 10)]);
}

#[test]
fn a_canary_that_is_written_differently_is_another_one() {
    let identity = |strategy| plan(&strategy).identity;
    assert_eq!(identity(json!({"hold": "1m"})), identity(json!({"hold": "60s"})));
    assert_ne!(identity(json!({"hold": "1m"})), identity(json!({"hold": "2m"})));
    assert_ne!(identity(json!({})), identity(json!({"guards": {"errors": "3%"}})));
    let with = |model: &str, key: &str| {
        let spec = json!({
            "strategy": {"mode": "canary", "guards": {"errors": "2%"}},
            "targets": [{"target": "openai/a"}, {"provider": "openai", "model": model, "api_key": key}],
        });
        match compiled_by_operator(&spec) {
            RouteNode::Canary(canary) => canary.plan.identity,
            other => panic!("{other:?}"),
        }
    };
    assert_ne!(with("b", "k"), with("c", "k"));
    assert_eq!(with("b", "k"), with("b", "another"), "a credential is no part of what is tried");
}

#[test]
fn a_canary_that_cannot_be_one_is_refused() {
    let refused = |strategy| problems(&canary(&strategy), Origin::Operator);
    assert_eq!(refused(json!({"steps": []})), ["strategy.steps: name at least one share, such as `5%`"]);
    assert_eq!(
        refused(json!({"steps": ["5%", "20%", "20%"]})),
        ["strategy.steps[2]: each step is a larger share than the one before it"]
    );
    assert_eq!(
        refused(json!({"steps": ["100%"]})),
        ["strategy.steps[0]: with `100%` from the beginning there is nothing to compare with"]
    );
    let unguarded = "strategy.guards: say by how much the canary may be worse, such as `guards: {errors: 2%}`; without a guard nothing would roll it back";
    assert_eq!(refused(json!({"guards": {}})), [unguarded]);
    assert_eq!(
        refused(json!({"minimum_requests": 0})),
        ["strategy.minimum_requests: expected 1 to 1000000, not 0"]
    );
    assert_eq!(refused(json!({"alpha": "60%"})), ["strategy.alpha: expected 1 to 50, not 60"]);
    assert_eq!(refused(json!({"after": "p95"})), ["strategy.after: only `mode: race` has this"]);
    assert_eq!(
        refused(json!({"sticky": {"hash_fields": []}})),
        ["strategy.sticky.hash_fields: name at least one fact, such as `metadata.user`"]
    );
    let lone = json!({"strategy": {"mode": "canary", "guards": {"errors": "2%"}}, "targets": [{"target": "openai/a"}]});
    assert_eq!(
        problems(&lone, Origin::Operator),
        ["targets: a canary has two targets, what serves today and then what is tried; these are 1"]
    );
    assert_eq!(
        problems(&canary(&json!({})), CLIENT),
        ["strategy.mode: a canary is tried on many requests, so only a saved route can have one"]
    );
    let elsewhere = json!({"strategy": {"mode": "race", "sticky": {"hash_fields": ["key"]}, "hold": "1m"}, "targets": [{"target": "openai/a"}, {"target": "openai/b"}]});
    assert_eq!(
        problems(&elsewhere, Origin::Operator),
        [
            "strategy.sticky: only `mode: loadbalance` or `mode: canary` has this",
            "strategy.hold: only `mode: canary` has this"
        ]
    );
}
