//! Clients of every format before providers of every other.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, Client, EventStream, FakeProvider, scripts};

use crate::configuration::{SECRET, provider};
use crate::gateway::TestGateway;

/// The formats that are translated.
const FORMATS: [EventStream; 6] = [
    EventStream::Chat,
    EventStream::Responses,
    EventStream::Messages,
    EventStream::Gemini,
    EventStream::Converse,
    EventStream::Cohere,
];

fn pairs() -> impl Iterator<Item = (EventStream, EventStream)> {
    let others = |client| FORMATS.into_iter().filter(move |provider| *provider != client);
    FORMATS.into_iter().flat_map(move |client| others(client).map(move |provider| (client, provider)))
}

/// A provider that speaks one format only.
fn speaking(fake: &FakeProvider, stream: EventStream) -> Value {
    let mut entry = provider(fake.base_url());
    entry["endpoints"] = match stream {
        EventStream::Chat | EventStream::Completions => json!({"chat_completions": "/chat/completions"}),
        EventStream::Responses => json!({"responses": "/responses"}),
        EventStream::Messages => json!({"messages": "/messages"}),
        EventStream::Gemini => json!({
            "generate_content": "/models/{model}:generateContent",
            "stream_generate_content": "/models/{model}:streamGenerateContent?alt=sse",
        }),
        EventStream::Converse => json!({
            "converse": "/model/{model}/converse", "converse_stream": "/model/{model}/converse-stream",
        }),
        EventStream::Cohere => json!({"cohere_chat": "/chat"}),
        EventStream::Images | EventStream::Speech | EventStream::Transcription => {
            panic!("{stream:?} is no conversation")
        }
    };
    entry
}

async fn gateway(fakes: &[(&FakeProvider, EventStream)]) -> TestGateway {
    let names = ["p", "q"];
    let providers: serde_json::Map<String, Value> = names
        .iter()
        .zip(fakes)
        .map(|(name, (fake, stream))| ((*name).to_owned(), speaking(fake, *stream)))
        .collect();
    let targets: Vec<Value> = providers.keys().map(|name| json!({"target": format!("{name}/m")})).collect();
    let route = json!({"strategy": {"mode": "fallback"}, "targets": targets});
    TestGateway::start(json!({"providers": providers, "routes": {"r": route}})).await
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

/// The text of a whole answer.
fn text_of(stream: EventStream, answer: &Answer) -> String {
    let body = json_of(answer);
    let text = match stream {
        EventStream::Chat => &body["choices"][0]["message"]["content"],
        EventStream::Completions => &body["choices"][0]["text"],
        EventStream::Responses => &body["output"][0]["content"][0]["text"],
        EventStream::Messages => &body["content"][0]["text"],
        EventStream::Cohere => &body["message"]["content"][0]["text"],
        EventStream::Gemini => &body["candidates"][0]["content"]["parts"][0]["text"],
        EventStream::Converse => &body["output"]["message"]["content"][0]["text"],
        EventStream::Images | EventStream::Speech | EventStream::Transcription => {
            panic!("{stream:?} is no conversation")
        }
    };
    text.as_str().unwrap_or_else(|| panic!("no text in {body}")).to_owned()
}

#[tokio::test]
async fn every_client_has_its_answer_from_every_provider_in_its_own_format() {
    for (client, provider) in pairs() {
        let fake = FakeProvider::always(scripts::json(&scripts::answer(provider, "hi there"))).await;
        let gateway = gateway(&[(&fake, provider)]).await;
        let answer = gateway.ask(client, "p/m").answer().await;
        assert_eq!(answer.status, StatusCode::OK, "{client:?} to {provider:?}: {}", answer.text());
        assert_eq!(text_of(client, &answer), "hi there", "{client:?} to {provider:?}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-tollgate-provider"), "p");
        let used = gateway.metric("tollgate_tokens_total{provider=\"p\",model=\"m\",kind=\"output\"}").await;
        assert_eq!(used, 11.0, "{client:?} to {provider:?}");
    }
}

#[tokio::test]
async fn every_client_has_its_stream_from_every_provider_in_its_own_format() {
    for (client, provider) in pairs() {
        let events = scripts::stream(provider, &["hi", " there"]);
        let fake = FakeProvider::always(events.clone().in_writes_of(7).script()).await;
        let gateway = gateway(&[(&fake, provider)]).await;
        let transcript = gateway.ask_streamed(client, "p/m").open().await.rest().await;
        assert_eq!(transcript.head.status, StatusCode::OK, "{client:?} to {provider:?}");
        transcript.assert_ends_cleanly(client);
        let body = String::from_utf8_lossy(&transcript.body);
        assert!(body.contains("\"hi\"") && body.contains("\" there\""), "{client:?} to {provider:?}: {body}");
        let streamed = fake.only_request();
        assert!(is_streamed(provider, &streamed.path, &streamed.body), "{client:?} to {provider:?}");
    }
}

fn is_streamed(provider: EventStream, path: &str, body: &[u8]) -> bool {
    match provider {
        EventStream::Gemini => path.ends_with(":streamGenerateContent"),
        EventStream::Converse => path.ends_with("/converse-stream"),
        _ => serde_json::from_slice::<Value>(body).unwrap()["stream"] == true,
    }
}

#[tokio::test]
async fn a_providers_refusal_is_told_in_the_clients_shape_with_its_status() {
    for (client, provider) in pairs() {
        let refusal = scripts::error_of(provider, 400, &format!("bad, {SECRET}"));
        let fake = FakeProvider::always(refusal).await;
        let gateway = gateway(&[(&fake, provider)]).await;
        let answer = gateway.ask(client, "p/m").answer().await;
        assert_eq!(answer.status, 400, "{client:?} to {provider:?}");
        let body = json_of(&answer);
        let message = match client {
            EventStream::Converse | EventStream::Cohere => &body["message"],
            _ => &body["error"]["message"],
        };
        assert_eq!(message, "bad, [redacted]", "{client:?} to {provider:?}: {body}");
    }
}

#[tokio::test]
async fn a_wait_that_the_provider_asks_for_reaches_the_client_of_another_format() {
    for (client, provider) in pairs() {
        let fake = FakeProvider::always(scripts::rate_limited("retry-after", "7")).await;
        let answer = gateway(&[(&fake, provider)]).await.ask(client, "p/m").answer().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (429, "7"),
            "{client:?} to {provider:?}"
        );
    }
}

#[tokio::test]
async fn what_fails_before_the_first_content_falls_over_to_a_target_of_any_format() {
    for (client, provider) in pairs() {
        let begun = scripts::stream(provider, &["lost"]).before_content();
        for script in [scripts::error(503, "busy"), begun.script(), begun.cut(), scripts::malformed_json()] {
            let fake = FakeProvider::always(script).await;
            let other = FakeProvider::always(scripts::stream(client, &["saved"]).script()).await;
            let gateway = gateway(&[(&fake, provider), (&other, client)]).await;
            let transcript = gateway.ask_streamed(client, "r").open().await.rest().await;
            transcript.assert_ends_cleanly(client);
            assert!(
                String::from_utf8_lossy(&transcript.body).contains("saved"),
                "{client:?} to {provider:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_fails_after_the_first_content_ends_with_the_clients_own_error_event() {
    for (client, provider) in pairs() {
        let begun = scripts::stream(provider, &["hi", " there"]).up_to_content(1);
        for script in [begun.cut(), begun.script()] {
            let fake = FakeProvider::always(script).await;
            let gateway = gateway(&[(&fake, provider)]).await;
            let transcript = gateway.ask_streamed(client, "p/m").open().await.rest().await;
            transcript.assert_ends_with_error_event(client);
        }
    }
}

#[tokio::test]
async fn a_malformed_answer_is_the_providers_failure() {
    for (client, provider) in pairs() {
        for script in
            [scripts::malformed_json(), scripts::json(&json!({"hello": 1})), scripts::empty_answer()]
        {
            let fake = FakeProvider::always(script).await;
            let answer = gateway(&[(&fake, provider)]).await.ask(client, "p/m").answer().await;
            assert_eq!(answer.status, 502, "{client:?} to {provider:?}: {}", answer.text());
            assert_eq!(answer.header("x-tollgate-error"), "TG3001");
        }
    }
}

#[tokio::test]
async fn leaving_cancels_the_call_of_another_format() {
    for (client, provider) in pairs() {
        let script = scripts::stream(provider, &["a", "b"]).up_to_content(1).hang();
        let fake = FakeProvider::always(script).await;
        let gateway = gateway(&[(&fake, provider)]).await;
        let mut answer = gateway.ask_streamed(client, "p/m").open().await;
        answer.next().await.unwrap();
        drop(answer);
        fake.client_left().await;
    }
}

fn chat_with(client: &Client, more: &Value) -> testkit::Call {
    let mut body = json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post("/v1/chat/completions", body.to_string())
}

#[tokio::test]
async fn what_the_providers_format_does_not_carry_is_named() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Messages, "hi"))).await;
    let gateway = gateway(&[(&fake, EventStream::Messages)]).await;
    let answer = chat_with(&gateway.client(), &json!({"seed": 7, "logit_bias": {"1": 2}, "max_tokens": 5}))
        .answer()
        .await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-dropped")), (200, "logit_bias,seed"));
    let sent: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
    assert_eq!((&sent["max_tokens"], &sent["model"]), (&json!(5), &json!("m")));
    let plain = chat_with(&gateway.client(), &json!({})).answer().await;
    assert_eq!(plain.header("x-tollgate-dropped"), "");
}

#[tokio::test]
async fn what_would_change_the_meaning_is_refused_before_the_provider_is_asked() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&[(&fake, EventStream::Messages)]).await;
    let answer = chat_with(&gateway.client(), &json!({"n": 2})).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1010"));
    assert_eq!(json_of(&answer)["error"]["param"], "n");
    assert!(answer.error_message().contains("several answers at once"), "{}", answer.error_message());
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_strict_route_refuses_what_would_be_lost() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Messages, "hi"))).await;
    let configuration = json!({
        "providers": {"p": speaking(&fake, EventStream::Messages)},
        "routes": {"exact": {"target": "p/m", "strict": true}},
    });
    let gateway = TestGateway::start(configuration).await;
    let refused = chat_with(&gateway.client(), &json!({"model": "exact", "seed": 7})).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (400, "TG1010"));
    assert_eq!(json_of(&refused)["error"]["param"], "seed");
    assert_eq!(chat_with(&gateway.client(), &json!({"model": "exact"})).answer().await.status, 200);
}

#[tokio::test]
async fn a_routes_parameters_are_in_the_clients_words() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Messages, "hi"))).await;
    let configuration = json!({
        "providers": {"p": speaking(&fake, EventStream::Messages)},
        "routes": {"r": {"target": "p/m", "override_params": {"max_completion_tokens": 9}, "drop_params": ["seed"]}},
    });
    let gateway = TestGateway::start(configuration).await;
    let answer = chat_with(&gateway.client(), &json!({"model": "r", "seed": 7})).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-dropped")), (200, ""));
    let sent: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
    assert_eq!(sent["max_tokens"], 9);
}

#[tokio::test]
async fn thinking_that_another_format_has_sealed_is_not_sent_to_who_cannot_read_it() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Messages, "hi"))).await;
    let gateway = gateway(&[(&fake, EventStream::Messages)]).await;
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "tg-seal:gemini:c2ln"});
    let body = json!({"model": "p/m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thinking, {"type": "text", "text": "hello"}]},
        {"role": "user", "content": "go on"},
    ]});
    let answer = gateway.client().post("/v1/messages", body.to_string()).answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-tollgate-dropped"), "messages[].content[].signature");
    let sent = fake.only_request();
    let sent = String::from_utf8_lossy(&sent.body);
    assert!(!sent.contains("tg-seal") && sent.contains("go on"), "{sent}");
}

#[tokio::test]
async fn an_operation_that_nothing_can_stand_for_is_refused_by_name() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&[(&fake, EventStream::Messages)]).await;
    let body = json!({"model": "p/m", "input": "hi"}).to_string();
    let answer = gateway.client().post("/v1/embeddings", body).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1010"));
    assert!(answer.error_message().contains("p does not serve embeddings"), "{}", answer.error_message());
}
