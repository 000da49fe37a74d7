//! What a request cost, as its client, the metrics and nobody else are told.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, Transcript, scripts};

use crate::configuration::{provider, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const MESSAGES: EventStream = EventStream::Messages;

/// Every script reports 7 tokens of input and 11 of output: 7 × $2 + 11 × $8 for a million.
const COST: &str = "0.000102";

/// A provider `p` of every format, with prices for its model `m`.
fn priced(fake: &FakeProvider) -> Value {
    let mut entry = provider(fake.base_url());
    for (operation, path) in [
        ("generate_content", "/models/{model}:generateContent"),
        ("stream_generate_content", "/models/{model}:streamGenerateContent?alt=sse"),
        ("converse", "/model/{model}/converse"),
        ("converse_stream", "/model/{model}/converse-stream"),
        ("cohere_chat", "/chat"),
    ] {
        entry["endpoints"][operation] = json!(path);
    }
    let prices = json!({"standard": {"input": "2", "output": "8"}});
    json!({
        "providers": {"p": entry},
        "catalog": {"overrides": [{"provider": "p", "model": "m", "prices": prices}]},
    })
}

/// A provider `p` whose model `m` costs what a model of the catalogue does.
fn same_as(fake: &FakeProvider, model: &str) -> Value {
    let mut configuration = priced(fake);
    configuration["catalog"] = json!({"overrides": [{"provider": "p", "model": "m", "same_as": model}]});
    configuration
}

/// A stream with its usage, as the provider sends it.
fn stream(format: EventStream) -> testkit::Script {
    let stream = scripts::stream(format, &["hi"]);
    match format {
        EventStream::Chat | EventStream::Completions => stream.before_last(scripts::USAGE_CHUNK).script(),
        _ => stream.script(),
    }
}

/// The cost of an answer in a format with this usage.
async fn cost_of(model: &str, format: EventStream, members: Value) -> String {
    let mut answer = scripts::answer(format, "hi");
    for (name, value) in members.as_object().unwrap() {
        answer[name] = value.clone();
    }
    let fake = FakeProvider::always(scripts::json(&answer)).await;
    let gateway = TestGateway::start(same_as(&fake, model)).await;
    gateway.ask(format, "p/m").answer().await.header("x-tollgate-cost").to_owned()
}

async fn streamed(gateway: &TestGateway, format: EventStream, http2: bool) -> Transcript {
    let client = if http2 { gateway.client().with_http2() } else { gateway.client() };
    let body = Bytes::from(scripts::request(format, "p/m", true).to_string());
    let path = scripts::path_of(format, "p/m", true);
    client.post(&path, body).header("te", "trailers").open().await.rest().await
}

#[tokio::test]
async fn a_whole_answer_of_every_format_says_what_it_cost() {
    for format in scripts::STREAMS {
        let fake = FakeProvider::always(scripts::json(&scripts::answer(format, "hi"))).await;
        let gateway = TestGateway::start(priced(&fake)).await;
        let answer = gateway.ask(format, "p/m").answer().await;
        assert_eq!((answer.status, answer.header("x-tollgate-cost")), (StatusCode::OK, COST), "{format:?}");
        let counted = gateway.metric("tollgate_cost_usd_total{provider=\"p\",model=\"m\"}").await;
        assert_eq!(counted.to_string(), COST, "{format:?}");
    }
}

#[tokio::test]
async fn a_stream_of_every_format_says_what_it_cost_when_it_is_over() {
    for (format, http2) in scripts::STREAMS.into_iter().flat_map(|format| [(format, false), (format, true)]) {
        let fake = FakeProvider::always(stream(format)).await;
        let gateway = TestGateway::start(priced(&fake)).await;
        let transcript = streamed(&gateway, format, http2).await;
        assert!(!transcript.broken_off && transcript.head.status == StatusCode::OK, "{format:?}");
        assert_eq!(transcript.head.headers["trailer"], "x-tollgate-cost", "{format:?}");
        assert!(!transcript.head.headers.contains_key("x-tollgate-cost"), "{format:?}");
        assert_eq!(transcript.trailers["x-tollgate-cost"], COST, "{format:?}");
        let counted = gateway.metric("tollgate_cost_usd_total{provider=\"p\",model=\"m\"}").await;
        assert_eq!(counted.to_string(), COST, "{format:?}");
    }
}

#[tokio::test]
async fn a_client_that_reads_no_trailers_is_sent_none() {
    let fake = FakeProvider::always(stream(CHAT)).await;
    let gateway = TestGateway::start(priced(&fake)).await;
    let transcript = gateway.ask_streamed(CHAT, "p/m").open().await.rest().await;
    transcript.assert_ends_cleanly(CHAT);
    assert!(transcript.trailers.is_empty() && !transcript.head.headers.contains_key("trailer"));
    let counted = gateway.metric("tollgate_cost_usd_total{provider=\"p\",model=\"m\"}").await;
    assert_eq!(counted.to_string(), COST);
}

/// Prices of 2026-11 for a million tokens, from the pages that the catalogue names.
#[tokio::test]
async fn the_catalogues_prices_are_charged_for_what_each_format_reports() {
    // gpt-4o: input 2.5, cached 1.25, output 10. 600 × 2.5 + 400 × 1.25 + 50 × 10.
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 400}});
    assert_eq!(cost_of("openai/gpt-4o", CHAT, json!({"usage": usage})).await, "0.0025");
    // gpt-5 by flex: input 0.625, output 5. 1000 × 0.625 + 50 × 5.
    let usage = json!({"input_tokens": 1000, "output_tokens": 50});
    let flex = json!({"usage": usage, "service_tier": "flex"});
    assert_eq!(cost_of("openai/gpt-5", EventStream::Responses, flex).await, "0.000875");
    // claude-sonnet-4-5: input 3, written for 5 minutes 3.75, for an hour 6, read 0.3, output 15.
    // 10 × 3 + 100 × 3.75 + 1000 × 6 + 2000 × 0.3 + 50 × 15.
    let usage = json!({
        "input_tokens": 10, "output_tokens": 50, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 1100,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 1000},
    });
    assert_eq!(cost_of("anthropic/claude-sonnet-4-5", MESSAGES, json!({"usage": usage})).await, "0.007755");
    // gemini-2.5-pro above 200,000 tokens: input 2.5, output 15, for the whole request. 200,001 × 2.5 + 30 × 15.
    let usage = json!({"promptTokenCount": 200_001, "candidatesTokenCount": 10, "thoughtsTokenCount": 20});
    let long = json!({"usageMetadata": usage});
    assert_eq!(cost_of("google/gemini-2.5-pro", EventStream::Gemini, long).await, "0.5004525");
}

#[tokio::test]
async fn what_is_missing_for_a_figure_makes_the_cost_unpriced() {
    let tier = json!({"service_tier": "express"});
    for (model, members) in [
        ("openai/gpt-0-unheard-of", json!({})),
        ("openai/gpt-4o", json!({"usage": null})),
        ("openai/gpt-4o", tier),
        ("openai/gpt-4o", json!({"service_tier": "flex"})),
    ] {
        assert_eq!(cost_of(model, CHAT, members.clone()).await, "unpriced", "{model} {members}");
    }
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let gateway = TestGateway::before(&fake).await;
    assert_eq!(gateway.chat("p/m").await.header("x-tollgate-cost"), "unpriced");
    assert_eq!(gateway.metric("tollgate_unpriced_requests_total{provider=\"p\",model=\"m\"}").await, 1.0);
}

#[tokio::test]
async fn a_stream_that_broke_off_may_have_more_to_charge_for() {
    let begun = scripts::stream(MESSAGES, &["hi", "there"]).up_to_content(1);
    for script in [begun.cut(), begun.script()] {
        let fake = FakeProvider::always(script).await;
        let gateway = TestGateway::start(priced(&fake)).await;
        let transcript = streamed(&gateway, MESSAGES, false).await;
        assert_eq!(transcript.trailers["x-tollgate-cost"], "unpriced");
        let of = |what: &str| format!("tollgate_{what}{{provider=\"p\",model=\"m\"}}");
        assert_eq!(gateway.metric(&of("unpriced_requests_total")).await, 1.0);
        assert_eq!(gateway.metric(&of("cost_usd_total")).await, 0.0);
    }
}

#[tokio::test]
async fn only_what_is_charged_for_has_a_cost() {
    let says_nothing = |answer: &Answer| !answer.headers.contains_key("x-tollgate-cost");
    let refusing = FakeProvider::always(scripts::error(400, "wrong")).await;
    let gateway = TestGateway::start(priced(&refusing)).await;
    assert!(says_nothing(&gateway.chat("p/m").await), "an error");
    assert!(says_nothing(&gateway.client().get("/v1/models").answer().await), "a list of models");
    let counting = FakeProvider::always(scripts::json(&json!({"input_tokens": 7}))).await;
    let gateway = TestGateway::start(priced(&counting)).await;
    let body = scripts::request(MESSAGES, "p/m", false).to_string();
    let counted = gateway.client().post("/v1/messages/count_tokens", body).answer().await;
    assert!(counted.status == StatusCode::OK && says_nothing(&counted), "counted tokens");
    let passed = gateway.client().get("/providers/p/files").answer().await;
    assert!(passed.status == StatusCode::OK && says_nothing(&passed), "a pass-through");
    assert_eq!(gateway.metric("tollgate_unpriced_requests_total{provider=\"p\",model=\"m\"}").await, 0.0);
}

#[tokio::test]
async fn the_cost_is_that_of_the_model_that_answered() {
    let (down, up) = (FakeProvider::always(scripts::error(500, "down")).await, FakeProvider::start().await);
    up.keep_answering(scripts::json(&scripts::answer(CHAT, "hi")));
    let mut configuration = two(down.base_url(), up.base_url());
    let prices = |input: &str| json!({"standard": {"input": input, "output": "0"}});
    configuration["catalog"] = json!({"overrides": [
        {"provider": "p", "prices": prices("1")}, {"provider": "q", "model": "m", "prices": prices("3")},
    ]});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(gateway.chat("r").await.header("x-tollgate-cost"), "0.000021");
}

#[tokio::test]
async fn a_translated_answer_costs_what_its_provider_reported() {
    let mut answer = scripts::answer(CHAT, "hi");
    answer["service_tier"] = json!("flex");
    let fake = FakeProvider::always(scripts::json(&answer)).await;
    let mut configuration = priced(&fake);
    configuration["providers"]["p"]["endpoints"] = json!({"chat_completions": "/chat/completions"});
    configuration["catalog"]["overrides"][0]["prices"]["flex"] = json!({"input": "1", "output": "4"});
    let gateway = TestGateway::start(configuration).await;
    let answer = gateway.ask(MESSAGES, "p/m").answer().await;
    // 7 × 1 + 11 × 4.
    assert_eq!(
        (answer.json()["type"].as_str(), answer.header("x-tollgate-cost")),
        (Some("message"), "0.000051")
    );
}

#[tokio::test]
async fn a_catalogue_that_is_put_beside_the_configuration_counts_from_then_on() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let mut gateway = TestGateway::start(same_as(&fake, "openai/gpt-4o")).await;
    // 7 × 2.5 + 11 × 10.
    assert_eq!(gateway.chat("p/m").await.header("x-tollgate-cost"), "0.0001275");
    let entry =
        r#"{"provider":"openai","name":"gpt-4o","prices":[{"standard":{"input":"5","output":"20"}}]}"#;
    let header = r#"{"tollgate_catalog":1,"date":"2099-01-01","models":1}"#;
    gateway.write_file("catalog.jsonl", &format!("{header}\n{entry}\n"));
    gateway.reload().await;
    assert_eq!(gateway.chat("p/m").await.header("x-tollgate-cost"), "0.000255");
}
