//! Stopping: what is under way finishes, nothing new begins, and nothing holds the end up for ever.

use std::time::Duration;

use serde_json::json;
use testkit::{EventStream, FakeProvider, RawConnection, scripts};

use crate::configuration::one;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A connection that has been used and waits for another request; a drain closes it.
async fn idle(gateway: &TestGateway) -> RawConnection {
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    connection.until("{\"status\":\"ok\"}").await;
    connection
}

#[tokio::test]
async fn a_stream_under_way_finishes_and_nobody_new_gets_in() {
    let events = scripts::stream(CHAT, &["before", "after"]);
    let fake = FakeProvider::always(events.paused_before(2)).await;
    let mut gateway = TestGateway::before(&fake).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    let begun = answer.until("before").await;
    let idle = idle(&gateway).await;
    gateway.begin_to_stop();
    assert_eq!(idle.rest().await, "", "an idle connection is closed");
    assert!(tokio::net::TcpStream::connect(gateway.address()).await.is_err(), "nobody listens any more");
    fake.clock().waits_begun(1).await;
    fake.clock().advance(Duration::from_secs(1));
    let rest = answer.rest().await;
    rest.assert_ends_cleanly(CHAT);
    assert_eq!(begun + rest.text(), events.text());
    gateway.stopped().await;
}

#[tokio::test]
async fn a_request_that_was_being_sent_is_told_that_the_gateway_stops() {
    let fake = FakeProvider::start().await;
    for (path, code) in [("/readyz", "draining"), ("/v1/models", "TG4002")] {
        let mut gateway = TestGateway::before(&fake).await;
        let mut late = RawConnection::open(gateway.address()).await;
        late.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n")).await;
        let idle = idle(&gateway).await;
        gateway.begin_to_stop();
        idle.rest().await;
        late.send("\r\n").await;
        let answer = late.rest().await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(code), "{answer}");
        gateway.stopped().await;
    }
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cut_when_the_time_is_up() {
    let fake = FakeProvider::always(scripts::stream(CHAT, &["said"]).up_to_content(1).hang()).await;
    let mut configuration = one(&fake);
    configuration["limits"] = json!({"drain_timeout": "60ms"});
    let mut gateway = TestGateway::start(configuration).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    answer.until("said").await;
    gateway.begin_to_stop();
    gateway.stopped().await;
    assert!(answer.rest().await.broken_off, "a cut stream must not look like a whole one");
    fake.client_left().await;
}

#[tokio::test]
async fn a_gateway_with_nothing_to_do_stops_at_once() {
    let fake = FakeProvider::start().await;
    let mut gateway = TestGateway::before(&fake).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    gateway.begin_to_stop();
    gateway.stopped().await;
}

#[tokio::test]
async fn a_response_in_the_background_finishes_first() {
    let events = scripts::stream(CHAT, &["before", "after"]);
    let fake = FakeProvider::always(events.paused_before(2)).await;
    let mut configuration = one(&fake);
    configuration["providers"]["p"]["endpoints"] = json!({"chat_completions": "/chat/completions"});
    let mut gateway = TestGateway::start(configuration).await;
    let body = json!({"model": "p/m", "input": "x", "background": true, "stream": true});
    let mut follower = gateway.client().post("/v1/responses", body.to_string()).open().await;
    follower.until("before").await;
    drop(follower);
    let idle = idle(&gateway).await;
    gateway.begin_to_stop();
    idle.rest().await;
    let mut stopped = Box::pin(gateway.stopped());
    let early = tokio::time::timeout(Duration::ZERO, &mut stopped).await;
    assert!(early.is_err(), "nobody is connected, but there is still work");
    fake.clock().waits_begun(1).await;
    fake.clock().advance(Duration::from_secs(1));
    stopped.await;
}

#[tokio::test]
async fn a_response_in_the_background_that_does_not_end_holds_nothing_up_for_ever() {
    let fake = FakeProvider::always(scripts::hang()).await;
    let mut configuration = one(&fake);
    configuration["limits"] = json!({"drain_timeout": "60ms"});
    configuration["providers"]["p"]["endpoints"] = json!({"chat_completions": "/chat/completions"});
    let mut gateway = TestGateway::start(configuration).await;
    let body = json!({"model": "p/m", "input": "x", "background": true});
    assert_eq!(gateway.client().post("/v1/responses", body.to_string()).answer().await.status, 200);
    fake.was_asked(1).await;
    gateway.begin_to_stop();
    gateway.stopped().await;
}
