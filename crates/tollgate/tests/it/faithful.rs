//! The bytes of requests and answers survive, but for what Tollgate must change.

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, RawConnection, Script, Step, scripts};

use crate::configuration::{key, one};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway before a provider that is known to serve the bare model `m`.
async fn start() -> (FakeProvider, TestGateway) {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let mut configuration = one(&fake);
    configuration["providers"]["p"]["models"] = json!(["m"]);
    let gateway = TestGateway::start(configuration).await;
    (fake, gateway)
}

#[tokio::test]
async fn a_request_reaches_the_provider_byte_for_byte_but_for_its_model() {
    let (fake, gateway) = start().await;
    for (body, spelled, arrives) in [
        ("{ \"model\" :\t\"p/m\" ,\r\n \"messages\":[ ] , \"x\":1e400, \"y\":-0.0 }\n\n", "\"p/m\"", "\"m\""),
        (r#"{"zeta":1,"model":"p/m","alpha":{"b":1,"a":1.00000000000000000000001}}"#, "\"p/m\"", "\"m\""),
        (r#"{"model":"p\/m","a":"\u00e9\ud83d\ude00é😀","\u0061":0}"#, r#""p\/m""#, "\"m\""),
        (r#"{"mod\u0065l":"p/m","messages":[]}"#, "\"p/m\"", "\"m\""),
        (
            r#"{"model":"p/m","seed":1,"seed":2,"nested":{"model":"p/m","model":"x"}}"#,
            "\"model\":\"p/m\",\"s",
            "\"model\":\"m\",\"s",
        ),
        (r#"{"model":"m","unknown":[[],{},null,"",0]}"#, "", ""),
        (r#"{"model":"\u006d" }"#, "", ""),
        (r#"{"stream":false,"model":"m","stream_options":null}"#, "", ""),
    ] {
        let answer = gateway.post_chat(body).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sent = fake.requests().pop().unwrap();
        let expected = body.replacen(spelled, arrives, 1);
        assert_eq!(String::from_utf8_lossy(&sent.body), expected);
        assert_eq!((sent.path.as_str(), sent.query.as_str()), ("/v1/chat/completions", ""));
    }
}

#[tokio::test]
async fn the_clients_query_reaches_the_provider() {
    let (fake, gateway) = start().await;
    let request = gateway.client().post("/v1/chat/completions?beta=true&x=%20", r#"{"model":"p/m"}"#);
    assert_eq!(request.answer().await.status, 200);
    assert_eq!(fake.only_request().query, "beta=true&x=%20");
}

#[tokio::test]
async fn a_large_request_in_many_pieces_arrives_whole() {
    let (fake, gateway) = start().await;
    let text: String = (0..1 << 20).map(|number| char::from(b'a' + (number % 26) as u8)).collect();
    let body = Bytes::from(format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}],"model":"p/m"}}"#));
    let pieces: Vec<Bytes> = body.chunks(60_001).map(Bytes::copy_from_slice).collect();
    let answer = gateway.post_chat("").in_pieces(pieces).answer().await;
    assert_eq!(answer.status, 200);
    let expected = String::from_utf8_lossy(&body).replace("p/m", "m");
    assert!(fake.only_request().body == expected);
    let at_once = gateway.post_chat(body).answer().await;
    assert_eq!(at_once.status, 200);
    assert!(fake.requests()[1].body == expected);
}

#[tokio::test]
async fn usage_is_asked_for_in_a_stream_and_nothing_else_changes() {
    let fake = FakeProvider::always(scripts::stream(CHAT, &["hi"]).script()).await;
    let gateway = TestGateway::before(&fake).await;
    for (body, arrives) in [
        (
            r#"{"model":"p/m","stream":true}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"stream_options": {"include_usage": false, "x": 1} , "stream":true,"model":"p/m"}"#,
            r#"{"stream_options": {"include_usage": true, "x": 1} , "stream":true,"model":"m"}"#,
        ),
        (
            r#"{"model":"p/m","stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
    ] {
        gateway.post_chat(body).answer().await;
        assert_eq!(fake.requests().pop().unwrap().body, arrives);
    }
}

#[tokio::test]
async fn a_whole_answer_reaches_the_client_byte_for_byte() {
    let (fake, gateway) = start().await;
    for body in [
        " {\r\n\t\"choices\" : [ ] , \"x\":1e400,\"x\":2, \"e\":\"\\u00e9\\ud83d\\ude00é\" } \n",
        r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"new":{}},"zz":-0}"#,
        "[]",
        "\"text\"",
    ] {
        let head = Step::head(StatusCode::OK, "application/json; charset=utf-8");
        fake.next(Script::new(vec![head, Step::Bytes(body.into())]));
        let answer = gateway.chat("m").await;
        assert_eq!(answer.text(), body);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(answer.header("content-length"), body.len().to_string());
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_not_looked_at() {
    let (fake, gateway) = start().await;
    let bytes: Vec<u8> = (0..=255).collect();
    let head = Step::head(StatusCode::OK, "audio/mpeg");
    fake.next(Script::new(vec![head, Step::Bytes(bytes.clone().into())]));
    assert_eq!(gateway.chat("m").await.body, bytes);
}

#[tokio::test]
async fn a_compressed_answer_is_handed_on_as_it_is() {
    let (fake, gateway) = start().await;
    for content_type in ["application/json", "text/event-stream"] {
        let bytes = b"\x1f\x8b\x08 as if it were compressed";
        let whole = Script::new(vec![
            Step::head(StatusCode::OK, content_type),
            Step::Bytes(Bytes::from_static(bytes)),
        ]);
        fake.next(scripts::with_header(whole, "content-encoding", "gzip"));
        let answer = gateway.chat("m").await;
        assert_eq!((answer.header("content-encoding"), &answer.body[..]), ("gzip", &bytes[..]));
    }
    assert_eq!(gateway.ended("chat_completions", "done").await, 2.0);
}

#[tokio::test]
async fn a_stream_reaches_the_client_byte_for_byte_in_every_format_and_cut() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for stream in scripts::STREAMS_BY_BODY {
        let plain = scripts::stream(stream, &["a", "é😀", "c"]);
        let odd = plain
            .insert(0, ": OPENROUTER PROCESSING\n\n")
            .insert(2, "event: unheard.of\nid: 7\nretry: 10\ndata: {\"a\":\ndata: 1}\n\n")
            .before_last(": ping\n\n");
        for events in [odd.clone(), odd.clone().crlf()] {
            for write_bytes in [1, 7, 100, 100_000] {
                fake.next(events.clone().in_writes_of(write_bytes).script());
                let transcript = gateway.ask_streamed(stream, "p/m").open().await.rest().await;
                assert_eq!(transcript.text(), events.text(), "{stream:?} in writes of {write_bytes}");
                transcript.assert_ends_cleanly(stream);
            }
        }
    }
}

#[tokio::test]
async fn a_usage_chunk_is_kept_from_clients_that_did_not_ask_for_it() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for stream in [CHAT, EventStream::Completions] {
        let plain = scripts::stream(stream, &["a", "b"]);
        let with_usage = plain.clone().before_last(scripts::USAGE_CHUNK);
        for write_bytes in [3, 64, 100_000] {
            fake.next(with_usage.clone().in_writes_of(write_bytes).script());
            let transcript = gateway.ask_streamed(stream, "p/m").open().await.rest().await;
            assert_eq!(transcript.text(), plain.text());
        }
    }
    assert_eq!(
        gateway.metric("tollgate_tokens_total{provider=\"p\",model=\"m\",kind=\"output\"}").await,
        66.0
    );
}

#[tokio::test]
async fn a_usage_chunk_reaches_the_client_that_asked_for_it() {
    let with_usage = scripts::stream(CHAT, &["a"]).before_last(scripts::USAGE_CHUNK);
    let fake = FakeProvider::always(with_usage.script()).await;
    let gateway = TestGateway::before(&fake).await;
    let mut request = scripts::request(CHAT, "p/m", true);
    request["stream_options"] = json!({"include_usage": true});
    let transcript = gateway.post_chat(request.to_string()).open().await.rest().await;
    assert_eq!(transcript.text(), with_usage.text());
}

#[tokio::test]
async fn frames_are_forwarded_when_they_come_and_not_when_the_stream_ends() {
    let events = scripts::stream(CHAT, &["one", "two"]);
    let fake = FakeProvider::always(events.paused_before(2)).await;
    let gateway = TestGateway::before(&fake).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    let first = answer.until("one").await;
    fake.clock().waits_begun(1).await;
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert_eq!(first + answer.rest().await.text(), events.text());
}

#[tokio::test]
async fn a_stream_that_says_why_it_stops_is_whole_without_its_last_event() {
    let whole = scripts::stream(CHAT, &["a"]);
    let without_done = whole.first(whole.frames().len() - 1);
    let unterminated = without_done.clone().and("data: [DONE]");
    let fake = FakeProvider::playing([without_done.script(), unterminated.script()]).await;
    let gateway = TestGateway::before(&fake).await;
    for events in [without_done, unterminated] {
        let transcript = gateway.ask_streamed(CHAT, "p/m").open().await.rest().await;
        assert_eq!((transcript.text(), transcript.broken_off), (events.text().as_str(), false));
    }
    assert_eq!(gateway.ended("chat_completions", "done").await, 2.0);
}

#[tokio::test]
async fn a_pass_through_is_forwarded_as_it_comes() {
    let events = scripts::stream(CHAT, &["one", "two"]);
    let fake = FakeProvider::always(events.paused_before(2)).await;
    let gateway = TestGateway::before(&fake).await;
    let mut answer = gateway.client().post("/providers/p/v1/anything", "{").open().await;
    let first = answer.until("one").await;
    fake.clock().waits_begun(1).await;
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert_eq!(first + answer.rest().await.text(), events.text());
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_the_same_bytes() {
    let events = scripts::stream(CHAT, &["a", "b"]);
    let fake = FakeProvider::always(events.clone().in_writes_of(10).script()).await;
    let gateway = TestGateway::before(&fake).await;
    let body = scripts::request(CHAT, "p/m", true).to_string();
    let mut connection = RawConnection::open(gateway.address()).await;
    let key = key(1);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nx-api-key: {}\r\ncontent-length: {}\r\n\r\n",
        key.reveal(),
        body.len()
    );
    connection.send(head + &body).await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{}", events.text())), "{answer}");
}

#[tokio::test]
async fn answers_to_many_at_once_never_get_mixed_up() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["providers"]["q"] = configuration["providers"]["p"].clone();
    configuration["providers"]["q"]["transport"] = json!({"http": "2"});
    let gateway = TestGateway::start(configuration).await;
    let calls = (0..200).map(|number| {
        // Short enough to be one token of the echo.
        let word = format!("w{number}-end");
        let (provider, streamed) = (if number % 2 == 0 { "p" } else { "q" }, number % 3 == 0);
        let messages = json!([{"role": "user", "content": word}]);
        let body = json!({"model": format!("{provider}/echo"), "messages": messages, "stream": streamed});
        let call = gateway.post_chat(body.to_string());
        tokio::spawn(async move { (word, call.open().await.rest().await) })
    });
    for call in calls.collect::<Vec<_>>() {
        let (word, transcript) = testkit::within("the answer", call).await.unwrap();
        let text = transcript.text();
        assert!(text.contains(&word) && text.matches("-end").count() == 1, "{word}: {text}");
    }
    assert_eq!(fake.asked(), 200);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(".{0,6}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn any_body_and_any_answer_survive() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (fake, gateway) = runtime.block_on(start());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(128) });
    let cases = (any_json(), any_json(), any::<bool>());
    let law = runner.run(&cases, |(before, after, pretty)| {
        let write = |value: &Value| {
            if pretty { format!("{value:#}") } else { value.to_string() }
        };
        let body = format!("{{\"before\":{},\"model\":\"p/m\",\"after\":{}}}", write(&before), write(&after));
        let answer = format!("{{\"choices\":[],\"before\":{},\"after\":{} }}", write(&before), write(&after));
        let head = Step::head(StatusCode::OK, "application/json");
        fake.next(Script::new(vec![head, Step::Bytes(answer.clone().into())]));
        let got = runtime.block_on(gateway.post_chat(body.clone()).answer());
        prop_assert_eq!(got.text(), answer);
        let arrived = fake.requests().pop().unwrap().body;
        let expected = body.replacen("\"model\":\"p/m\",\"after\"", "\"model\":\"m\",\"after\"", 1);
        prop_assert_eq!(arrived, expected);
        Ok(())
    });
    law.unwrap();
}

#[tokio::test]
async fn a_stream_is_known_by_being_asked_for_where_its_type_says_something_else() {
    let events = scripts::stream(CHAT, &["a", "b"]);
    let mut script = events.paused_before(events.frames().len() - 1);
    script.steps[0] = Step::head(StatusCode::OK, "text/plain; charset=utf-8");
    let fake = FakeProvider::always(script).await;
    let gateway = TestGateway::before(&fake).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    assert!(answer.next().await.is_some(), "passed on before the stream ends");
    fake.clock().waits_begun(1).await;
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert!(answer.rest().await.text().ends_with("data: [DONE]\n\n"));
    fake.keep_answering(Script::new(vec![
        Step::head(StatusCode::OK, "text/html"),
        Step::Bytes("<html>Log in first</html>".into()),
    ]));
    assert_eq!(gateway.ask_streamed(CHAT, "p/m").answer().await.status, 502, "a page is no stream");
}
