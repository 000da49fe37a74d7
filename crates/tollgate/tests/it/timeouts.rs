//! Each time limit ends what it is about, and says which one it was. The limits are short and real; what they are held
//! against never ends by itself.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, Step, scripts};

use crate::configuration::one;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway with a route `r` to a provider that does this, under these limits.
async fn start(script: Script, limits: Value) -> (FakeProvider, TestGateway) {
    let fake = FakeProvider::always(script).await;
    let mut configuration = one(&fake);
    let mut route = limits;
    route["target"] = json!("p/m");
    configuration["routes"] = json!({"r": route});
    let gateway = TestGateway::start(configuration).await;
    (fake, gateway)
}

#[tokio::test]
async fn a_provider_that_says_nothing_runs_into_the_first_token_timeout() {
    for name in ["first_token_timeout", "request_timeout"] {
        let (fake, gateway) = start(scripts::hang(), json!({name: "40ms"})).await;
        for streamed in [false, true] {
            let call = if streamed { gateway.ask_streamed(CHAT, "r") } else { gateway.ask(CHAT, "r") };
            let answer = call.answer().await;
            assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"), "{name}");
            assert!(answer.error_message().contains("no answer within 40 ms"), "{}", answer.error_message());
            fake.client_left().await;
        }
        assert_eq!(gateway.ended("chat_completions", "failed").await, 2.0);
    }
}

#[tokio::test]
async fn a_bare_number_is_milliseconds_as_portkey_has_it() {
    let (_fake, gateway) = start(scripts::hang(), json!({"request_timeout": 30})).await;
    assert!(gateway.chat("r").await.error_message().contains("within 30 ms"));
}

#[tokio::test]
async fn the_request_timeout_covers_the_body() {
    let (fake, gateway) = start(scripts::hang_after_head(), json!({"request_timeout": "40ms"})).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"));
    fake.client_left().await;
}

#[tokio::test]
async fn a_head_without_content_is_no_first_token() {
    let begun = scripts::stream(CHAT, &["x"]).before_content();
    let (_fake, gateway) =
        start(begun.and(": still here\n\n").hang(), json!({"first_token_timeout": "40ms"})).await;
    let answer = gateway.ask_streamed(CHAT, "r").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"));
}

#[tokio::test]
async fn the_first_token_timeout_does_not_end_a_stream_that_has_begun() {
    let (fake, gateway) = start(
        scripts::stream(CHAT, &["one", "two"]).paused_before(2),
        json!({"first_token_timeout": "400ms"}),
    )
    .await;
    let mut answer = gateway.ask_streamed(CHAT, "r").open().await;
    answer.until("one").await;
    let (_hanging, other) = start(scripts::hang(), json!({"first_token_timeout": "401ms"})).await;
    assert_eq!(other.chat("r").await.status, 504, "as long as this took, the stream was silent");
    fake.clock().advance(std::time::Duration::from_secs(1));
    answer.rest().await.assert_ends_cleanly(CHAT);
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_with_an_error_event() {
    for stream in scripts::STREAMS_BY_BODY {
        let begun = scripts::stream(stream, &["said"]).up_to_content(1);
        let (fake, gateway) = start(begun.hang(), json!({"idle_timeout": "40ms"})).await;
        let transcript = gateway.ask_streamed(stream, "r").open().await.rest().await;
        let event = transcript.assert_ends_with_error_event(stream).to_string();
        assert!(event.contains("idle_timeout"), "{event}");
        assert!(stream == EventStream::Messages || event.contains("TG3004"), "{event}");
        fake.client_left().await;
    }
}

#[tokio::test]
async fn a_whole_answer_that_falls_silent_runs_into_the_idle_timeout() {
    let (_fake, gateway) = start(scripts::hang_after_head(), json!({"idle_timeout": "40ms"})).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"));
    assert!(answer.error_message().contains("idle_timeout"), "{}", answer.error_message());
}

#[tokio::test]
async fn the_total_timeout_ends_everything() {
    let begun = scripts::stream(CHAT, &["said"]).up_to_content(1);
    let (_fake, gateway) =
        start(begun.hang(), json!({"total_timeout": "300ms", "idle_timeout": "none"})).await;
    let event = gateway.ask_streamed(CHAT, "r").open().await.rest().await.assert_ends_with_error_event(CHAT);
    assert_eq!(event["error"]["code"], "TG3004");
    assert!(event.to_string().contains("total_timeout"), "{event}");
    let (_fake, gateway) =
        start(scripts::hang(), json!({"total_timeout": "40ms", "first_token_timeout": "none"})).await;
    let answer = gateway.chat("r").await;
    assert!(answer.error_message().contains("total_timeout"), "{}", answer.error_message());
}

#[tokio::test]
async fn the_total_timeout_ends_an_answer_that_is_too_large_to_hold() {
    let head = Step::head(http::StatusCode::OK, "application/json");
    let endless = Script::new(vec![head, Step::Bytes("[".repeat(9_000).into()), Step::Hang]);
    let fake = FakeProvider::always(endless).await;
    let mut configuration = one(&fake);
    configuration["limits"] = json!({"held_answer_bytes_max": "4KiB"});
    configuration["routes"] = json!({"r": {"target": "p/m", "total_timeout": "300ms"}});
    let gateway = TestGateway::start(configuration).await;
    assert!(gateway.ask(CHAT, "r").open().await.rest().await.broken_off);
    fake.client_left().await;
}

#[tokio::test]
async fn defaults_hold_for_a_pass_through_too() {
    let fake = FakeProvider::playing([scripts::hang(), scripts::hang_after_head()]).await;
    let mut configuration = one(&fake);
    configuration["defaults"] = json!({"first_token_timeout": "40ms", "idle_timeout": "50ms"});
    let gateway = TestGateway::start(configuration).await;
    let answer = gateway.client().get("/providers/p/files").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"));
    let begun = gateway.client().get("/providers/p/files").open().await;
    assert!(begun.rest().await.broken_off);
    assert_eq!(gateway.ended("passthrough", "failed").await, 2.0);
}

#[tokio::test]
async fn defaults_hold_where_a_route_says_nothing() {
    let fake = FakeProvider::always(scripts::hang()).await;
    let mut configuration = one(&fake);
    configuration["defaults"] = json!({"first_token_timeout": "40ms"});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(gateway.chat("p/m").await.status, 504);
}
