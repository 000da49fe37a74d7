//! Canaries: a new target gets more and more of the requests, until it does worse than what serves today.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, Script, scripts};

use crate::configuration::{key_entry, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const SHARE: &str = "tollgate_canary_share_percent{route=\"r\",place=\"\"}";
const STEP: &str = "tollgate_canary_step{route=\"r\",place=\"\"}";
const ROLLBACKS: &str = "tollgate_canary_rollbacks_total{route=\"r\",place=\"\",metric=\"errors\"}";

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

/// A route `r` that serves by `p` and tries `q`.
fn trying(p: &FakeProvider, q: &FakeProvider, strategy: &Value) -> Value {
    let mut configuration = two(p.base_url(), q.base_url());
    let mut all = json!({"mode": "canary", "guards": {"errors": "2%"}});
    all.as_object_mut().unwrap().extend(strategy.as_object().unwrap().clone());
    configuration["routes"]["r"]["strategy"] = all;
    configuration["keys"] = json!([key_entry(1, json!({"explain": true, "inline_config": true}))]);
    configuration
}

/// Half of the requests, for good.
fn half() -> Value {
    json!({"steps": ["50%", "100%"], "hold": "1h"})
}

/// From step to step as fast as it goes.
fn fast(steps: &[&str]) -> Value {
    json!({"steps": steps, "hold": "0s", "minimum_requests": 8})
}

async fn explained(gateway: &TestGateway) -> (Answer, Value) {
    let answer = gateway.ask(CHAT, "r").header("x-tollgate-explain", "true").answer().await;
    let decision: Value = serde_json::from_str(answer.header("x-tollgate-decision")).unwrap();
    (answer, decision["canaries"][0].clone())
}

/// Asks until the canary is rolled back.
async fn until_rolled_back(gateway: &TestGateway) {
    let mut requests = 0;
    while gateway.metric(SHARE).await > 0.0 {
        requests += 1;
        assert!(requests < 200, "it is not rolled back");
        let answer = gateway.chat("r").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_canary_that_fails_is_rolled_back_and_whoever_met_it_is_answered_all_the_same() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(scripts::error(500, "no")).await);
    let gateway = TestGateway::start(trying(&p, &q, &half())).await;
    assert_eq!((gateway.metric(SHARE).await, gateway.metric(STEP).await), (50.0, 1.0));
    until_rolled_back(&gateway).await;
    assert_eq!((gateway.metric(STEP).await, gateway.metric(ROLLBACKS).await), (1.0, 1.0));
    let asked = q.asked();
    for _ in 0..20 {
        assert_eq!(gateway.chat("r").await.header("x-tollgate-attempts"), "1");
    }
    assert_eq!(q.asked(), asked);
    let (_, told) = explained(&gateway).await;
    let expected = json!({"place": "", "arm": "baseline", "step": 1, "steps": 2, "share_percent": 0, "state": "rolled_back"});
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_stream_that_breaks_off_counts_against_its_arm() {
    let broken = scripts::stream(CHAT, &["one", "two"]).up_to_content(1).cut();
    let whole = scripts::stream(CHAT, &["one", "two"]).script();
    let (p, q) = (FakeProvider::always(whole).await, FakeProvider::always(broken).await);
    let gateway = TestGateway::start(trying(&p, &q, &half())).await;
    let mut requests = 0;
    while gateway.metric(ROLLBACKS).await == 0.0 {
        requests += 1;
        assert!(requests < 200, "it is not rolled back");
        assert_eq!(gateway.ask_streamed(CHAT, "r").answer().await.status, 200);
    }
}

#[tokio::test]
async fn a_canary_that_does_well_gets_everything_step_by_step() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(trying(&p, &q, &fast(&["30%", "60%", "100%"]))).await;
    let mut shares = vec![30.0];
    for request in 1.. {
        assert!(request < 400, "{shares:?}");
        gateway.chat("r").await;
        let share = gateway.metric(SHARE).await;
        if shares.last() != Some(&share) {
            shares.push(share);
        }
        if share == 100.0 {
            break;
        }
    }
    assert_eq!(shares, [30.0, 60.0, 100.0]);
    let asked = p.asked();
    for _ in 0..20 {
        let (answer, told) = explained(&gateway).await;
        assert_eq!(answer.header("x-tollgate-provider"), "q");
        assert_eq!(
            (&told["arm"], &told["state"], &told["step"]),
            (&json!("canary"), &json!("promoted"), &json!(3))
        );
    }
    assert_eq!((p.asked(), gateway.metric(ROLLBACKS).await), (asked, 0.0));
    q.keep_answering(scripts::error(500, "no"));
    assert_eq!(
        gateway.chat("r").await.header("x-tollgate-provider"),
        "p",
        "what served before stands behind it"
    );
}

#[tokio::test]
async fn no_step_comes_before_its_hold_or_its_requests() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    for strategy in [
        json!({"steps": ["50%", "100%"], "hold": "1h", "minimum_requests": 1}),
        json!({"steps": ["50%", "100%"], "hold": "0s", "minimum_requests": 1000}),
    ] {
        let gateway = TestGateway::start(trying(&p, &q, &strategy)).await;
        for _ in 0..60 {
            gateway.chat("r").await;
        }
        assert_eq!((gateway.metric(SHARE).await, gateway.metric(STEP).await), (50.0, 1.0), "{strategy}");
    }
}

#[tokio::test]
async fn what_is_the_clients_own_fault_speaks_against_no_arm() {
    let (p, q) =
        (FakeProvider::always(fine()).await, FakeProvider::always(scripts::error(400, "bad request")).await);
    let gateway = TestGateway::start(trying(&p, &q, &half())).await;
    for _ in 0..100 {
        gateway.chat("r").await;
    }
    assert!(q.asked() > 20);
    assert_eq!((gateway.metric(SHARE).await, gateway.metric(ROLLBACKS).await), (50.0, 0.0));
}

#[tokio::test]
async fn who_is_in_the_canary_stays_there_as_it_grows() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let mut strategy = fast(&["30%", "60%", "100%"]);
    strategy["sticky"] = json!({"hash_fields": ["headers.x-session"]});
    let gateway = TestGateway::start(trying(&p, &q, &strategy)).await;
    let mut was_in = [false; 40];
    for _ in 0..10 {
        for (session, was_in) in was_in.iter_mut().enumerate() {
            let call = gateway.ask(CHAT, "r").header("x-session", &session.to_string());
            let is_in = call.answer().await.header("x-tollgate-provider") == "q";
            assert!(is_in || !*was_in, "{session}");
            *was_in = is_in;
        }
    }
    assert_eq!((was_in, gateway.metric(SHARE).await), ([true; 40], 100.0));
}

#[tokio::test]
async fn a_reload_keeps_a_canary_as_it_is_and_begins_one_that_is_written_differently() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(scripts::error(500, "no")).await);
    let mut gateway = TestGateway::start(trying(&p, &q, &half())).await;
    until_rolled_back(&gateway).await;
    let mut configuration = trying(&p, &q, &half());
    configuration["limits"] = json!({"body_bytes_max": "1MiB"});
    gateway.reconfigure(configuration.clone()).await;
    let asked = q.asked();
    for _ in 0..10 {
        gateway.chat("r").await;
    }
    assert_eq!((q.asked(), gateway.metric(SHARE).await), (asked, 0.0));
    configuration["routes"]["r"]["targets"][1]["target"] = json!("q/better");
    gateway.reconfigure(configuration.clone()).await;
    assert_eq!(gateway.metric(SHARE).await, 50.0);
    until_rolled_back(&gateway).await;
    assert_eq!(gateway.metric(ROLLBACKS).await, 2.0);
    configuration["routes"]["r"]["strategy"] = json!({"mode": "fallback"});
    gateway.reconfigure(configuration).await;
    let metrics = gateway.anybody().get("/metrics").answer().await;
    assert!(!metrics.text().contains("tollgate_canary_share_percent{"), "{}", metrics.text());
}

#[tokio::test]
async fn to_ask_where_a_request_would_go_is_no_part_of_the_trial() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(trying(&p, &q, &fast(&["50%", "100%"]))).await;
    let question = json!({"body": scripts::request(CHAT, "r", false)}).to_string();
    let mut arms = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let answer = gateway.client().post("/api/v1/routes/explain", question.clone()).answer().await;
        let told: Value = serde_json::from_str(answer.text()).unwrap();
        let (arm, targets) = (&told["decision"]["canaries"][0]["arm"], &told["decision"]["targets"]);
        let turns = [&targets[0]["turn"], &targets[1]["turn"]];
        let expected = if arm == "canary" { [&json!(2), &json!(1)] } else { [&json!(1), &Value::Null] };
        assert_eq!(turns, expected, "{told}");
        arms.insert(arm.to_string());
    }
    assert_eq!((arms.len(), gateway.metric(SHARE).await, p.asked() + q.asked()), (2, 50.0, 0));
}

#[tokio::test]
async fn a_request_brings_no_canary_of_its_own() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let configuration = trying(&p, &q, &half());
    let own = configuration["routes"]["r"].to_string();
    let gateway = TestGateway::start(configuration).await;
    let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", &own).answer().await;
    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("only a saved route can have one"), "{}", answer.error_message());
}
