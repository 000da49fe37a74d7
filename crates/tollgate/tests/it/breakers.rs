//! Targets that fail are left alone while another can answer, and come back when they are well.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Client, EventStream, FakeProvider, Script, scripts, within};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const OPEN: &str = "tollgate_breakers_open{provider=\"p\"}";

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

/// A fallback from `p` to `q`, and what else the configuration says.
fn fallback(p: &FakeProvider, q: &FakeProvider, more: &Value) -> Value {
    let mut configuration = json!({
        "providers": {"p": provider(p.base_url()), "q": provider(q.base_url())},
        "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
    });
    configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    configuration
}

async fn before(p: &FakeProvider, q: &FakeProvider, more: &Value) -> TestGateway {
    TestGateway::start(fallback(p, q, more)).await
}

async fn ask(gateway: &TestGateway, times: usize) {
    for time in 0..times {
        let answer = gateway.chat("r").await;
        assert_eq!(answer.status, 200, "{time}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_target_that_fails_again_and_again_is_asked_no_more() {
    let failures = [
        scripts::error(500, "broken"),
        scripts::error(529, "busy"),
        scripts::malformed_json(),
        scripts::cut(),
    ];
    for failure in failures {
        let (p, q) = (FakeProvider::always(failure).await, FakeProvider::always(fine()).await);
        let gateway = before(&p, &q, &json!({})).await;
        ask(&gateway, 9).await;
        assert_eq!((p.asked(), q.asked()), (5, 9));
        assert_eq!(gateway.metric(OPEN).await, 1.0);
        assert_eq!(gateway.metric("tollgate_breaker_openings_total{provider=\"p\"}").await, 1.0);
        assert_eq!(gateway.metric("tollgate_rescued_requests_total").await, 5.0);
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_rests_nobody() {
    let p = FakeProvider::always(scripts::error(400, "wrong")).await;
    let q = FakeProvider::always(fine()).await;
    let gateway = before(&p, &q, &json!({})).await;
    ask(&gateway, 9).await;
    assert_eq!((p.asked(), gateway.metric(OPEN).await), (9, 0.0));
}

#[tokio::test]
async fn a_provider_that_limits_its_only_credential_is_left_alone_as_long_as_it_asks() {
    let p = FakeProvider::always(scripts::rate_limited("retry-after", "60")).await;
    let q = FakeProvider::always(fine()).await;
    let gateway = before(&p, &q, &json!({})).await;
    ask(&gateway, 5).await;
    assert_eq!((p.asked(), q.asked()), (1, 5));
}

#[tokio::test]
async fn where_all_rest_they_are_asked_in_order_and_the_error_names_them_all() {
    let p = FakeProvider::always(scripts::error(500, "broken")).await;
    let q = FakeProvider::always(scripts::error(500, "broken too")).await;
    let gateway = before(&p, &q, &json!({})).await;
    for _ in 0..7 {
        let answer = gateway.chat("r").await;
        assert_eq!(answer.status, 502);
        assert!(answer.error_message().contains("1. p/m: provider"), "{}", answer.error_message());
        assert!(answer.error_message().contains("2. q/m: provider"), "{}", answer.error_message());
    }
    assert_eq!((p.asked(), q.asked()), (7, 7));
    for provider in ["p", "q"] {
        let bypasses = format!("tollgate_breaker_bypasses_total{{provider=\"{provider}\"}}");
        assert_eq!(gateway.metric(&bypasses).await, 2.0, "those after the fifth of {provider}");
    }
}

#[tokio::test]
async fn a_call_for_want_of_anything_better_is_told_as_such() {
    let p = FakeProvider::always(scripts::error(500, "broken")).await;
    let q = FakeProvider::always(scripts::error(500, "broken too")).await;
    let explain = json!({"keys": [key_entry(1, json!({"explain": true}))]});
    let gateway = before(&p, &q, &explain).await;
    for _ in 0..5 {
        assert_eq!(gateway.chat("r").await.status, 502);
    }
    q.keep_answering(fine());
    let body = scripts::request(CHAT, "r", false).to_string();
    let call = gateway.client_of(1).post(scripts::path(CHAT), body).header("x-tollgate-explain", "true");
    let answer = call.answer().await;
    let told: Value = serde_json::from_str(answer.header("x-tollgate-decision")).unwrap();
    assert_eq!((&told["bypass"], told["attempts"].as_array().unwrap().len()), (&json!(true), 2), "{told}");
    assert_eq!(told["attempts"][0]["bypass"], true);
}

/// Two providers of a region, a third one there, and one elsewhere.
struct World {
    us: [FakeProvider; 3],
    eu: FakeProvider,
    gateway: TestGateway,
}

impl World {
    async fn start() -> Self {
        let broken = || FakeProvider::always(scripts::error(503, "gone"));
        let us = [broken().await, broken().await, FakeProvider::always(fine()).await];
        let eu = FakeProvider::always(fine()).await;
        let placed = |fake: &FakeProvider, region: &str| {
            let mut section = provider(fake.base_url());
            section["region"] = json!(region);
            section
        };
        let route = |targets: Value| json!({"strategy": {"mode": "fallback"}, "targets": targets});
        let [north, south, west] = &us;
        let gateway = TestGateway::start(json!({
            "providers": {
                "north": placed(north, "us"), "south": placed(south, "us"), "west": placed(west, "us"),
                "overseas": placed(&eu, "eu"),
            },
            "routes": {
                "r": route(json!([{"target": "north/m"}, {"target": "south/m"}, {"target": "overseas/m"}])),
                "s": route(json!([{"target": "west/m"}, {"target": "overseas/m"}])),
            },
        }));
        Self { us, eu, gateway: gateway.await }
    }

    async fn lost(&self) -> f64 {
        self.gateway.metric("tollgate_region_breakers_open{region=\"us\"}").await
    }
}

#[tokio::test]
async fn a_region_in_which_two_providers_fail_is_left_alone_as_a_whole() {
    let World { us: [north, south, west], eu, gateway } = &World::start().await;
    ask(gateway, 6).await;
    assert_eq!((north.asked(), south.asked(), eu.asked()), (5, 5, 6));
    let answer = gateway.chat("s").await;
    assert_eq!((answer.status.as_u16(), west.asked(), eu.asked()), (200, 0, 7), "{}", answer.text());
    assert_eq!(gateway.metric("tollgate_region_breaker_openings_total{region=\"us\"}").await, 1.0);
}

#[tokio::test]
async fn one_answer_from_a_region_brings_it_back() {
    let world = World::start().await;
    ask(&world.gateway, 5).await;
    assert_eq!(world.lost().await, 1.0);
    assert_eq!(world.gateway.chat("west/m").await.status, 200, "it has nowhere else to go");
    assert_eq!(world.lost().await, 0.0);
    assert_eq!(world.gateway.chat("s").await.header("x-tollgate-provider"), "west");
}

#[tokio::test]
async fn one_sick_provider_closes_none_of_its_neighbours() {
    let world = World::start().await;
    let [_, south, _] = &world.us;
    south.keep_answering(fine());
    ask(&world.gateway, 9).await;
    assert_eq!((world.lost().await, world.eu.asked()), (0.0, 0));
}

#[tokio::test]
async fn the_error_names_a_target_that_was_left_alone() {
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let gateway = before(&p, &q, &json!({})).await;
    ask(&gateway, 5).await;
    q.keep_answering(scripts::error(500, "broken too"));
    let answer = gateway.chat("r").await;
    assert_eq!(answer.status, 502);
    let message = answer.error_message();
    assert!(message.ends_with("passed over: p/m rests, having failed too often"), "{message}");
}

#[tokio::test]
async fn one_probe_brings_a_target_back() {
    let broken = (0..5).map(|_| scripts::error(500, "broken"));
    let (p, q) = (FakeProvider::playing(broken).await, FakeProvider::always(fine()).await);
    p.keep_answering(fine());
    let gateway = before(&p, &q, &json!({"defaults": {"circuit_breaker": {"cool_down": "1ms"}}})).await;
    ask(&gateway, 5).await;
    while p.asked() == 5 {
        ask(&gateway, 1).await;
    }
    assert_eq!(gateway.metric(OPEN).await, 0.0);
    let before = q.asked();
    ask(&gateway, 3).await;
    assert_eq!(q.asked(), before, "it has all of the traffic again");
}

#[tokio::test]
async fn a_stream_that_breaks_off_speaks_against_its_target() {
    let begun = scripts::stream(CHAT, &["hi", " there"]).up_to_content(1);
    let (p, q) = (FakeProvider::always(begun.cut()).await, FakeProvider::always(fine()).await);
    let gateway = before(&p, &q, &json!({})).await;
    for _ in 0..5 {
        gateway.ask_streamed(CHAT, "r").open().await.rest().await.assert_ends_with_error_event(CHAT);
    }
    ask(&gateway, 1).await;
    assert_eq!((p.asked(), q.asked()), (5, 1));
}

#[tokio::test]
async fn a_load_balancer_sends_everything_to_what_does_not_rest() {
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let mut configuration = fallback(&p, &q, &json!({}));
    configuration["routes"]["r"]["strategy"] = json!({"mode": "loadbalance"});
    configuration["routes"]["r"]["targets"][0]["weight"] = json!(10_000);
    configuration["routes"]["r"]["targets"][1]["weight"] = json!(0.001);
    let gateway = TestGateway::start(configuration).await;
    for _ in 0..5 {
        assert_eq!(gateway.chat("r").await.status, 502);
    }
    ask(&gateway, 4).await;
    assert_eq!((p.asked(), q.asked()), (5, 4));
}

#[tokio::test]
async fn breakers_survive_a_reload_and_can_be_turned_off() {
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let mut gateway = before(&p, &q, &json!({})).await;
    ask(&gateway, 6).await;
    gateway.reconfigure(fallback(&p, &q, &json!({"limits": {"body_bytes_max": "1MiB"}}))).await;
    ask(&gateway, 1).await;
    assert_eq!(p.asked(), 5);
    gateway
        .reconfigure(fallback(&p, &q, &json!({"defaults": {"circuit_breaker": {"enabled": false}}})))
        .await;
    ask(&gateway, 7).await;
    assert_eq!(p.asked(), 12);
}

/// A route of a client's own, with a time limit that no provider can keep.
async fn ask_hastily(client: Client) -> u16 {
    let route = json!({"strategy": {"mode": "fallback"}, "first_token_timeout": "1ms",
        "targets": [{"target": "p/m"}, {"target": "q/m"}]});
    let body = scripts::request(CHAT, "x", false).to_string();
    let call = client.post(scripts::path(CHAT), body).header("x-tollgate-config", &route.to_string());
    call.answer().await.status.as_u16()
}

#[tokio::test]
async fn a_clients_own_haste_is_nobody_elses_measure() {
    let (p, q) = (FakeProvider::always(scripts::hang()).await, FakeProvider::always(scripts::hang()).await);
    let gateway = before(&p, &q, &json!({})).await;
    for _ in 0..6 {
        assert_eq!(ask_hastily(gateway.client()).await, 504);
    }
    assert_eq!((p.asked(), gateway.metric(OPEN).await), (6, 0.0));
}

/// Two replicas, each with its requests, that share a file.
async fn two(p: &FakeProvider, q: &FakeProvider, folder: &Path) -> [TestGateway; 2] {
    let more = json!({
        "state": {"kind": "sqlite", "path": folder.join("shared.db")},
        "defaults": {"circuit_breaker": {"cool_down": "1s"}},
    });
    [before(p, q, &more).await, before(p, q, &more).await]
}

async fn until_open(gateway: &TestGateway, breakers: f64) {
    within("the turn of the breaker", async { while gateway.metric(OPEN).await != breakers {} }).await;
}

#[tokio::test]
async fn a_target_that_one_replica_has_opened_is_left_alone_by_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let [one, other] = two(&p, &q, folder.path()).await;
    ask(&one, 5).await;
    until_open(&other, 1.0).await;
    ask(&other, 1).await;
    assert_eq!((p.asked(), q.asked()), (5, 6), "nobody has seen more than five failures");
}

#[tokio::test]
async fn a_target_that_one_replica_finds_well_is_asked_by_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let [one, other] = two(&p, &q, folder.path()).await;
    ask(&one, 5).await;
    until_open(&other, 1.0).await;
    p.keep_answering(fine());
    within("the probe", async {
        while one.metric(OPEN).await != 0.0 {
            ask(&one, 1).await
        }
    })
    .await;
    until_open(&other, 0.0).await;
    let before = p.asked();
    ask(&other, 3).await;
    assert_eq!(p.asked(), before + 3);
}
