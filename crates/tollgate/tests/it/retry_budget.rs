//! Retries and fallbacks add a share to the traffic, and no more.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::{provider, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const STOPPED: &str = "tollgate_retries_stopped_total";

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

async fn down() -> FakeProvider {
    FakeProvider::always(scripts::error(500, "down")).await
}

/// Defaults with a budget of so many percent and nothing on top, and breakers that spoil no count unless they are to.
fn percent(percent: u32, breakers: bool) -> Value {
    json!({
        "retry_budget": {"percent": percent, "per_second": 0, "window": "1h"},
        "circuit_breaker": {"enabled": breakers},
    })
}

/// A fallback `r` from `p` to `q`.
async fn fallback(p: &FakeProvider, q: &FakeProvider, defaults: Value) -> TestGateway {
    let mut configuration = two(p.base_url(), q.base_url());
    configuration["defaults"] = defaults;
    TestGateway::start(configuration).await
}

/// The statuses of so many requests, one after another.
async fn statuses(gateway: &TestGateway, model: &str, requests: usize) -> Vec<u16> {
    let mut statuses = Vec::with_capacity(requests);
    for _ in 0..requests {
        statuses.push(gateway.chat(model).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn half_a_share_lets_every_other_request_be_tried_again() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let gateway = fallback(&p, &q, percent(50, false)).await;
    assert_eq!(statuses(&gateway, "r", 6).await, [502, 200, 502, 200, 502, 200]);
    assert_eq!((p.asked(), q.asked(), gateway.metric(STOPPED).await), (6, 3, 3.0));
}

#[tokio::test]
async fn the_error_says_that_the_budget_is_spent_and_lists_what_was_tried() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let gateway = fallback(&p, &q, percent(0, false)).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-error")), (502, "TG3001"));
    let message = answer.error_message();
    assert!(message.contains("1. p/m: provider (status 500: down)"), "{message}");
    assert!(
        message.ends_with("; no further attempt: the retry budget of the route `r` is spent"),
        "{message}"
    );
}

#[tokio::test]
async fn first_attempts_are_free_so_that_open_breakers_cost_nothing() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let gateway = fallback(&p, &q, percent(0, true)).await;
    assert_eq!(statuses(&gateway, "r", 5).await, [502; 5]);
    assert_eq!(statuses(&gateway, "r", 20).await, [200; 20]);
    assert_eq!((p.asked(), q.asked()), (5, 20));
}

#[tokio::test]
async fn a_whole_share_never_holds_a_fallback_back_but_bounds_retries() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let gateway = fallback(&p, &q, percent(100, false)).await;
    assert_eq!(statuses(&gateway, "r", 20).await, [200; 20]);
    let mut eager = two(p.base_url(), q.base_url());
    eager["defaults"] = percent(100, false);
    eager["routes"]["r"] =
        json!({"target": "p/m", "retry": {"attempts": 5, "backoff_first": "1ms", "backoff_max": "1ms"}});
    let gateway = TestGateway::start(eager).await;
    let before = p.asked();
    assert_eq!(statuses(&gateway, "r", 20).await, [502; 20]);
    assert_eq!(p.asked() - before, 40, "an outage is at most doubled");
}

#[tokio::test]
async fn what_was_never_sent_costs_nothing() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let mut configuration = two(p.base_url(), q.base_url());
    configuration["defaults"] = percent(0, false);
    configuration["providers"]["p"]["endpoints"] = json!({"messages": "/messages"});
    let gateway = TestGateway::start(configuration).await;
    let mut body = scripts::request(CHAT, "r", false);
    body["n"] = json!(2);
    let answer = gateway.client().post(scripts::path(CHAT), body.to_string()).answer().await;
    assert_eq!((answer.status.as_u16(), p.asked(), q.asked()), (200, 0, 1), "{}", answer.text());
    assert_eq!(answer.header("x-tollgate-attempts"), "2");
}

#[tokio::test]
async fn a_few_in_any_second_are_free_however_little_traffic_there_is() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let defaults = json!({
        "retry_budget": {"percent": 0, "per_second": 1, "window": "3s"},
        "circuit_breaker": {"enabled": false},
    });
    let gateway = fallback(&p, &q, defaults).await;
    assert_eq!(statuses(&gateway, "r", 3).await, [200; 3]);
}

#[tokio::test]
async fn saved_routes_have_budgets_of_their_own_and_all_others_share_one() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let mut configuration = two(p.base_url(), q.base_url());
    configuration["defaults"] = percent(50, false);
    configuration["routes"]["other"] = configuration["routes"]["r"].clone();
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(statuses(&gateway, "r", 1).await, [502]);
    assert_eq!(statuses(&gateway, "other", 1).await, [502], "what `r` has earned is its own");
    let own = json!({"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]});
    let body = scripts::request(CHAT, "x", false).to_string();
    for expected in [502, 200] {
        let call = gateway.client().post(scripts::path(CHAT), body.clone());
        let answer = call.header("x-tollgate-config", &own.to_string()).answer().await;
        assert_eq!(answer.status, expected);
        if expected == 502 {
            let message = answer.error_message();
            assert!(message.ends_with("the retry budget of routes without a name is spent"), "{message}");
        }
    }
}

#[tokio::test]
async fn what_was_spent_is_not_forgotten_by_a_reload_and_can_be_without_a_bound() {
    let (p, q) = (down().await, FakeProvider::always(fine()).await);
    let mut gateway = fallback(&p, &q, percent(50, false)).await;
    assert_eq!(statuses(&gateway, "r", 1).await, [502]);
    let mut configuration = two(p.base_url(), q.base_url());
    configuration["defaults"] = percent(50, false);
    configuration["providers"]["p"] = provider(p.base_url());
    configuration["limits"] = json!({"body_bytes_max": "1MiB"});
    gateway.reconfigure(configuration.clone()).await;
    assert_eq!(statuses(&gateway, "r", 2).await, [200, 502], "the request before the reload has earned half");
    configuration["defaults"]["retry_budget"] = json!({"enabled": false});
    gateway.reconfigure(configuration).await;
    assert_eq!(statuses(&gateway, "r", 9).await, [200; 9]);
}
