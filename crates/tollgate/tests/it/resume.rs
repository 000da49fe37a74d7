//! Streams that break off after their first content and are gone on with by another target.

mod arrays;
mod responses;

use serde_json::{Value, json};
use testkit::scripts::{EventScript, Reply};
use testkit::{Call, EventStream, FakeProvider, Script, ScriptedRequest, Transcript, scripts};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const MESSAGES: EventStream = EventStream::Messages;
const RESPONSES: EventStream = EventStream::Responses;
const GEMINI: EventStream = EventStream::Gemini;
/// What the answer is that breaks off behind its second piece.
const PIECES: [&str; 3] = ["One ", "two ", "three"];
const REST: [&str; 2] = [" ", "three"];

/// A provider that speaks a format, and goes on with a text.
fn speaking(fake: &FakeProvider, stream: EventStream) -> Value {
    let mut entry = provider(fake.base_url());
    let (name, path) = match stream {
        MESSAGES => ("messages", "/messages"),
        RESPONSES => ("responses", "/responses"),
        GEMINI => ("generate_content", "/models/{model}:generateContent"),
        _ => ("chat_completions", "/chat/completions"),
    };
    entry["endpoints"] = json!({name: path});
    if stream == GEMINI {
        entry["endpoints"]["stream_generate_content"] = json!("/models/{model}:streamGenerateContent");
    }
    entry["prefill"] = json!({name: {}});
    entry
}

/// A gateway with a route `r` over providers `p`, `q` and so on, whose streams are gone on with.
struct Gateway {
    fakes: Vec<FakeProvider>,
    gateway: TestGateway,
}

impl Gateway {
    async fn start(plays: Vec<(EventStream, Script)>, change: impl FnOnce(&mut Value)) -> Self {
        let (mut fakes, mut providers, mut targets) = (Vec::new(), json!({}), Vec::new());
        for (name, (stream, script)) in ["p", "q", "s"].into_iter().zip(plays) {
            let fake = FakeProvider::always(script).await;
            providers[name] = speaking(&fake, stream);
            targets.push(json!({"target": format!("{name}/m")}));
            fakes.push(fake);
        }
        let route = json!({"strategy": {"mode": "fallback"}, "resume": true, "idle_timeout": "60ms", "targets": targets});
        let mut configuration = json!({"providers": providers, "routes": {"r": route}});
        change(&mut configuration);
        Self { fakes, gateway: TestGateway::start(configuration).await }
    }

    /// The same with two providers, as it is.
    async fn two(first: (EventStream, Script), second: (EventStream, Script)) -> Self {
        Self::start(vec![first, second], |_| {}).await
    }

    fn ask(&self, client: EventStream) -> Call {
        self.gateway.ask_streamed(client, "r").header("x-tollgate-resume", "true")
    }

    async fn told(&self, client: EventStream) -> Transcript {
        self.ask(client).open().await.rest().await
    }

    async fn resumed(&self, outcome: &str) -> f64 {
        self.gateway.metric(&format!("tollgate_resumed_streams_total{{outcome=\"{outcome}\"}}")).await
    }
}

/// The ways in which a stream comes to no end.
fn broken(stream: EventStream) -> [Script; 3] {
    let begun = said(stream, &PIECES).up_to_content(2);
    let error =
        r#"data: {"type":"error","error":{"type":"overloaded_error","message":"overloaded","code":503}}"#;
    let name = if [MESSAGES, RESPONSES].contains(&stream) { "event: error\n" } else { "" };
    // Later than the first content, since before it another target would simply answer.
    let failing = begun.clone().and(&format!("{name}{error}\n\n")).paused_before(begun.frames().len());
    [begun.cut(), begun.hang(), failing]
}

fn begun(stream: EventStream) -> Script {
    said(stream, &PIECES).up_to_content(2).cut()
}

fn rest(stream: EventStream) -> Script {
    said(stream, &REST).script()
}

/// A stream of a text, with all that its format has.
fn said(stream: EventStream, pieces: &[&str]) -> EventScript {
    Reply::new().text(pieces).stream(stream)
}

fn body_of(request: &ScriptedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// The events of a stream, as JSON.
fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// The text of a stream.
fn text(stream: &str) -> String {
    let pointers = ["/choices/0/delta/content", "/delta/text"];
    let texts = events(stream).into_iter().filter_map(|event| {
        let text = pointers.iter().find_map(|pointer| event.pointer(pointer)?.as_str().map(str::to_owned));
        text.filter(|text| !text.is_empty())
    });
    texts.collect()
}

#[tokio::test]
async fn however_a_stream_breaks_off_another_goes_on_and_the_client_gets_one_stream() {
    for (client, first, second) in [
        (CHAT, CHAT, CHAT),
        (MESSAGES, MESSAGES, MESSAGES),
        (CHAT, MESSAGES, CHAT),
        (CHAT, CHAT, MESSAGES),
        (MESSAGES, CHAT, MESSAGES),
    ] {
        for (how, script) in broken(first).into_iter().enumerate() {
            let case = format!("{client:?} before {first:?}, then {second:?}, broken {how}");
            let gateway = Gateway::two((first, script), (second, rest(second))).await;
            let mut answer = gateway.ask(client).open().await;
            let begun = answer.until("two ").await;
            if how == 2 {
                gateway.fakes[0].clock().waits_begun(1).await;
                gateway.fakes[0].clock().advance(std::time::Duration::from_secs(1));
            }
            let rest = answer.rest().await;
            rest.assert_ends_cleanly(client);
            let whole = begun + rest.text();
            assert_eq!(text(&whole), PIECES.concat(), "{case}: {whole}");
            assert!(whole.contains(": x-tollgate-resumed: q/m\n\n"), "{case}");
            let request = gateway.fakes[1].only_request();
            let turns = body_of(&request)["messages"].as_array().unwrap().clone();
            assert_eq!(turns.last().unwrap()["role"], "assistant", "{case}");
            assert!(turns.last().unwrap()["content"].to_string().contains("One two\""), "{case}: {turns:?}");
            assert_eq!(gateway.resumed("resumed").await, 1.0, "{case}");
        }
    }
}

#[tokio::test]
async fn the_continued_stream_keeps_its_id_and_its_block() {
    let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, rest(CHAT))).await;
    let events_of_chat = events(gateway.told(CHAT).await.text());
    assert!(events_of_chat.iter().all(|event| event["id"] == events_of_chat[0]["id"]));

    let gateway = Gateway::two((MESSAGES, begun(MESSAGES)), (MESSAGES, rest(MESSAGES))).await;
    let told = events(gateway.told(MESSAGES).await.text());
    let kinds: Vec<&str> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for once in
        ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    {
        assert_eq!(kinds.iter().filter(|kind| **kind == once).count(), 1, "{once} in {kinds:?}");
    }
    assert!(told.iter().all(|event| event.get("index").is_none_or(|index| *index == 0)));
}

#[tokio::test]
async fn who_does_not_allow_it_gets_the_error_of_its_format() {
    for allows in [None, Some("false")] {
        let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, rest(CHAT))).await;
        let call = gateway.gateway.ask_streamed(CHAT, "r");
        let call = match allows {
            Some(value) => call.header("x-tollgate-resume", value),
            None => call,
        };
        call.open().await.rest().await.assert_ends_with_error_event(CHAT);
        assert_eq!(gateway.fakes[1].asked(), 0);
    }
    let without = |configuration: &mut Value| configuration["routes"]["r"]["resume"] = json!(false);
    let gateway = Gateway::start(vec![(CHAT, begun(CHAT)), (CHAT, rest(CHAT))], without).await;
    gateway.told(CHAT).await.assert_ends_with_error_event(CHAT);
}

#[tokio::test]
async fn a_route_in_a_header_that_says_so_allows_it() {
    let inline = |configuration: &mut Value| {
        configuration["keys"] = json!([key_entry(1, json!({"inline_config": true}))])
    };
    let gateway = Gateway::start(vec![(CHAT, begun(CHAT)), (CHAT, rest(CHAT))], inline).await;
    let route = json!({"strategy": {"mode": "fallback"}, "resume": true,
                       "targets": [{"target": "p/m"}, {"target": "q/m"}]});
    let call = gateway.gateway.ask_streamed(CHAT, "m").header("x-tollgate-config", &route.to_string());
    let transcript = call.open().await.rest().await;
    assert_eq!(text(transcript.text()), PIECES.concat());
}

#[tokio::test]
async fn a_model_that_takes_no_text_to_go_on_with_is_passed_over() {
    let without =
        |configuration: &mut Value| configuration["providers"]["q"]["prefill"] = json!({"messages": {}});
    let plays = || vec![(CHAT, begun(CHAT)), (CHAT, rest(CHAT)), (CHAT, rest(CHAT))];
    let gateway = Gateway::start(plays(), without).await;
    assert_eq!(text(gateway.told(CHAT).await.text()), PIECES.concat());
    assert_eq!((gateway.fakes[1].asked(), gateway.fakes[2].asked()), (0, 1));
    let gateway = Gateway::start(plays().into_iter().take(2).collect(), without).await;
    gateway.told(CHAT).await.assert_ends_with_error_event(CHAT);
    assert_eq!(gateway.resumed("failed").await, 1.0);
}

#[tokio::test]
async fn what_is_more_than_words_is_not_gone_on_with() {
    let calling = scripts::stream_with_tool(CHAT, "weather", &["{\"city\":", "\"Berlin\"}"]);
    let gateway = Gateway::two((CHAT, calling.up_to_content(2).cut()), (CHAT, rest(CHAT))).await;
    gateway.told(CHAT).await.assert_ends_with_error_event(CHAT);
    let thinking = scripts::stream_with_thinking(MESSAGES, &["hm"], &["One"]);
    let gateway = Gateway::two((MESSAGES, thinking.up_to_content(1).cut()), (MESSAGES, rest(MESSAGES))).await;
    gateway.told(MESSAGES).await.assert_ends_with_error_event(MESSAGES);
    assert_eq!(gateway.fakes[1].asked(), 0);
    // Nor what has to fit a schema.
    let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, rest(CHAT))).await;
    let mut request = scripts::request(CHAT, "r", true);
    request["response_format"] = json!({"type": "json_object"});
    let call = gateway.gateway.post_chat(request.to_string()).header("x-tollgate-resume", "true");
    call.open().await.rest().await.assert_ends_with_error_event(CHAT);
    assert_eq!(gateway.fakes[1].asked(), 0);
}

#[tokio::test]
async fn who_goes_on_may_break_off_as_well() {
    let second = scripts::stream(CHAT, &[" thr", "ee"]).up_to_content(1).cut();
    let third = scripts::stream(CHAT, &["ee"]).script();
    let gateway = Gateway::start(vec![(CHAT, begun(CHAT)), (CHAT, second), (CHAT, third)], |_| {}).await;
    let transcript = gateway.told(CHAT).await;
    assert_eq!(text(transcript.text()), PIECES.concat(), "{}", transcript.text());
    transcript.assert_ends_cleanly(CHAT);
    assert_eq!(gateway.resumed("resumed").await, 2.0);
    let turns = body_of(&gateway.fakes[2].only_request())["messages"].clone();
    assert_eq!(turns.as_array().unwrap().last().unwrap()["content"], "One two thr");
}

#[tokio::test]
async fn each_call_is_metered_once_and_the_broken_one_counts_against_its_target() {
    let counted = scripts::stream(CHAT, &REST).before_last(scripts::USAGE_CHUNK).script();
    let gateway = Gateway::two((MESSAGES, begun(MESSAGES)), (CHAT, counted)).await;
    gateway.told(MESSAGES).await.assert_ends_cleanly(MESSAGES);
    let metric = async |series: &str| gateway.gateway.metric(series).await;
    assert!(metric("tollgate_tokens_total{provider=\"p\",model=\"m\",kind=\"input\"}").await > 0.0);
    assert!(metric("tollgate_tokens_total{provider=\"q\",model=\"m\",kind=\"output\"}").await > 0.0);
    let ended = "tollgate_requests_total{provider=\"q\",operation=\"messages\",outcome=\"done\"}";
    assert_eq!(metric(ended).await, 1.0);
    assert_eq!(metric("tollgate_unpriced_requests_total{provider=\"p\",model=\"m\"}").await, 1.0);
    assert_eq!(metric("tollgate_rescued_requests_total").await, 1.0);
    for _ in 0..4 {
        gateway.told(MESSAGES).await;
    }
    assert_eq!(metric("tollgate_breakers_open{provider=\"p\"}").await, 1.0);
    assert_eq!(metric("tollgate_in_flight_bytes").await, 0.0);
    assert_eq!(metric("tollgate_requests_in_flight").await, 0.0);
}

#[tokio::test]
async fn a_spent_retry_budget_ends_the_stream() {
    let spent = |configuration: &mut Value| {
        configuration["defaults"] = json!({"retry_budget": {"percent": 0, "per_second": 0}});
    };
    let gateway = Gateway::start(vec![(CHAT, begun(CHAT)), (CHAT, rest(CHAT))], spent).await;
    gateway.told(CHAT).await.assert_ends_with_error_event(CHAT);
    assert_eq!((gateway.fakes[1].asked(), gateway.resumed("failed").await), (0, 1.0));
}

#[tokio::test]
async fn a_client_that_leaves_while_another_is_asked_lets_go_of_it() {
    let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, scripts::hang())).await;
    let mut answer = gateway.ask(CHAT).open().await;
    answer.until("two").await;
    gateway.fakes[1].was_asked(1).await;
    drop(answer);
    gateway.fakes[1].client_left().await;
    assert_eq!(gateway.resumed("cancelled").await, 1.0);
    assert_eq!(gateway.gateway.metric("tollgate_requests_in_flight").await, 0.0);
}

#[tokio::test]
async fn what_was_said_is_taken_off_the_limit_of_tokens() {
    let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, rest(CHAT))).await;
    let mut request = scripts::request(CHAT, "r", true);
    request["max_tokens"] = json!(100);
    let call = gateway.gateway.post_chat(request.to_string()).header("x-tollgate-resume", "true");
    call.open().await.rest().await.assert_ends_cleanly(CHAT);
    assert_eq!(body_of(&gateway.fakes[1].only_request())["max_tokens"], 98, "8 bytes are about two tokens");
}
