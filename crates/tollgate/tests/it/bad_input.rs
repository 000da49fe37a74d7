//! What bad input gets: never a 5xx, always the place and the shape that the client's library understands.

use std::fmt::Write;

use bytes::Bytes;
use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use testkit::{Answer, EventStream, FakeProvider, RawConnection, scripts};

use crate::configuration::{SECRET, key, one};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello!"}]}"#;

/// A gateway with small limits before an echo.
async fn start() -> (FakeProvider, TestGateway) {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["limits"] =
        json!({"body_bytes_max": "8KiB", "head_bytes_max": "8KiB", "json_depth_max": 10});
    let gateway = TestGateway::start(configuration).await;
    (fake, gateway)
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str, param: &str) {
    let error = &answer.json()["error"];
    assert_eq!((answer.status.as_u16(), &error["code"]), (status, &json!(code)), "{}", answer.text());
    assert_eq!(error["param"].as_str().unwrap_or_default(), param, "{}", answer.text());
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(error["type"].as_str().is_some_and(|kind| kind.ends_with("_error")));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_the_place() {
    let (fake, gateway) = start().await;
    for (body, param) in [
        (&b""[..], ""),
        (b"{", ""),
        (b"hello", ""),
        (b"{\"model\":\"p/m\",}", ""),
        (b"{\"model\":\"p/m\"} {}", ""),
        (b"{\"model\":\"p/m\",\"messages\":[{\"role\":tru}]}", "messages[0].role"),
        (b"{\"model\":\"p/m\",\"a\":{\"b\":[1,2,03]}}", "a.b[2]"),
        (b"{\"model\":\"p/m\",\"a\":\"\\x\"}", "a"),
        (b"{\"model\":\"p/m\",\"a\":\"\xff\"}", "a"),
        (b"{\"model\":\"p/m\",\"a\":\"\xed\xa0\x80\"}", "a"),
        (b"{\"model\":\"p/m\",\"a\":\"\n\"}", "a"),
        (b"{\"model\":\"p/m\",\"a\":NaN}", "a"),
    ] {
        let answer = gateway.post_chat(body).answer().await;
        assert_refused(&answer, 400, "TG1001", param);
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_body_that_is_nested_too_deep_is_refused() {
    let (_fake, gateway) = start().await;
    let nested =
        |depth: usize| format!("{{\"model\":\"p/m\",\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let answer = gateway.post_chat(nested(10)).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1001"));
    assert!(answer.error_message().contains("10"), "{}", answer.error_message());
    let allowed = gateway.post_chat(nested(9)).answer().await;
    assert_eq!(allowed.error_code(), "", "the provider's own refusal: {}", allowed.text());
}

#[tokio::test]
async fn a_member_that_tollgate_reads_must_have_its_type() {
    let (fake, gateway) = start().await;
    for (body, param) in [
        (json!({}), "model"),
        (json!({"model": null}), "model"),
        (json!({"model": 7}), "model"),
        (json!({"model": ""}), "model"),
        (json!({"model": ["p/m"]}), "model"),
        (json!({"model": "p/m", "stream": "yes"}), "stream"),
        (json!({"model": "p/m", "stream_options": []}), "stream_options"),
        (json!({"model": "p/m", "stream_options": {"include_usage": 1}}), "stream_options.include_usage"),
        (json!({"model": "p/m", "max_tokens": "many"}), "max_tokens"),
        (json!({"model": "p/m", "max_completion_tokens": -1}), "max_completion_tokens"),
        (json!({"model": "p/m", "n": 1.5}), "n"),
    ] {
        assert_refused(&gateway.post_chat(body.to_string()).answer().await, 400, "TG1002", param);
    }
    assert_refused(&gateway.post_chat("[]").answer().await, 400, "TG1002", "");
    let previous = json!({"model": "p/m", "input": "x", "previous_response_id": 7}).to_string();
    let answer = gateway.client().post("/v1/responses", previous).answer().await;
    assert_refused(&answer, 400, "TG1002", "previous_response_id");
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_member_that_tollgate_governs_may_occur_once_however_it_is_spelled() {
    let (fake, gateway) = start().await;
    for (body, param) in [
        (r#"{"model":"p/m","model":"p/m"}"#, "model"),
        (r#"{"model":"p/m","mod\u0065l":"q/m"}"#, "model"),
        (r#"{"stream":true,"model":"p/m","stream":false}"#, "stream"),
        (r#"{"model":"p/m","max_tokens":1,"max_tokens":2}"#, "max_tokens"),
        (
            r#"{"model":"p/m","stream_options":{"include_usage":true,"include_usage":false}}"#,
            "stream_options.include_usage",
        ),
    ] {
        assert_refused(&gateway.post_chat(body).answer().await, 400, "TG1003", param);
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_refused_with_those_that_do() {
    let (_fake, gateway) = start().await;
    for (method, path, allow) in [
        (Method::GET, "/v1/chat/completions", "POST"),
        (Method::DELETE, "/v1/messages", "POST"),
        (Method::POST, "/v1/models", "GET"),
        (Method::PUT, "/v1/responses/resp_1", "GET, DELETE"),
        (Method::GET, "/v1/responses/resp_1/cancel", "POST"),
        (Method::GET, "/v2/chat", "POST"),
        (Method::GET, "/v1beta/models/m:generateContent", "POST"),
        (Method::POST, "/healthz", "GET, HEAD"),
    ] {
        let answer = gateway.client().request(method, path).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allow), "{path}");
        assert!(answer.text().contains(allow));
    }
}

#[tokio::test]
async fn an_unknown_path_is_refused_with_what_there_is() {
    let (_fake, gateway) = start().await;
    for path in ["/", "/v1", "/v1/chat/completions/", "/v1/responses/", "/v1/models/", "//v1/models"] {
        let answer = gateway.client().get(path).answer().await;
        assert_refused(&answer, 404, "TG1008", "");
        assert!(answer.error_message().contains("/v1/chat/completions"), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let (fake, gateway) = start().await;
    let body = format!("{{\"model\":\"p/m\",\"a\":\"{}\"}}", "x".repeat(9_000));
    assert_refused(&gateway.post_chat(body.clone()).answer().await, 413, "TG1004", "");
    let pieces: Vec<Bytes> = body.as_bytes().chunks(1_000).map(Bytes::copy_from_slice).collect();
    assert_refused(&gateway.post_chat("").in_pieces(pieces).answer().await, 413, "TG1004", "");
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn only_json_that_is_not_compressed_is_understood() {
    let (_fake, gateway) = start().await;
    let call = || gateway.ask(CHAT, "p/echo");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"]
    {
        assert_refused(&call().header("content-type", kind).answer().await, 415, "TG1005", "");
    }
    assert_refused(&call().header("content-encoding", "gzip").answer().await, 415, "TG1005", "");
    for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"] {
        assert_eq!(call().header("content-type", kind).answer().await.status, 200, "{kind}");
    }
    assert_eq!(call().without_header("content-type").answer().await.status, 200);
    assert_eq!(call().header("content-encoding", "identity").answer().await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (_fake, gateway) = start().await;
    let long = gateway.ask(CHAT, "p/echo").header("x-long", &"x".repeat(9_000)).answer().await;
    assert_refused(&long, 431, "TG1006", "");
    let mut many = "GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n".to_owned();
    for number in 0..1_000 {
        write!(many, "x-{number}: 1\r\n").unwrap();
    }
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send(many + "\r\n").await;
    assert!(connection.rest().await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_header_that_tollgate_reads_must_be_text() {
    let (_fake, gateway) = start().await;
    let request = "{\"model\":\"p/echo\"}";
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {}\r\ncontent-length: {}\r\n",
        key(1).reveal(),
        request.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(b"x-tollgate-config: \xff\xfe\r\n\r\n");
    bytes.extend_from_slice(request.as_bytes());
    let mut connection = RawConnection::open(gateway.address()).await;
    connection.send(bytes).await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("TG1014"), "{answer}");
}

#[tokio::test]
async fn an_anthropic_client_is_told_in_anthropics_shape() {
    let (_fake, gateway) = start().await;
    let client = gateway.client();
    let refusals = [
        (client.post("/v1/messages", "{").answer().await, 400, "invalid_request_error"),
        (client.post("/anthropic/v1/messages", "{}").answer().await, 400, "invalid_request_error"),
        (client.post("/v1/messages", r#"{"model":"nobody"}"#).answer().await, 404, "not_found_error"),
        (gateway.anybody().post("/v1/messages", "{}").answer().await, 401, "authentication_error"),
        (client.get("/v1/messages").answer().await, 405, "invalid_request_error"),
        (
            client.get("/v1/nowhere").header("anthropic-version", "2023-06-01").answer().await,
            404,
            "not_found_error",
        ),
        (client.post("/v1/messages", "x".repeat(9_000)).answer().await, 413, "request_too_large"),
    ];
    for (answer, status, kind) in refusals {
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["type"]), (status, &json!("error")), "{body}");
        assert_eq!(body["error"]["type"], kind, "{body}");
        assert_eq!(body["request_id"], answer.header("x-tollgate-request-id"));
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on_or_refused_at_once() {
    let (_fake, gateway) = start().await;
    let body = scripts::request(CHAT, "p/echo", false).to_string();
    let head = |key: &str| {
        let length = body.len();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n\
             x-api-key: {key}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut welcome = RawConnection::open(gateway.address()).await;
    welcome.send(head(key(1).reveal())).await;
    welcome.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    welcome.send(&body).await;
    assert!(welcome.rest().await.starts_with("HTTP/1.1 200"));
    let mut refused = RawConnection::open(gateway.address()).await;
    refused.send(head(key(2).reveal())).await;
    assert!(refused.rest().await.starts_with("HTTP/1.1 401"), "before a byte of the body was sent");
}

#[tokio::test]
async fn nonsense_instead_of_http_harms_nobody() {
    let (_fake, gateway) = start().await;
    for nonsense in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame of HTTP/2 at all",
    ] {
        let mut connection = RawConnection::open(gateway.address()).await;
        connection.send(nonsense).await;
        let answer = connection.rest().await;
        assert!(!answer.contains("200 OK") && !answer.contains("HTTP/1.1 5"), "{answer}");
    }
    assert_eq!(gateway.chat("p/echo").await.status, 200);
}

/// A body with a few bytes changed, taken out or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bodies = scripts::STREAMS_BY_BODY.map(|stream| {
        let mut request = scripts::request(stream, "p/echo", true);
        request["stream_options"] = json!({"include_usage": true});
        request["tools"] =
            json!([{"type": "function", "function": {"name": "f", "parameters": {"a": [1, "é", null]}}}]);
        request.to_string().into_bytes()
    });
    let change = (any::<prop::sample::Index>(), 0_u8..4, any::<u8>());
    (prop::sample::select(bodies.to_vec()), prop::collection::vec(change, 1..6)).prop_map(
        |(mut body, changes)| {
            for (place, kind, byte) in changes {
                let place = place.index(body.len().max(1)).min(body.len().saturating_sub(1));
                match kind {
                    0 if !body.is_empty() => body[place] = byte,
                    1 if !body.is_empty() => drop(body.remove(place)),
                    2 => body.insert(place, byte),
                    _ => {
                        let tail = body.get(place..).unwrap_or_default().to_vec();
                        body.extend_from_slice(tail.get(..tail.len().min(20)).unwrap_or_default());
                    }
                }
            }
            body
        },
    )
}

#[test]
fn no_body_gets_a_5xx_or_sees_a_secret() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_fake, gateway) = runtime.block_on(start());
    let config = Config { failure_persistence: None, ..Config::with_cases(400) };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let paths = prop::sample::select(scripts::STREAMS_BY_BODY.map(scripts::path).to_vec());
    let law = runner.run(&(mutated(), paths), |(body, path)| {
        let answer = runtime.block_on(gateway.client().post(path, body).answer());
        prop_assert!(answer.status.as_u16() < 500, "{} {}", answer.status, answer.text());
        let text = String::from_utf8_lossy(&answer.body);
        prop_assert!(!text.contains(SECRET) && !text.contains(key(1).reveal()), "{}", text);
        Ok(())
    });
    law.unwrap();
    runtime.block_on(async {
        assert_eq!(gateway.chat("p/echo").await.status, 200);
        assert_eq!(gateway.metric("tollgate_requests_in_flight").await, 0.0);
        assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
    });
}

#[tokio::test]
async fn chunks_that_are_none_are_a_mistake_and_no_timeout() {
    let (_fake, gateway) = start().await;
    for chunk in ["zz\r\n", "fffffffffffffffff\r\n", "2\r\n{}XX"] {
        let mut connection = RawConnection::open(gateway.address()).await;
        let key = key(1);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ntransfer-encoding: chunked\r\n\r\n",
            key.reveal()
        );
        connection.send(head + chunk).await;
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("TG1001"), "{chunk:?}: {answer}");
    }
}

#[tokio::test]
async fn a_route_in_a_header_is_neither_long_nor_deep() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["limits"] = json!({"head_bytes_max": "256KiB"});
    let gateway = TestGateway::start(configuration).await;
    let nested = |depth: usize| {
        let route = (1..depth).fold(json!({"target": "p/m"}), |inner, _| json!({"targets": [inner]}));
        route.to_string()
    };
    let padded = |bytes: usize| {
        format!("{{\"target\": \"p/m\"{}}}", " ".repeat(bytes - "{\"target\": \"p/m\"}".len()))
    };
    for route in [nested(16), padded(64 << 10)] {
        fake.next(scripts::json(&scripts::answer(CHAT, "served")));
        let answer = gateway.post_chat(BODY).header("x-tollgate-config", &route).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for (route, told) in
        [(nested(17), "at most 16 levels"), (padded((64 << 10) + 1), "longer than 65536 bytes")]
    {
        let answer = gateway.post_chat(BODY).header("x-tollgate-config", &route).answer().await;
        assert_refused(&answer, 400, "TG1011", "");
        assert!(answer.error_message().contains(told), "{}", answer.text());
    }
}
