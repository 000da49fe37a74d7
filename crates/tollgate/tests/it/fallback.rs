//! Moving on to the next target, up to the first content of an answer and not after it.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, RawProvider, Script, Step, closed_address, scripts};

use crate::configuration::{SECRET, provider, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A first provider that fails in a way, a second that serves, and a gateway with a route `r` over both.
struct Pair {
    first: FakeProvider,
    second: FakeProvider,
    gateway: TestGateway,
}

impl Pair {
    async fn start(first: Script) -> Self {
        Self::start_with(first, |_| {}).await
    }

    async fn start_with(first: Script, change: impl FnOnce(&mut Value)) -> Self {
        let hangs = first.steps.iter().any(|step| matches!(step, Step::Hang));
        let (first, second) = (FakeProvider::always(first).await, FakeProvider::start().await);
        let mut configuration = two(first.base_url(), second.base_url());
        if hangs {
            configuration["routes"]["r"]["targets"][0]["first_token_timeout"] = json!("60ms");
        }
        change(&mut configuration);
        Self { first, second, gateway: TestGateway::start(configuration).await }
    }

    /// Whether the second provider serves what the first does not.
    async fn is_rescued(&self, streamed: bool) -> bool {
        self.second.keep_answering(if streamed {
            scripts::stream(CHAT, &["rescued"]).script()
        } else {
            scripts::json(&scripts::answer(CHAT, "rescued"))
        });
        let call = if streamed { self.gateway.ask_streamed(CHAT, "r") } else { self.gateway.ask(CHAT, "r") };
        let answer = call.answer().await;
        answer.text().contains("rescued") && answer.header("x-tollgate-provider") == "q"
    }
}

fn ok(content_type: &'static str, body: &'static str) -> Script {
    Script::new(vec![Step::head(StatusCode::OK, content_type), Step::Bytes(body.into())])
}

#[tokio::test]
async fn a_whole_answer_that_fails_in_any_way_falls_over() {
    for (what, script) in [
        ("a web page", ok("text/html; charset=utf-8", "<html>sign in</html>")),
        ("400", scripts::error(400, "no")),
        ("401", scripts::error(401, "no")),
        ("404", scripts::error(404, "no")),
        ("429", scripts::error(429, "no")),
        ("500", scripts::error(500, "no")),
        ("529", scripts::error(529, "no")),
        ("a redirect", scripts::error(302, "elsewhere")),
        ("half of a JSON text", scripts::malformed_json()),
        ("no body", scripts::empty_answer()),
        ("no body of any kind", Script::new(vec![Step::head(StatusCode::NO_CONTENT, "text/plain")])),
        ("no head", scripts::cut()),
        ("silence", scripts::hang()),
        ("silence after the head", scripts::hang_after_head()),
        ("an error in a 200", ok("application/json", r#"{"error":{"message":"m","code":502}}"#)),
    ] {
        assert!(Pair::start(script).await.is_rescued(false).await, "{what}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_content_falls_over() {
    let begun = scripts::stream(CHAT, &["x"]).before_content();
    let error = "data: {\"error\":{\"message\":\"busy\",\"code\":429}}\n\n";
    for (what, script) in [
        ("503", scripts::error(503, "no")),
        ("an error as the first event", begun.first(0).and(error).script()),
        ("an error after comments and a role", begun.clone().insert(0, ": hi\n\n").and(error).script()),
        ("an empty stream", scripts::empty_stream()),
        ("only a role", begun.script()),
        ("a cut after the role", begun.cut()),
        ("silence after the role", begun.hang()),
        ("silence after comments", begun.first(0).and(": wait\n\n").and(": wait\n\n").hang()),
        ("no JSON", begun.first(0).and("data: {\"choices\":[{\n\n").script()),
        ("half of an event", begun.first(0).and("data: {\"choices\":[]").script()),
    ] {
        assert!(Pair::start(script).await.is_rescued(true).await, "{what}");
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_or_speaks_no_http_falls_over() {
    let second = FakeProvider::start().await;
    let closed = format!("http://{}/v1", closed_address().await);
    let nonsense = RawProvider::start("nonsense\r\n\r\n").await;
    let short = RawProvider::start(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{}",
    )
    .await;
    let chunked = RawProvider::start(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}",
    )
    .await;
    for base_url in [closed, nonsense.base_url(), short.base_url(), chunked.base_url()] {
        let gateway = TestGateway::start(two(&base_url, second.base_url())).await;
        let answer = gateway.chat("r").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "q"), "{base_url}");
    }
}

#[tokio::test]
async fn a_provider_that_closes_after_each_answer_fails_nobody() {
    let body = scripts::answer(CHAT, "hi").to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let closing = RawProvider::start(head + &body).await;
    let gateway = TestGateway::start(json!({"providers": {"p": provider(closing.base_url())}})).await;
    for _ in 0..50 {
        let answer = gateway.chat("p/m").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-tollgate-attempts")),
            (200, "1"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(closing.connections(), 50);
}

#[tokio::test]
async fn only_the_statuses_that_the_route_names_fall_over() {
    let codes = |configuration: &mut Value| {
        configuration["routes"]["r"]["strategy"]["on_status_codes"] = json!([429, 502]);
    };
    let named = Pair::start_with(scripts::error(429, "busy"), codes).await;
    assert!(named.is_rescued(false).await);
    let cut = Pair::start_with(scripts::cut(), codes).await;
    assert!(cut.is_rescued(false).await, "a broken connection counts as 502");
    let other = Pair::start_with(scripts::error(500, "down"), codes).await;
    assert_eq!(other.gateway.chat("r").await.status, 502);
    assert_eq!((other.first.asked(), other.second.asked()), (1, 0));
}

#[tokio::test]
async fn after_the_first_content_a_broken_stream_ends_with_the_formats_error_event() {
    let fake = FakeProvider::start().await;
    let second = FakeProvider::start().await;
    for stream in scripts::STREAMS_BY_BODY {
        let gateway = TestGateway::start(two(fake.base_url(), second.base_url())).await;
        let begun = scripts::stream(stream, &["said", "more"]).up_to_content(1);
        for script in [begun.cut(), begun.script()] {
            fake.next(script);
            let transcript = gateway.ask_streamed(stream, "r").open().await.rest().await;
            assert!(transcript.text().starts_with(&begun.text()), "{}", transcript.text());
            let event = transcript.assert_ends_with_error_event(stream).to_string();
            let in_words = if stream == EventStream::Messages { "before the end" } else { "TG3003" };
            assert!(event.contains(in_words) || event.contains("broke"), "{stream:?} {event}");
        }
    }
    assert_eq!(second.asked(), 0, "what was said cannot be taken back");
}

#[tokio::test]
async fn the_error_event_of_a_response_has_the_number_that_follows() {
    let begun = scripts::stream(EventStream::Responses, &["a", "b"]).up_to_content(2);
    let events = begun.frames().len();
    let fake = FakeProvider::always(begun.insert(1, ": a comment is no event\n\n").cut()).await;
    let gateway = TestGateway::before(&fake).await;
    let transcript = gateway.ask_streamed(EventStream::Responses, "p/m").open().await.rest().await;
    let error = transcript.assert_ends_with_error_event(EventStream::Responses);
    assert_eq!(error["sequence_number"], events);
    assert_eq!(error["code"], "TG3003");
}

#[tokio::test]
async fn half_an_event_at_a_break_never_reaches_the_client() {
    let begun = scripts::stream(CHAT, &["said"]).up_to_content(1);
    let fake = FakeProvider::always(begun.clone().and("data: {\"choices\":[{\"del").cut()).await;
    let gateway = TestGateway::before(&fake).await;
    let transcript = gateway.ask_streamed(CHAT, "p/m").open().await.rest().await;
    transcript.assert_ends_with_error_event(CHAT);
    assert_eq!(transcript.frames().len(), begun.frames().len() + 1);
    assert_eq!(gateway.ended("chat_completions", "failed").await, 1.0);
}

#[tokio::test]
async fn an_error_event_of_the_provider_is_forwarded_as_it_is_and_not_doubled() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for (stream, error) in [
        (CHAT, "data: {\"error\":{\"message\":\"own words\",\"code\":\"x\"}}\n\n"),
        (
            EventStream::Messages,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"own words\"}}\n\n",
        ),
        (
            EventStream::Responses,
            "event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":\"own words\",\"sequence_number\":5}\n\n",
        ),
    ] {
        let script = scripts::stream(stream, &["a"]).up_to_content(1).and(error);
        for script_end in [script.script(), script.cut()] {
            fake.next(script_end);
            let transcript = gateway.ask_streamed(stream, "p/m").open().await.rest().await;
            assert_eq!(transcript.text(), script.text());
            transcript.assert_ends_with_error_event(stream);
        }
    }
}

#[tokio::test]
async fn a_stream_that_names_its_end_and_then_breaks_has_ended() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for stream in scripts::STREAMS_BY_BODY {
        let whole = scripts::stream(stream, &["a"]);
        fake.next(whole.cut());
        let transcript = gateway.ask_streamed(stream, "p/m").open().await.rest().await;
        assert_eq!(transcript.text(), whole.text());
        transcript.assert_ends_cleanly(stream);
    }
}

#[tokio::test]
async fn fallbacks_nest_and_a_weight_of_zero_is_never_chosen() {
    let down = FakeProvider::always(scripts::error(500, "down")).await;
    let (up, never) = (FakeProvider::start().await, FakeProvider::start().await);
    let gateway = TestGateway::start(json!({
        "providers": {
            "down": provider(down.base_url()),
            "up": provider(up.base_url()),
            "never": provider(never.base_url()),
        },
        "routes": {"r": {
            "strategy": {"mode": "fallback"},
            "targets": [
                {"strategy": {"mode": "fallback"}, "targets": [{"target": "down/a"}, {"target": "down/b"}]},
                {"strategy": {"mode": "loadbalance"}, "targets": [
                    {"target": "never/c", "weight": 0},
                    {"target": "up/echo", "weight": 1},
                ]},
            ],
        }},
    }))
    .await;
    for _ in 0..4 {
        let answer = gateway.chat("r").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "3"));
        assert_eq!(answer.header("x-tollgate-model"), "echo");
    }
    assert_eq!((down.asked(), up.asked(), never.asked()), (8, 4, 0));
    assert_eq!(gateway.metric("tollgate_rescued_requests_total").await, 4.0);
}

#[tokio::test]
async fn load_is_shared_by_weight() {
    let (heavy, light) = (FakeProvider::start().await, FakeProvider::start().await);
    let mut configuration = two(heavy.base_url(), light.base_url());
    configuration["routes"]["r"] = json!({"strategy": {"mode": "loadbalance"}, "targets": [
        {"target": "p/echo", "weight": 3}, {"target": "q/echo", "weight": 1},
    ]});
    let gateway = TestGateway::start(configuration).await;
    for _ in 0..100 {
        assert_eq!(gateway.chat("r").await.status, 200);
    }
    // Almost five standard deviations either way.
    assert!((54..=96).contains(&heavy.asked()), "{} of 100", heavy.asked());
    assert_eq!(heavy.asked() + light.asked(), 100);
}

#[tokio::test]
async fn when_all_fail_the_attempts_are_listed_without_secrets() {
    let first = FakeProvider::always(scripts::error(500, &format!("bad key {SECRET} here"))).await;
    let gateway =
        TestGateway::start(two(first.base_url(), format!("http://{}/v1", closed_address().await))).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (502, "TG3001"));
    let message = answer.error_message();
    for part in ["1. p/m: provider", "status 500: bad key [redacted] here", "2. q/m: connect"] {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    assert!(!answer.text().contains(SECRET));
    assert_eq!(
        gateway.metric("tollgate_attempt_failures_total{provider=\"p\",class=\"provider\"}").await,
        1.0
    );
}

#[tokio::test]
async fn when_the_last_runs_out_of_time_the_answer_is_a_timeout() {
    let pair = Pair::start_with(scripts::error(500, "down"), |configuration| {
        configuration["routes"]["r"]["targets"][1]["first_token_timeout"] = json!("60ms");
    })
    .await;
    pair.second.keep_answering(scripts::hang());
    let answer = pair.gateway.chat("r").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (504, "TG3002"));
    assert!(answer.error_message().contains("first_token_timeout"), "{}", answer.error_message());
}

#[tokio::test]
async fn a_refusal_that_the_client_can_mend_is_relayed_byte_for_byte() {
    let body = "{ \"error\" : {\"message\":\"`temperature` is too hot\",\"x\":1e400} }";
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for status in [400, 404, 413, 422, 429] {
        let head = Step::head(StatusCode::from_u16(status).unwrap(), "application/json");
        fake.next(Script::new(vec![head, Step::Bytes(body.into())]));
        let answer = gateway.chat("p/m").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, body));
    }
}

#[tokio::test]
async fn a_relayed_refusal_never_holds_the_credential() {
    let fake = FakeProvider::always(scripts::error(400, &format!("API key not valid: {SECRET}"))).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.chat("p/m").await;
    assert_eq!(
        (answer.status.as_u16(), answer.error_message().as_str()),
        (400, "API key not valid: [redacted]")
    );
}

#[tokio::test]
async fn a_rate_limit_is_relayed_with_the_wait_that_the_provider_asks_for() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    fake.next(scripts::rate_limited("retry-after", "7"));
    let answer = gateway.chat("p/m").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "7"));
    fake.next(scripts::rate_limited("retry-after-ms", "2500"));
    let answer = gateway.chat("p/m").await;
    assert_eq!((answer.header("retry-after-ms"), answer.header("retry-after")), ("2500", "2"));
}

#[tokio::test]
async fn parameters_are_set_defaulted_and_dropped_as_the_route_says() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let mut configuration = two(fake.base_url(), fake.base_url());
    configuration["routes"]["r"] = json!({
        "target": "p/m",
        "override_params": {"temperature": 0.5},
        "default_params": {"top_p": 0.9, "seed": 7},
        "drop_params": ["logit_bias"],
    });
    let gateway = TestGateway::start(configuration).await;
    let body = r#"{"model":"r","seed":1, "temperature":2,"logit_bias":{},"messages":[]}"#;
    assert_eq!(gateway.post_chat(body).answer().await.status, 200);
    let arrived: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
    assert_eq!(arrived, json!({"model": "m", "seed": 1, "temperature": 0.5, "top_p": 0.9, "messages": []}));
}

#[tokio::test]
async fn a_relayed_refusal_holds_the_credential_in_no_header_either() {
    let echo = format!("Bearer {SECRET}");
    let refusal = scripts::with_header(scripts::error(400, "no"), "x-debug", &echo);
    let fake = FakeProvider::always(scripts::with_header(refusal, "x-kept", "1")).await;
    let answer = TestGateway::before(&fake).await.chat("p/m").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-debug"), answer.header("x-kept")), (400, "", "1"));
}

#[tokio::test]
async fn an_error_event_never_holds_the_credential() {
    let begun = scripts::stream(CHAT, &["a", "b"]).up_to_content(1);
    let error = format!("data: {{\"error\":{{\"message\":\"not {SECRET}\"}}}}");
    for end in ["\n\n", ""] {
        let fake = FakeProvider::always(begun.clone().and(&format!("{error}{end}")).script()).await;
        let gateway = TestGateway::before(&fake).await;
        let answer = gateway.ask_streamed(CHAT, "p/m").answer().await;
        let expected = format!("{}data: {{\"error\":{{\"message\":\"not [redacted]\"}}}}\n\n", begun.text());
        assert_eq!(answer.text(), expected, "ending in {end:?}");
        assert_eq!(gateway.ended("chat_completions", "failed").await, 1.0);
    }
}

#[tokio::test]
async fn a_last_event_without_its_blank_line_reaches_the_client_whole() {
    let whole = scripts::stream(CHAT, &["a"]);
    let with_reason = whole.first(whole.frames().len() - 1);
    let cut = with_reason.text().trim_end().to_owned();
    let fake = FakeProvider::always(scripts::EventScript::new(vec![cut.clone()], 0).script()).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.ask_streamed(CHAT, "p/m").answer().await;
    assert_eq!(answer.text(), cut);
    assert_eq!(gateway.ended("chat_completions", "done").await, 1.0);
}
