//! A client that leaves cancels the call to the provider.

use std::time::Duration;

use testkit::{EventStream, FakeProvider, RawConnection, Script, Step, scripts, within};
use tokio::time::Instant;

use crate::configuration::{key, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
/// From the client's leaving to the provider's noticing, by the issue's own measure.
const NOTICE_MAX: Duration = Duration::from_millis(100);

async fn assert_cancelled(fake: &FakeProvider, gateway: &TestGateway, left: Instant) {
    fake.client_left().await;
    let took = left.elapsed();
    assert!(took < NOTICE_MAX, "the provider noticed after {took:?}");
    assert_eq!(gateway.ended("chat_completions", "cancelled").await, 1.0);
    assert_eq!(gateway.ended("chat_completions", "done").await, 0.0);
    assert_eq!(gateway.ended("chat_completions", "failed").await, 0.0);
    assert_eq!(gateway.metric("tollgate_requests_in_flight").await, 0.0);
    assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
}

#[tokio::test]
async fn leaving_in_the_middle_of_a_stream_cancels_the_call() {
    for http2 in [false, true] {
        let begun = scripts::stream(CHAT, &["said"]).up_to_content(1);
        let fake = FakeProvider::always(begun.hang()).await;
        let gateway = TestGateway::before(&fake).await;
        let client = if http2 { gateway.client().with_http2() } else { gateway.client() };
        let request = scripts::request(CHAT, "p/m", true).to_string();
        let mut answer = client.post(scripts::path(CHAT), request).open().await;
        answer.until("said").await;
        let left = Instant::now();
        drop(answer);
        assert_cancelled(&fake, &gateway, left).await;
    }
}

/// Leaves while nothing has come back yet.
async fn leave_while_waiting(script: Script, streamed: bool) {
    let fake = FakeProvider::always(script).await;
    let gateway = TestGateway::before(&fake).await;
    let call = if streamed { gateway.ask_streamed(CHAT, "p/m") } else { gateway.ask(CHAT, "p/m") };
    let waiting = tokio::spawn(call.open());
    fake.was_asked(1).await;
    let left = Instant::now();
    waiting.abort();
    assert_cancelled(&fake, &gateway, left).await;
}

#[tokio::test]
async fn leaving_before_the_first_token_cancels_the_call() {
    leave_while_waiting(scripts::hang(), true).await;
    leave_while_waiting(scripts::stream(CHAT, &["x"]).before_content().hang(), true).await;
}

#[tokio::test]
async fn leaving_a_call_that_is_not_streamed_cancels_it() {
    leave_while_waiting(scripts::hang(), false).await;
    leave_while_waiting(scripts::hang_after_head(), false).await;
}

#[tokio::test]
async fn leaving_ends_the_search_for_another_target() {
    let (first, second) = (FakeProvider::always(scripts::hang()).await, FakeProvider::start().await);
    let gateway = TestGateway::start(two(first.base_url(), second.base_url())).await;
    let waiting = tokio::spawn(gateway.ask(CHAT, "r").open());
    first.was_asked(1).await;
    waiting.abort();
    first.client_left().await;
    assert_eq!(gateway.ended("chat_completions", "cancelled").await, 1.0);
    assert_eq!(second.asked(), 0);
}

#[tokio::test]
async fn leaving_a_pass_through_cancels_it() {
    let fake = FakeProvider::always(scripts::hang()).await;
    let gateway = TestGateway::before(&fake).await;
    let waiting = tokio::spawn(gateway.client().get("/providers/p/files").open());
    fake.was_asked(1).await;
    let left = Instant::now();
    waiting.abort();
    fake.client_left().await;
    assert!(left.elapsed() < NOTICE_MAX);
    assert_eq!(gateway.ended("passthrough", "cancelled").await, 1.0);
}

#[tokio::test]
async fn a_pass_through_that_is_taken_whole_is_done_with_and_without_a_length() {
    let head = Step::head(http::StatusCode::OK, "text/plain");
    let parts = [Step::Bytes("a".into()), Step::Pause(Duration::ZERO), Step::Bytes("b".into())];
    for body in [&parts[..1], &parts[..], &[]] {
        let script = Script::new([std::slice::from_ref(&head), body].concat());
        let fake = FakeProvider::always(script).await;
        let gateway = TestGateway::before(&fake).await;
        assert_eq!(gateway.client().get("/providers/p/files").answer().await.status, 200);
        assert_eq!(gateway.ended("passthrough", "done").await, 1.0, "{body:?}");
        assert_eq!(gateway.ended("passthrough", "cancelled").await, 0.0, "{body:?}");
    }
}

#[tokio::test]
async fn a_client_that_takes_all_of_it_cancels_nothing() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    gateway.ask_streamed(CHAT, "p/echo").open().await.rest().await.assert_ends_cleanly(CHAT);
    gateway.chat("p/echo").await;
    assert_eq!(gateway.ended("chat_completions", "done").await, 2.0);
    assert_eq!(gateway.ended("chat_completions", "cancelled").await, 0.0);
}

#[tokio::test]
async fn leaving_in_the_middle_of_an_upload_that_is_passed_through_is_no_failure_of_the_provider() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let key = key(1);
    let head = format!(
        "POST /providers/p/files HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-length: 1000000\r\n\r\n",
        key.reveal()
    );
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send(head + "the beginning").await;
    drop(connection);
    let cancelled = async {
        while gateway.ended("passthrough", "cancelled").await < 1.0 {
            tokio::task::yield_now().await;
        }
    };
    within("the end of the request", cancelled).await;
    assert_eq!(gateway.ended("passthrough", "failed").await, 0.0);
    assert_eq!(gateway.metric("tollgate_requests_in_flight").await, 0.0);
}
