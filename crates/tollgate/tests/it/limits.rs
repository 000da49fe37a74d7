//! Everything is bounded, and who meets a bound is told which.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, RawConnection, Script, Step, scripts};

use crate::configuration::{key, one};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

async fn start(fake: &FakeProvider, limits: Value) -> TestGateway {
    let mut configuration = one(fake);
    configuration["limits"] = limits;
    TestGateway::start(configuration).await
}

/// A chat of about this many bytes.
fn chat_of(bytes: usize) -> String {
    json!({"model": "p/echo", "messages": [{"role": "user", "content": "x".repeat(bytes)}]}).to_string()
}

#[tokio::test]
async fn requests_beyond_the_memory_are_shed_and_served_again_when_there_is_room() {
    let fake = FakeProvider::playing([scripts::hang()]).await;
    let gateway = start(&fake, json!({"body_bytes_max": "64KiB", "in_flight_bytes_max": "100KiB"})).await;
    let first = tokio::spawn(gateway.post_chat(chat_of(60_000)).open());
    fake.was_asked(1).await;
    let held = gateway.metric("tollgate_in_flight_bytes").await;
    assert!((60_000.0..70_000.0).contains(&held), "{held}");
    let shed = gateway.post_chat(chat_of(60_000)).answer().await;
    assert_eq!((shed.status.as_u16(), shed.error_code().as_str()), (503, "TG4001"));
    assert_eq!(shed.header("retry-after"), "1");
    assert_eq!(gateway.post_chat(chat_of(10_000)).answer().await.status, 200, "what fits is served");
    first.abort();
    fake.client_left().await;
    assert_eq!(gateway.post_chat(chat_of(60_000)).answer().await.status, 200);
    assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
    assert_eq!(gateway.metric("tollgate_refusals_total{code=\"TG4001\"}").await, 1.0);
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"body_idle_timeout": "40ms"})).await;
    let answer = gateway.post_chat("").in_pieces(["{\"model\":".into()]).stalling().answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (408, "TG1009"));
    assert!(answer.error_message().contains("limits.body_idle_timeout"));
    assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
}

#[tokio::test]
async fn a_head_that_stalls_closes_the_connection() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"head_read_timeout": "40ms"})).await;
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send("GET /v1/models HTTP/1.1\r\nhost:").await;
    let answer = connection.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_most_wait_for_a_place() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"connections_max": 2})).await;
    let client = gateway.client();
    let (mut first, mut second) = (client.connect().await, client.connect().await);
    for connection in [&mut first, &mut second] {
        assert_eq!(client.get("/healthz").answer_on(connection).await.status, 200);
    }
    let waiting = tokio::spawn(gateway.client().get("/healthz").answer());
    for _ in 0..20 {
        assert_eq!(client.get("/healthz").answer_on(&mut first).await.status, 200);
    }
    assert!(!waiting.is_finished());
    drop(second);
    assert_eq!(testkit::within("the place", waiting).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_stream_with_an_error_event() {
    let begun = scripts::stream(CHAT, &["said"]).up_to_content(1);
    let endless = begun.clone().and(&format!("data: {}", "x".repeat(5_000)));
    let frames = begun.frames().len();
    for (mut script, begun_after) in [(endless.hang(), frames), (endless.clone().in_writes_of(700).hang(), 1)]
    {
        // The head is the first step. The content must be on its way before the frame begins, or all of it would fail.
        script.steps.insert(begun_after + 1, Step::Pause(Duration::from_secs(1)));
        let fake = FakeProvider::always(script).await;
        let gateway = start(&fake, json!({"sse_frame_bytes_max": "4KiB"})).await;
        let answer = gateway.ask_streamed(CHAT, "p/m").open().await;
        fake.clock().waits_begun(1).await;
        fake.clock().advance(Duration::from_secs(1));
        let transcript = answer.rest().await;
        assert!(transcript.text().starts_with(&begun.text()));
        let event = transcript.assert_ends_with_error_event(CHAT);
        assert_eq!(event["error"]["code"], "TG3003");
        fake.client_left().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_hold_is_streamed_whole() {
    let text = "0123456789".repeat(20_000);
    let body = Bytes::from(scripts::answer(CHAT, &text).to_string());
    let mut steps = vec![Step::head(StatusCode::OK, "application/json")];
    for piece in body.chunks(9_000) {
        steps.extend([Step::Bytes(Bytes::copy_from_slice(piece)), Step::Pause(Duration::ZERO)]);
    }
    let fake = FakeProvider::always(Script::new(steps)).await;
    let gateway = start(&fake, json!({"held_answer_bytes_max": "16KiB"})).await;
    let answer = gateway.chat("p/m").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == body);
    assert_eq!(gateway.ended("chat_completions", "done").await, 1.0);
}

#[tokio::test]
async fn a_large_answer_that_breaks_is_seen_to_break() {
    let head = Step::head(StatusCode::OK, "application/json");
    let steps = vec![head, Step::Bytes("[".repeat(50_000).into()), Step::Pause(Duration::ZERO), Step::Cut];
    let fake = FakeProvider::always(Script::new(steps)).await;
    let gateway = start(&fake, json!({"held_answer_bytes_max": "16KiB"})).await;
    let transcript = gateway.ask(CHAT, "p/m").open().await.rest().await;
    assert!(transcript.broken_off);
    assert_eq!(gateway.ended("chat_completions", "failed").await, 1.0);
}

/// More than all buffers on the way hold.
const FRAMES: usize = 2_000;

/// A stream of 16 MB that does not end.
fn flood() -> Script {
    let frame =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(8_000));
    let mut steps = vec![Step::head(StatusCode::OK, "text/event-stream")];
    steps.extend((0..FRAMES).map(|_| Step::Bytes(Bytes::from(frame.clone()))));
    steps.push(Step::Hang);
    Script::new(steps)
}

#[tokio::test]
async fn a_slow_reader_slows_the_provider_down_instead_of_filling_the_memory() {
    let fake = FakeProvider::always(flood()).await;
    let gateway = TestGateway::before(&fake).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    answer.next().await.unwrap();
    drop(answer);
    let sent = fake.client_left().await.parts_sent;
    assert!(sent < FRAMES, "all {sent} frames were taken although nobody read them");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_dropped_and_so_is_the_call() {
    let fake = FakeProvider::always(flood()).await;
    let gateway = start(&fake, json!({"write_stall_timeout": "60ms"})).await;
    let body = scripts::request(CHAT, "p/m", true).to_string();
    let key = key(1);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-length: {}\r\n\r\n",
        key.reveal(),
        body.len()
    );
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send(head + &body).await;
    fake.client_left().await;
    assert_eq!(gateway.ended("chat_completions", "cancelled").await, 1.0);
    assert_eq!(gateway.metric("tollgate_requests_in_flight").await, 0.0);
}

#[tokio::test]
async fn an_answer_counts_until_the_client_has_taken_it() {
    const ANSWER_BYTES: usize = 40 << 20;
    let body = format!("{{\"choices\":[],\"x\":\"{}\"}}", "x".repeat(ANSWER_BYTES));
    let head = Step::head(StatusCode::OK, "application/json");
    let fake = FakeProvider::always(Script::new(vec![head, Step::Bytes(body.into())])).await;
    let gateway = start(&fake, json!({"held_answer_bytes_max": "64MiB"})).await;
    let answer = gateway.ask(CHAT, "p/m").open().await;
    let held = gateway.metric("tollgate_in_flight_bytes").await;
    assert!(held > 40e6, "{held}");
    assert!(answer.rest().await.body.len() > ANSWER_BYTES);
    assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
}
