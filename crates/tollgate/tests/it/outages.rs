//! The outages of `crates/simulate/scenarios`, before providers that fail in earnest: every request is answered, and what fails is
//! soon left alone.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};
use tokio::task::JoinSet;

use crate::configuration::provider;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
/// Requests at a time, and how often so many come.
const WAVE: usize = 20;
const WAVES: usize = 10;

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

/// A fallback from `north` over `south` to `overseas`.
fn configuration(addresses: [String; 3], breaker: &Value) -> Value {
    let [north, south, overseas] = addresses.map(provider);
    json!({
        "providers": {"north": north, "south": south, "overseas": overseas},
        "defaults": {"circuit_breaker": breaker},
        "routes": {"r": {
            "strategy": {"mode": "fallback"},
            "first_token_timeout": "1s",
            "targets": [{"target": "north/m"}, {"target": "south/m"}, {"target": "overseas/m"}],
        }},
    })
}

/// An address at which nobody listens.
fn nobody() -> String {
    "http://127.0.0.1:1/v1".to_owned()
}

async fn wave(gateway: &TestGateway) {
    let mut asked = JoinSet::new();
    for _ in 0..WAVE {
        asked.spawn(gateway.ask(CHAT, "r").answer());
    }
    for answer in asked.join_all().await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// Sends all waves and gives back how many of their requests were rescued.
async fn rescued_of_all(gateway: &TestGateway) -> usize {
    for _ in 0..WAVES {
        wave(gateway).await;
    }
    gateway.metric("tollgate_rescued_requests_total").await as usize
}

/// Everything is answered while `north` does this and the others are well; how often it was asked, and how many were rescued.
async fn before_north(north: &FakeProvider, breaker: &Value) -> (usize, usize) {
    let (south, overseas) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let addresses = [north.base_url(), south.base_url(), overseas.base_url()];
    let gateway = TestGateway::start(configuration(addresses, breaker)).await;
    let rescued = rescued_of_all(&gateway).await;
    assert_eq!(overseas.asked(), 0, "the second is well");
    assert_eq!(south.asked() + north.asked(), WAVE * WAVES + rescued);
    (north.asked(), rescued)
}

#[tokio::test]
async fn a_provider_that_is_down_is_found_out_by_the_first_wave() {
    let (south, overseas) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let addresses = [nobody(), south.base_url(), overseas.base_url()];
    let gateway = TestGateway::start(configuration(addresses, &json!({}))).await;
    let rescued = rescued_of_all(&gateway).await;
    assert!((5..=WAVE).contains(&rescued), "{rescued}");
    assert_eq!((south.asked(), overseas.asked()), (WAVE * WAVES, 0));
}

#[tokio::test]
async fn a_region_that_is_lost_leaves_the_other() {
    let overseas = FakeProvider::always(fine()).await;
    let addresses = [nobody(), nobody(), overseas.base_url()];
    let gateway = TestGateway::start(configuration(addresses, &json!({}))).await;
    let rescued = rescued_of_all(&gateway).await;
    assert!((5..=2 * WAVE).contains(&rescued), "{rescued}");
    assert_eq!(overseas.asked(), WAVE * WAVES);
}

#[tokio::test]
async fn a_provider_that_is_silent_costs_the_first_wave_its_time_limit_and_no_other() {
    let north = FakeProvider::always(scripts::hang()).await;
    let (asked, rescued) = before_north(&north, &json!({"cool_down": "1m"})).await;
    assert_eq!((asked, rescued), (WAVE, WAVE));
}

#[tokio::test]
async fn where_slowness_is_defined_nobody_waits_for_the_silent_until_the_time_limit_but_the_first() {
    let north = FakeProvider::always(scripts::hang()).await;
    let south = FakeProvider::always(fine()).await;
    let breaker = json!({"slow_after": "1ms", "cool_down": "1m"});
    let mut configuration = configuration([north.base_url(), south.base_url(), nobody()], &breaker);
    configuration["routes"]["r"]["first_token_timeout"] = json!("1h");
    let gateway = TestGateway::start(configuration).await;
    let mut waiting = JoinSet::new();
    // They never end by themselves, and are told apart from those that are answered by that.
    while gateway.metric("tollgate_breakers_open{provider=\"north\"}").await < 1.0 {
        let before = north.asked();
        waiting.spawn(gateway.ask(CHAT, "r").answer());
        while north.asked() == before {
            tokio::task::yield_now().await;
        }
    }
    assert!((5..30).contains(&north.asked()), "{}", north.asked());
    let asked = north.asked();
    for _ in 0..5 {
        assert_eq!(gateway.chat("r").await.status, 200);
    }
    assert_eq!((north.asked(), south.asked()), (asked, 5));
}

#[tokio::test]
async fn errors_now_and_then_are_seen_by_no_client() {
    let scripts = (0..WAVE * WAVES).map(|number| match number % 10 {
        0 | 3 | 7 => scripts::error(500, "now and then"),
        _ => fine(),
    });
    let north = FakeProvider::playing(scripts).await;
    north.keep_answering(fine());
    let (asked, rescued) = before_north(&north, &json!({})).await;
    assert!(rescued >= 3 && rescued <= asked * 3 / 10 + 1, "{rescued} of {asked}");
}

#[tokio::test]
async fn a_storm_of_429_is_avoided_after_the_first_wave() {
    let north = FakeProvider::always(scripts::rate_limited("retry-after", "60")).await;
    let (asked, rescued) = before_north(&north, &json!({})).await;
    assert!((1..=WAVE).contains(&asked) && asked == rescued, "{asked} {rescued}");
}

#[tokio::test]
async fn a_provider_that_comes_and_goes_gets_its_traffic_back() {
    let down = || (0..10).map(|_| scripts::error(503, "down"));
    let up = || (0..30).map(|_| fine());
    let north = FakeProvider::playing(down().chain(up()).chain(down())).await;
    north.keep_answering(fine());
    let (asked, _) = before_north(&north, &json!({"cool_down": "1ms", "cool_down_max": "5ms"})).await;
    assert!(asked > 40, "{asked}");
}
