//! Targets that are called in the background while they rest.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const OPEN: &str = "tollgate_breakers_open{provider=\"p\"}";
const ANSWERED: &str = "tollgate_active_probes_total{provider=\"p\",outcome=\"answered\"}";
const FAILED: &str = "tollgate_active_probes_total{provider=\"p\",outcome=\"failed\"}";

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

fn configuration(p: &FakeProvider, q: &FakeProvider, probes: &Value) -> Value {
    json!({
        "providers": {"p": provider(p.base_url()), "q": provider(q.base_url())},
        "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
        "defaults": {"circuit_breaker": {"cool_down": "1ms", "cool_down_max": "1ms"}, "active_probes": probes},
    })
}

/// A gateway after five requests that `p` failed, so that it rests.
async fn with_resting(p: &FakeProvider, q: &FakeProvider, probes: &Value) -> TestGateway {
    let gateway = TestGateway::start(configuration(p, q, probes)).await;
    for _ in 0..5 {
        assert_eq!(gateway.chat("r").await.status, 200);
    }
    gateway
}

#[tokio::test]
async fn a_target_comes_back_without_a_request_of_anybody() {
    let broken = (0..6).map(|_| scripts::error(500, "broken"));
    let (p, q) = (FakeProvider::playing(broken).await, FakeProvider::always(fine()).await);
    p.keep_answering(fine());
    let gateway = with_resting(&p, &q, &json!({"targets": ["p/m", "q/m"], "every": "100ms"})).await;
    while gateway.metric(ANSWERED).await < 1.0 {}
    assert_eq!((gateway.metric(OPEN).await, gateway.metric(FAILED).await), (0.0, 1.0));
    assert_eq!(p.asked(), 7, "five requests, and two probes");
    let probe: Value = serde_json::from_slice(&p.requests()[6].body).unwrap();
    assert_eq!(
        probe,
        json!({"model": "m", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1})
    );
    let answer = gateway.chat("r").await;
    assert_eq!(answer.header("x-tollgate-provider"), "p");
    assert_eq!(q.asked(), 5, "nothing is known against it, so it is not probed");
}

#[tokio::test]
async fn requests_leave_the_first_call_to_the_probe() {
    let p = FakeProvider::always(scripts::error(500, "broken")).await;
    let q = FakeProvider::always(fine()).await;
    let gateway = with_resting(&p, &q, &json!({"targets": ["p/m"], "every": "1h"})).await;
    for _ in 0..9 {
        assert_eq!(gateway.chat("r").await.header("x-tollgate-attempts"), "1");
    }
    assert_eq!(p.asked(), 5, "its cool-down of a millisecond is over long since");
}

#[tokio::test]
async fn who_is_well_is_called_where_that_is_asked_for_and_nobody_whose_configuration_is_gone() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let of = |targets: Value| {
        configuration(&p, &q, &json!({"targets": targets, "every": "100ms", "always": true}))
    };
    // That `openai` has no credential is no mistake: nobody calls it.
    let mut gateway = TestGateway::start(of(json!(["p/m", "q/m", "openai/m"]))).await;
    while p.asked() < 2 || q.asked() < 2 {
        gateway.metric(ANSWERED).await;
    }
    gateway.reconfigure(of(json!(["q/m"]))).await;
    let (of_p, of_q) = (p.asked(), q.asked());
    while q.asked() < of_q + 4 {
        gateway.metric(ANSWERED).await;
    }
    assert!(p.asked() <= of_p + 1, "one may have been under way");
}
