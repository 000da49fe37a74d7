//! Counting tokens: by the provider in whichever format it counts, or by an estimate that says it is one.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, FakeProvider, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

/// Each client's path, question and the place of the number in its answer.
const CLIENTS: [(&str, &str, &str); 3] = [
    (
        "/v1/messages/count_tokens",
        r#"{"model": "p/m", "messages": [{"role": "user", "content": "How many?"}]}"#,
        "/input_tokens",
    ),
    ("/v1/responses/input_tokens", r#"{"model": "p/m", "input": "How many?"}"#, "/input_tokens"),
    (
        "/model/p%2Fm/count-tokens",
        r#"{"input": {"converse": {"messages": [{"role": "user", "content": [{"text": "How many?"}]}]}}}"#,
        "/inputTokens",
    ),
];

/// Each format that providers count in: its endpoint, its path, its answer, and where the question is in its request.
const PROVIDERS: [(&str, &str, &str, &str); 3] = [
    ("count_tokens", "/messages/count_tokens", "input_tokens", "/messages/0/content"),
    ("input_tokens", "/responses/input_tokens", "input_tokens", "/input"),
    (
        "converse_count_tokens",
        "/model/{model}/count-tokens",
        "inputTokens",
        "/input/converse/messages/0/content/0/text",
    ),
];

/// A gateway before a provider with these endpoints.
async fn gateway(fake: &FakeProvider, endpoints: Value) -> TestGateway {
    let mut entry = provider(fake.base_url());
    entry["endpoints"] = endpoints;
    let strict = json!({"target": "p/m", "strict": true});
    TestGateway::start(json!({"providers": {"p": entry}, "routes": {"strict": strict}})).await
}

async fn count(gateway: &TestGateway, path: &str, body: &str) -> Answer {
    gateway.client().post(path, body.to_owned()).answer().await
}

#[tokio::test]
async fn every_client_has_its_tokens_counted_by_a_provider_of_any_format() {
    for (path, question, number) in CLIENTS {
        for (endpoint, provider_path, member, text) in PROVIDERS {
            let fake = FakeProvider::always(scripts::json(&json!({member: 42, "extra": 1}))).await;
            let gateway = gateway(&fake, json!({endpoint: provider_path})).await;
            let answer = count(&gateway, path, question).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {endpoint}: {}", answer.text());
            assert_eq!(answer.json().pointer(number), Some(&json!(42)), "{path} {endpoint}");
            assert_eq!(answer.header("x-tollgate-estimated"), "");
            let asked = fake.only_request();
            assert_eq!(asked.path, format!("/v1{}", provider_path.replace("{model}", "m")));
            let body: Value = serde_json::from_slice(&asked.body).unwrap();
            let said = body.pointer(text).unwrap_or_else(|| panic!("{endpoint}: {body}"));
            assert!(said.to_string().contains("How many?"), "{endpoint}: {body}");
            if !provider_path.contains("{model}") {
                assert_eq!(body["model"], "m", "{endpoint}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_question_of_the_same_format_reaches_the_provider_as_it_was_sent() {
    let fake = FakeProvider::always(scripts::json(&json!({"input_tokens": 3, "new": [1.50]}))).await;
    let gateway = gateway(&fake, json!({"input_tokens": "/responses/input_tokens"})).await;
    let body = r#"{ "model":"m",  "input":"\u0068i", "unknown": 1.50 }"#;
    let answer = gateway.client().post("/v1/responses/input_tokens", body).header("x-tollgate-provider", "p");
    let answer = answer.answer().await;
    assert_eq!(fake.only_request().body, body);
    assert_eq!(answer.json()["new"], json!([1.5]));
}

#[tokio::test]
async fn a_model_inside_of_a_question_never_reaches_the_provider() {
    let fake = FakeProvider::always(scripts::json(&json!({"totalTokens": 5}))).await;
    for (endpoint, place) in
        [("gemini_count_tokens", "/generateContentRequest/contents"), ("vertex_count_tokens", "/contents")]
    {
        let gateway = gateway(&fake, json!({endpoint: "/models/{model}:countTokens"})).await;
        let contents = json!([{"parts": [{"text": "How many?"}]}]);
        let wrapped = json!({"generateContentRequest": {"model": "models/forbidden", "contents": contents}});
        for question in [json!({"contents": contents, "model": "models/forbidden"}), wrapped] {
            let path = "/v1beta/models/p/m:countTokens";
            let answer = count(&gateway, path, &question.to_string()).await;
            assert_eq!(answer.json(), json!({"totalTokens": 5}));
            let body: Value = serde_json::from_slice(&fake.requests().last().unwrap().body).unwrap();
            assert_eq!(body.pointer(place), Some(&contents), "{endpoint}: {body}");
            assert!(!body.to_string().contains("forbidden"), "{endpoint}: {body}");
        }
    }
}

#[tokio::test]
async fn where_nobody_counts_the_number_is_an_estimate_and_says_so() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&fake, json!({"chat_completions": "/chat/completions"})).await;
    for (path, question, number) in CLIENTS {
        let answer = count(&gateway, path, question).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        // Three tokens of text, three around the turn, three before the answer.
        assert_eq!(answer.json().pointer(number), Some(&json!(9)), "{path}: {}", answer.text());
        assert_eq!(answer.header("x-tollgate-estimated"), "true");
        assert_eq!(answer.header("x-tollgate-provider"), "p");
    }
    assert_eq!(fake.asked(), 0);
    assert_eq!(gateway.ended("input_tokens", "done").await, 1.0);
}

#[tokio::test]
async fn a_long_text_is_estimated_whole_while_others_are_served() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&fake, json!({"chat_completions": "/chat/completions"})).await;
    let question = json!({"model": "p/m", "input": "word ".repeat(50_000)}).to_string();
    let long = count(&gateway, "/v1/responses/input_tokens", &question);
    let (long, short) = tokio::join!(long, gateway.chat("p/m"));
    assert_eq!(short.status, StatusCode::OK);
    let tokens = long.json()["input_tokens"].as_u64().unwrap();
    assert!((50_000..50_020).contains(&tokens), "{tokens}");
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_at_all_is_no_estimate() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&fake, json!({"embeddings": "/embeddings"})).await;
    let (path, question, _) = CLIENTS[1];
    let answer = count(&gateway, path, question).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.error_message().contains("p does not serve input_tokens"), "{}", answer.text());
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said_whoever_counts() {
    let fake = FakeProvider::start().await;
    let gateway = gateway(&fake, json!({"chat_completions": "/chat/completions"})).await;
    for (body, param) in [
        (r#"{"model": "p/m", "input": 7}"#, "input"),
        (r#"{"model": "p/m", "input": "hi", "previous_response_id": "resp_1"}"#, "previous_response_id"),
    ] {
        let answer = count(&gateway, "/v1/responses/input_tokens", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert_eq!(answer.json()["error"]["param"], param, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_provider_that_fails_to_count_is_told_like_any_failure() {
    for script in [scripts::json(&json!({"tokens": 1})), scripts::error(500, "down")] {
        let fake = FakeProvider::always(script).await;
        let gateway = gateway(&fake, json!({"count_tokens": "/messages/count_tokens"})).await;
        let (path, question, _) = CLIENTS[1];
        let answer = count(&gateway, path, question).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
    }
}
