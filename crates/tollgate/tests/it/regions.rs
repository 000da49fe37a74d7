//! Requests that are bound to a region.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, ScriptedRequest, scripts};

use crate::configuration::{key_entry, one};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const REGION: &str = "x-tollgate-region";

/// A fallback over a target overseas, one of which nobody knows where it is, and two in Europe.
async fn start(fake: &FakeProvider) -> TestGateway {
    let mut configuration = one(fake);
    configuration["routes"] = json!({"r": {
        "strategy": {"mode": "fallback"},
        "targets": [
            {"target": "p/overseas", "region": "us-east-1"},
            {"target": "p/anywhere"},
            {"target": "p/west", "region": "eu-west-1"},
            {"target": "p/north", "region": "eu-north-1"},
        ],
    }});
    configuration["keys"] = json!([
        key_entry(1, json!({"inline_config": true, "passthrough": true})),
        key_entry(2, json!({"inline_config": true, "passthrough": true, "regions": ["eu-*"]})),
    ]);
    TestGateway::start(configuration).await
}

fn request(model: &str) -> String {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello!"}]}).to_string()
}

fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 451, "{}", answer.text());
    assert_eq!(answer.header("x-tollgate-error"), "TG2009");
    answer.json()
}

#[tokio::test]
async fn a_bound_request_leaves_its_region_in_no_fallback() {
    let fake = FakeProvider::start().await;
    for _ in 0..2 {
        fake.next(scripts::error(503, "busy"));
    }
    let gateway = start(&fake).await;
    let answer = gateway.client_of(2).post("/v1/chat/completions", request("r")).answer().await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let model =
        |request: &ScriptedRequest| serde_json::from_slice::<Value>(&request.body).unwrap()["model"].clone();
    let called: Vec<_> = fake.requests().iter().map(model).collect();
    assert_eq!(called, ["west", "north"]);
}

#[tokio::test]
async fn a_request_narrows_its_key_and_cannot_widen_it() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (key, region, model) in [(1, "us-*", "overseas"), (1, "eu-north-1", "north"), (2, "eu-n*", "north")] {
        fake.next(scripts::json(&scripts::answer(CHAT, "served")));
        let call = gateway.client_of(key).post("/v1/chat/completions", request("r")).header(REGION, region);
        let answer = call.answer().await;
        assert_eq!(answer.header("x-tollgate-model"), model, "{}", answer.text());
    }
    let call = gateway.client_of(2).post("/v1/chat/completions", request("r")).header(REGION, "us-east-1");
    let told = refused(&call.answer().await);
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("`eu-*`") && message.contains("`us-east-1`"), "{message}");
    let call = gateway.client_of(2).post("/v1/chat/completions", request("r")).header(REGION, "eu/west");
    assert_eq!(call.answer().await.status, 400);
}

#[tokio::test]
async fn a_target_of_which_nobody_said_where_it_is_serves_nobody_who_is_bound() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    let own_route = json!({"target": "p/x", "region": "eu-west-1"}).to_string();
    refused(&gateway.client_of(2).post("/v1/chat/completions", request("p/x")).answer().await);
    refused(&gateway.client_of(2).post("/providers/p/v1/anything", request("x")).answer().await);
    let call = gateway.client_of(2).post("/v1/chat/completions", request("x"));
    let answer = call.header("x-tollgate-config", &own_route).answer().await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("x-tollgate-error"), "TG1011");
    assert!(answer.text().contains("only the operator may say"), "{}", answer.text());
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_condition_asks_what_a_request_is_bound_to() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["workspaces"] = json!({"open": {}, "nordic": {"regions": ["eu-north-*"]}});
    configuration["routes"] = json!({"r": {
        "strategy": {
            "mode": "conditional",
            "conditions": [
                {"query": {"region": "eu-north-*"}, "then": "north"},
                {"query": "region.startsWith('eu-')", "then": "west"},
            ],
            "default": "overseas",
        },
        "targets": [
            {"name": "overseas", "target": "p/overseas", "region": "us-east-1"},
            {"name": "west", "target": "p/west", "region": "eu-west-1"},
            {"name": "north", "target": "p/north", "region": "eu-north-1"},
        ],
    }});
    configuration["keys"] = json!([
        key_entry(1, json!({"workspace": "open"})),
        key_entry(2, json!({"workspace": "open", "regions": ["ch", "eu-*"]})),
        key_entry(3, json!({"workspace": "nordic"})),
    ]);
    let gateway = TestGateway::start(configuration).await;
    for (key, asked, model) in
        [(1, None, "overseas"), (2, None, "west"), (3, None, "north"), (1, Some("eu-west-1"), "west")]
    {
        fake.next(scripts::json(&scripts::answer(CHAT, "served")));
        let mut call = gateway.client_of(key).post("/v1/chat/completions", request("r"));
        if let Some(asked) = asked {
            call = call.header(REGION, asked);
        }
        let answer = call.answer().await;
        assert_eq!(answer.header("x-tollgate-model"), model, "{}", answer.text());
    }
}
