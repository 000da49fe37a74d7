//! Realtime sessions: opened like any request, then relayed frame by frame, metered, and ended once.

use std::net::SocketAddr;

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{FakeProvider, WebSocket, within};
use tokio::net::TcpListener;
use wire::websocket::{Opcode, close, frame};

use crate::configuration::{SECRET, key, key_entry, provider};
use crate::gateway::TestGateway;

const PATH: &str = "/v1/realtime?model=p/m";

/// A provider at an address that offers sessions.
fn offering(address: SocketAddr) -> Value {
    let mut entry = provider(format!("http://{address}/v1"));
    entry["endpoints"] =
        json!({"realtime": "/realtime?model={model}", "chat_completions": "/chat/completions"});
    entry
}

fn configuration(address: SocketAddr) -> Value {
    json!({"providers": {"p": offering(address)}, "routes": {"talk": {"target": "p/m"}}})
}

fn bearer() -> String {
    format!("Bearer {}", key(1).reveal())
}

async fn open(gateway: &TestGateway, path: &str) -> WebSocket {
    WebSocket::open(gateway.address(), path, &[("authorization", &bearer())]).await
}

/// A client and a provider in a session, and the gateway between them.
struct Pair {
    client: WebSocket,
    provider: WebSocket,
    gateway: TestGateway,
}

impl Pair {
    async fn with(change: impl FnOnce(&mut Value)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut configuration = configuration(listener.local_addr().unwrap());
        change(&mut configuration);
        let gateway = TestGateway::start(configuration).await;
        let (client, provider) =
            tokio::join!(open(&gateway, "/v1/realtime?model=talk"), WebSocket::accept(&listener));
        assert_eq!(client.status(), 101, "{}", client.head);
        Self { client, provider, gateway }
    }

    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn ended(self, outcome: &str) {
        let Self { client, provider, gateway } = self;
        drop((client, provider));
        ended(&gateway, outcome).await;
    }
}

/// Waits until the session has ended, and looks how.
async fn ended(gateway: &TestGateway, outcome: &str) {
    within("the end of the session", async {
        while gateway.metric("tollgate_requests_in_flight").await > 0.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(gateway.ended("realtime", outcome).await, 1.0, "{outcome}");
}

fn item(text: &str) -> Value {
    let content = json!([{"type": "input_text", "text": text}]);
    json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}})
}

#[tokio::test]
async fn a_session_is_opened_with_the_providers_credential_and_nothing_of_the_clients() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(fake.address())).await;
    let mut client = open(&gateway, "/openai/v1/realtime?model=p%2Fgpt-realtime&intent=talk").await;
    assert_eq!(client.status(), 101, "{}", client.head);
    assert_eq!(client.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(client.header("sec-websocket-extensions"), "");
    assert_eq!(
        (client.header("x-tollgate-provider"), client.header("x-tollgate-model")),
        ("p", "gpt-realtime")
    );
    let asked = fake.only_request();
    assert_eq!(
        (asked.path.as_str(), asked.query.as_str()),
        ("/v1/realtime", "model=gpt-realtime&intent=talk")
    );
    assert_eq!(asked.headers["authorization"], format!("Bearer {SECRET}"));
    assert!(!asked.headers.contains_key("sec-websocket-extensions"));
    let created = client.event().await;
    assert_eq!(
        (&created["type"], &created["session"]["model"]),
        (&json!("session.created"), &json!("gpt-realtime"))
    );
}

#[tokio::test]
async fn a_browser_shows_its_key_among_the_subprotocols() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(fake.address())).await;
    let offered = format!("realtime, openai-insecure-api-key.{}, openai-beta.realtime-v1", key(1).reveal());
    let client = WebSocket::open(gateway.address(), PATH, &[("sec-websocket-protocol", &offered)]).await;
    assert_eq!(
        (client.status(), client.header("sec-websocket-protocol")),
        (101, "realtime"),
        "{}",
        client.head
    );
    let told = &fake.only_request().headers["sec-websocket-protocol"];
    assert_eq!(told, "realtime, openai-beta.realtime-v1");
}

#[tokio::test]
async fn whoever_may_not_or_cannot_is_refused_before_the_provider_hears_of_it() {
    let fake = FakeProvider::start().await;
    let mut configuration = configuration(fake.address());
    configuration["keys"] = json!([key_entry(1, json!({"models": ["p/other"]}))]);
    let gateway = TestGateway::start(configuration).await;
    let unknown = WebSocket::open(gateway.address(), PATH, &[("authorization", "Bearer tg-no")]).await;
    assert_eq!(unknown.status(), 401);
    assert_eq!(open(&gateway, PATH).await.status(), 403);
    assert_eq!(open(&gateway, "/v1/realtime").await.status(), 400);
    let with_body = [("authorization", &*bearer()), ("content-length", "1")];
    assert_eq!(WebSocket::open(gateway.address(), PATH, &with_body).await.status(), 426);
    let plain = gateway.client().get(PATH).answer().await;
    assert_eq!((plain.status, plain.error_code().as_str()), (StatusCode::UPGRADE_REQUIRED, "TG1017"));
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn another_target_is_asked_until_one_agrees() {
    let fake = FakeProvider::start().await;
    let mut configuration = configuration(fake.address());
    let targets = json!([{"target": "p/fail-500"}, {"target": "p/fail-429"}, {"target": "p/gpt-realtime"}]);
    configuration["routes"] = json!({"talk": {"strategy": {"mode": "fallback"}, "targets": targets}});
    let gateway = TestGateway::start(configuration).await;
    let mut client = open(&gateway, "/v1/realtime?model=talk").await;
    assert_eq!((client.status(), client.header("x-tollgate-attempts")), (101, "3"), "{}", client.head);
    assert_eq!(client.event().await["session"]["model"], "gpt-realtime");
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_in_its_own_words() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(fake.address())).await;
    let refused = open(&gateway, "/v1/realtime?model=p/fail-400").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.body().await.contains("The model says so"));
}

#[tokio::test]
async fn a_provider_that_opens_no_websocket_has_failed() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n",
    ] {
        let raw = testkit::RawProvider::start(answer).await;
        let mut entry = offering(SocketAddr::from(([127, 0, 0, 1], 1)));
        entry["base_url"] = json!(raw.base_url());
        let gateway = TestGateway::start(json!({"providers": {"p": entry}})).await;
        assert_eq!(open(&gateway, PATH).await.status(), 502, "{answer}");
    }
}

#[tokio::test]
async fn every_frame_arrives_as_it_was_sent() {
    let Pair { mut client, mut provider, gateway } = Pair::new().await;
    for (opcode, payload) in [
        (Opcode::Text, &b"{}"[..]),
        (Opcode::Binary, &[0, 255, 7]),
        (Opcode::Ping, b"?"),
        (Opcode::Pong, b""),
        (Opcode::Text, &[b'x'; 200_000]),
    ] {
        let sent = client.send(opcode, payload).await;
        assert_eq!(provider.next().await.unwrap().bytes(), &sent, "mask and all");
        let sent = provider.send(opcode, payload).await;
        assert_eq!(client.next().await.unwrap().bytes(), &sent);
    }
    // A text in fragments, with a ping between them, byte by byte.
    let fragments = [&[0x01, 2, b'h', b'e'][..], &frame(Opcode::Ping, b"", None), &[0x80, 1, b'y']].concat();
    for byte in &fragments {
        provider.send_raw([*byte]).await;
    }
    let mut received = Vec::new();
    for _ in 0..3 {
        received.extend_from_slice(client.next().await.unwrap().bytes());
    }
    assert_eq!(received, fragments);
    drop(client);
    assert_eq!(provider.goodbye().await.0, 1_001);
    ended(&gateway, "cancelled").await;
}

#[tokio::test]
async fn a_goodbye_is_passed_on_answered_and_ends_the_session_once() {
    for client_first in [true, false] {
        let mut pair = Pair::new().await;
        let (first, second) = if client_first {
            (&mut pair.client, &mut pair.provider)
        } else {
            (&mut pair.provider, &mut pair.client)
        };
        first.close(3_001).await;
        assert_eq!(second.goodbye().await, (3_001, "bye".to_owned()));
        second.close(1_000).await;
        assert_eq!(first.goodbye().await.0, 1_000);
        assert_eq!(first.next().await, None);
        assert_eq!(second.next().await, None);
        pair.ended("done").await;
    }
}

#[tokio::test]
async fn a_goodbye_that_the_other_side_leaves_unanswered_is_answered_for_it() {
    let Pair { mut client, mut provider, gateway } = Pair::new().await;
    client.close(1_000).await;
    assert_eq!(provider.goodbye().await.0, 1_000);
    drop(provider);
    assert_eq!(client.goodbye().await, (1_000, String::new()));
    assert_eq!(client.next().await, None);
    drop(client);
    ended(&gateway, "done").await;
}

#[tokio::test]
async fn whoever_leaves_without_a_word_is_spoken_for() {
    let Pair { client, mut provider, gateway } = Pair::new().await;
    drop(client);
    assert_eq!(provider.goodbye().await, (1_001, "the client is gone".to_owned()));
    ended(&gateway, "cancelled").await;

    let Pair { mut client, provider, gateway } = Pair::new().await;
    drop(provider);
    assert_eq!(client.goodbye().await, (1_014, "the provider broke off".to_owned()));
    ended(&gateway, "failed").await;
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_told_and_the_other_side_is_spared() {
    let unmasked = frame(Opcode::Text, b"x", None);
    let huge = [&[0x81, 0xff][..], &[0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], &[1, 2, 3, 4]].concat();
    for (bytes, code) in [
        (unmasked.to_vec(), 1_002),
        (huge, 1_009),
        (vec![0xc1, 0x80, 0, 0, 0, 0], 1_002),
        (vec![0x09, 0x80, 0, 0, 0, 0], 1_002),
    ] {
        let mut pair = Pair::new().await;
        pair.client.send_raw(&bytes).await;
        assert_eq!(pair.client.goodbye().await.0, code, "{bytes:?}");
        assert_eq!(pair.provider.goodbye().await.0, 1_001);
        pair.ended("failed").await;
    }
    let mut pair = Pair::new().await;
    pair.provider.send_raw(frame(Opcode::Text, b"x", Some([1; 4]))).await;
    assert_eq!(pair.client.goodbye().await.0, 1_014);
    assert_eq!(pair.provider.goodbye().await.0, 1_002);
    pair.ended("failed").await;
}

#[tokio::test]
async fn no_client_keeps_others_from_a_provider_by_breaking_the_protocol() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let gateway = TestGateway::start(configuration(listener.local_addr().unwrap())).await;
    let openings = "tollgate_breaker_openings_total{provider=\"p\"}";
    for broken_by_client in [true, false] {
        for _ in 0..5 {
            let (mut client, mut provider) = tokio::join!(open(&gateway, PATH), WebSocket::accept(&listener));
            let (unmasked, masked) =
                (frame(Opcode::Text, b"x", None), frame(Opcode::Text, b"x", Some([1; 4])));
            if broken_by_client {
                client.send_raw(&unmasked).await;
            } else {
                provider.send_raw(&masked).await;
            }
            client.goodbye().await;
        }
        let expected = if broken_by_client { 0.0 } else { 1.0 };
        assert_eq!(gateway.metric(openings).await, expected, "by the client: {broken_by_client}");
    }
}

#[tokio::test]
async fn a_message_is_as_large_as_a_body_may_be() {
    let mut pair =
        Pair::with(|configuration| configuration["limits"] = json!({"body_bytes_max": "100KiB"})).await;
    let sent = pair.client.send(Opcode::Binary, &[1; 90_000]).await;
    assert_eq!(pair.provider.next().await.unwrap().bytes(), &sent);
    pair.client.send(Opcode::Binary, &[1; 110_000]).await;
    assert_eq!(pair.client.goodbye().await, (1_009, "the message is larger than allowed here".to_owned()));
    pair.ended("failed").await;
}

#[tokio::test]
async fn a_session_in_which_nobody_says_anything_ends() {
    let silent = |configuration: &mut Value| configuration["routes"]["talk"]["idle_timeout"] = json!("300ms");
    let mut pair = Pair::with(silent).await;
    pair.client.send(Opcode::Ping, b"").await;
    assert_eq!(pair.provider.next().await.unwrap().opcode, Opcode::Ping);
    assert_eq!(pair.client.goodbye().await, (1_001, "idle_timeout".to_owned()));
    assert_eq!(pair.provider.goodbye().await.0, 1_001);
    pair.ended("failed").await;
}

#[tokio::test]
async fn a_reader_that_stops_slows_its_writer_down_and_nothing_piles_up() {
    let Pair { client, mut provider, gateway } = Pair::new().await;
    let piece = vec![7; 1 << 20];
    let flood = async {
        for _ in 0..1_000 {
            provider.send(Opcode::Binary, &piece).await;
        }
    };
    // The client reads nothing: what fits into the sockets goes, and then no more.
    let flooded = tokio::time::timeout(std::time::Duration::from_secs(1), flood).await;
    assert!(flooded.is_err(), "a gigabyte went nowhere");
    assert!(gateway.metric("tollgate_in_flight_bytes").await < 4e6);
    drop(client);
}

#[tokio::test]
async fn a_flood_of_pings_is_the_providers_to_answer_and_holds_nobody_up() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(fake.address())).await;
    let mut client = open(&gateway, PATH).await;
    client.event().await;
    let pings = frame(Opcode::Ping, b"?", Some([1, 2, 3, 4])).repeat(10_000);
    client.send_raw(pings).await;
    for _ in 0..10_000 {
        assert_eq!(client.next().await.unwrap().opcode, Opcode::Pong);
    }
    client.say(&item("still there?")).await;
    assert_eq!(client.event().await["type"], "conversation.item.added");
}

#[tokio::test]
async fn what_a_session_used_is_counted_response_by_response() {
    let fake = FakeProvider::start().await;
    let mut configuration = configuration(fake.address());
    let prices = |text: &str, audio: &str| json!({"standard": {"input": text, "output": text, "input_audio": audio, "output_audio": audio}});
    configuration["catalog"] = json!({"overrides": [
        {"provider": "p", "model": "m", "prices": prices("1", "10")},
        {"provider": "p", "model": "scribe", "prices": prices("100", "100")},
    ]});
    let gateway = TestGateway::start(configuration).await;
    let mut client = open(&gateway, PATH).await;
    client.event().await;
    // 3 tokens in, 4 out: 7 dollars for each million of them.
    client.say(&item("one two three")).await;
    client.say(&json!({"type": "response.create"})).await;
    let done = client.events_until("response.done").await.pop().unwrap();
    assert_eq!(done["response"]["usage"]["total_tokens"], 7);
    // A second of sound in and out, which is written down by another model: 200 and 1,100.
    let transcription = json!({"audio": {"input": {"transcription": {"model": "scribe"}}}});
    client.say(&json!({"type": "session.update", "session": transcription})).await;
    client.say(&json!({"type": "input_audio_buffer.append", "audio": "A".repeat(64_000)})).await;
    client.say(&json!({"type": "input_audio_buffer.commit"})).await;
    client.say(&json!({"type": "response.create"})).await;
    client.events_until("response.done").await;
    client.close(1_000).await;
    assert_eq!(client.goodbye().await.0, 1_000);
    assert_eq!(client.next().await, None);
    let of = |what: &str| format!("tollgate_{what}{{provider=\"p\",model=\"m\"}}");
    assert_eq!(gateway.ended("realtime", "done").await, 1.0);
    let cost = gateway.metric(&of("cost_usd_total")).await;
    assert!((cost - 1_307e-6).abs() < 1e-12, "{cost}");
}

#[tokio::test]
async fn a_session_is_told_that_the_gateway_stops() {
    let mut pair = Pair::with(|configuration| configuration["limits"] = json!({"drain_timeout": "1s"})).await;
    pair.gateway.begin_to_stop();
    assert_eq!(pair.client.goodbye().await, (1_001, "the gateway is shutting down".to_owned()));
    assert_eq!(pair.provider.goodbye().await.0, 1_001);
    drop((pair.client, pair.provider));
    pair.gateway.stopped().await;
}

#[tokio::test]
async fn a_close_frame_that_nobody_may_send_is_not_passed_on() {
    let mut pair = Pair::new().await;
    pair.client.send_raw(close(1_006, "", Some([0; 4]))).await;
    assert_eq!(pair.client.goodbye().await.0, 1_002);
    assert_eq!(pair.provider.goodbye().await.0, 1_001);
    pair.ended("failed").await;
}
