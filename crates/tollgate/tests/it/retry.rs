//! Trying the same target again.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::{one, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway with a route `r` to one provider that plays these scripts and then serves.
async fn start(scripts: Vec<Script>, retry: Value) -> (FakeProvider, TestGateway) {
    let fake = FakeProvider::playing(scripts).await;
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"r": {"target": "p/echo", "retry": retry}});
    let gateway = TestGateway::start(configuration).await;
    (fake, gateway)
}

fn quick(attempts: u32) -> Value {
    json!({"attempts": attempts, "backoff_first": "1ms", "backoff_max": "50ms"})
}

#[tokio::test]
async fn a_target_is_tried_as_often_as_the_route_says() {
    let down = || scripts::error(503, "down");
    let (fake, gateway) = start(vec![down(), scripts::cut(), down()], quick(3)).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "4"));
    assert_eq!(fake.asked(), 4);
    let bodies: Vec<_> = fake.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "each try sends the same");
}

#[tokio::test]
async fn when_the_tries_are_used_up_all_are_listed() {
    let (fake, gateway) = start(Vec::new(), quick(2)).await;
    fake.keep_answering(scripts::error(500, "down"));
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), fake.asked()), (502, 3));
    assert!(answer.error_message().contains("3. p/echo"), "{}", answer.error_message());
}

#[tokio::test]
async fn only_the_statuses_of_the_policy_are_tried_again() {
    let (fake, gateway) =
        start(vec![scripts::error(500, "down")], json!({"attempts": 3, "on_status_codes": [503]})).await;
    assert_eq!(gateway.chat("r").await.status, 502);
    assert_eq!(fake.asked(), 1);
    let (fake, gateway) = start(vec![scripts::error(400, "wrong")], quick(3)).await;
    assert_eq!(gateway.chat("r").await.status, 400);
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn nothing_is_tried_again_where_nothing_says_so() {
    let fake = FakeProvider::always(scripts::error(503, "down")).await;
    let gateway = TestGateway::before(&fake).await;
    assert_eq!(gateway.chat("p/m").await.status, 502);
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn the_wait_that_a_provider_asks_for_is_met() {
    for (header, wait) in [("retry-after-ms", "30"), ("retry-after", "0.03"), ("x-ms-retry-after-ms", "30")] {
        let (_fake, gateway) = start(vec![scripts::rate_limited(header, wait)], quick(1)).await;
        let began = tokio::time::Instant::now();
        let answer = gateway.chat("r").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "2"), "{header}");
        assert!(began.elapsed().as_millis() >= 30, "{header}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_wait_beyond_the_longest_ends_the_tries() {
    let (fake, gateway) = start(vec![scripts::rate_limited("retry-after-ms", "51")], quick(3)).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), fake.asked()), (429, 1));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_wish_is_ignored_where_the_policy_says_so() {
    let mut retry = quick(1);
    retry["use_retry_after_header"] = json!(false);
    let (fake, gateway) = start(vec![scripts::rate_limited("retry-after", "3600")], retry).await;
    assert_eq!(gateway.chat("r").await.status, 200);
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn a_stream_is_tried_again_before_its_first_content() {
    let begun = scripts::stream(CHAT, &["x"]).before_content();
    let (fake, gateway) = start(vec![begun.cut(), scripts::error(529, "overloaded")], quick(2)).await;
    let transcript = gateway.ask_streamed(CHAT, "r").open().await.rest().await;
    transcript.assert_ends_cleanly(CHAT);
    assert_eq!(transcript.head.headers["x-tollgate-attempts"], "3");
    assert_eq!(fake.asked(), 3);
}

#[tokio::test]
async fn tries_come_before_the_next_target() {
    let (first, second) =
        (FakeProvider::always(scripts::error(503, "down")).await, FakeProvider::start().await);
    let mut configuration = two(first.base_url(), second.base_url());
    configuration["routes"]["r"]["retry"] = quick(2);
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(gateway.chat("r").await.header("x-tollgate-attempts"), "4");
    assert_eq!((first.asked(), second.asked()), (3, 1));
}

#[tokio::test]
async fn what_waits_is_not_counted_as_tollgates_own_time() {
    let patient = json!({"attempts": 1, "backoff_max": "400ms"});
    let (_fake, gateway) = start(vec![scripts::rate_limited("retry-after-ms", "300")], patient).await;
    let answer = gateway.chat("r").await;
    let overhead: u64 = answer.header("x-tollgate-overhead-us").parse().unwrap();
    assert!(overhead < 300_000, "{overhead} µs");
}
