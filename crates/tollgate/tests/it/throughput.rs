//! Streams that say too little: they fall over while they are held back, and end with an error once they have begun.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::two;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const BROKEN: &str =
    "tollgate_requests_total{provider=\"p\",operation=\"chat_completions\",outcome=\"failed\"}";

/// A gateway with a route `r` from `p` to `q`, whose streams have to say so much.
async fn start(first: Script, least: Value) -> (FakeProvider, FakeProvider, TestGateway) {
    let second = scripts::stream(CHAT, &["second"]).script();
    let (first, second) = (FakeProvider::always(first).await, FakeProvider::always(second).await);
    let mut configuration = two(first.base_url(), second.base_url());
    configuration["routes"]["r"]["throughput_min"] = least;
    let gateway = TestGateway::start(configuration).await;
    (first, second, gateway)
}

#[tokio::test]
async fn a_stream_that_says_too_little_ends_with_an_error_event() {
    for stream in scripts::STREAMS_BY_BODY {
        let begun = scripts::stream(stream, &["said"]).up_to_content(1);
        let least = json!({"tokens_per_second": 100, "window": "100ms"});
        let (first, second, gateway) = start(begun.hang(), least).await;
        let transcript = gateway.ask_streamed(stream, "r").open().await.rest().await;
        let event = transcript.assert_ends_with_error_event(stream).to_string();
        assert!(event.contains("throughput_min"), "{event}");
        first.client_left().await;
        assert_eq!(second.asked(), 0, "after the first content nobody else is asked");
    }
}

#[tokio::test]
async fn a_stream_that_is_slow_counts_against_its_target() {
    let begun = scripts::stream(CHAT, &["said"]).up_to_content(1);
    let (first, second, gateway) =
        start(begun.hang(), json!({"tokens_per_second": 100, "window": "100ms"})).await;
    for _ in 0..5 {
        gateway.ask_streamed(CHAT, "r").open().await.rest().await.assert_ends_with_error_event(CHAT);
    }
    assert_eq!(gateway.metric(BROKEN).await, 5.0);
    assert!(gateway.ask_streamed(CHAT, "r").answer().await.text().contains("second"));
    assert_eq!((first.asked(), second.asked()), (5, 1));
}

#[tokio::test]
async fn a_stream_that_is_slow_while_it_is_held_back_falls_over() {
    let begun = scripts::stream(CHAT, &["first"]).up_to_content(1);
    let least = json!({"tokens_per_second": 100, "window": "10s", "hold": "100ms"});
    for (slow, why) in [(begun.hang(), "throughput_min"), (begun.cut(), "broken_answer")] {
        let (first, _second, gateway) = start(slow, least.clone()).await;
        let answer = gateway.ask_streamed(CHAT, "r").answer().await;
        assert_eq!(answer.header("x-tollgate-provider"), "q");
        assert_eq!(answer.header("x-tollgate-attempts"), "2");
        assert!(answer.text().contains("second") && !answer.text().contains("first"), "{}", answer.text());
        assert_eq!(first.asked(), 1);
        let failures = format!("tollgate_attempt_failures_total{{provider=\"p\",class=\"{why}\"}}");
        assert_eq!(gateway.metric(&failures).await, 1.0);
    }
}

#[tokio::test]
async fn who_is_fast_or_has_finished_is_held_back_no_longer() {
    let least = json!({"tokens_per_second": 1, "window": "1d", "hold": "1d"});
    let (_first, _second, gateway) = start(scripts::stream(CHAT, &["all"]).script(), least).await;
    gateway.ask_streamed(CHAT, "r").open().await.rest().await.assert_ends_cleanly(CHAT);

    let much = "x".repeat(40);
    let least = json!({"tokens_per_second": 1, "window": "10s", "hold": "10s"});
    let (first, _second, gateway) =
        start(scripts::stream(CHAT, &[&much, "later"]).paused_before(2), least).await;
    let mut answer = gateway.ask_streamed(CHAT, "r").open().await;
    answer.until(&much).await;
    first.clock().advance(std::time::Duration::from_secs(1));
    answer.rest().await.assert_ends_cleanly(CHAT);
}
