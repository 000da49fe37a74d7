//! Why requests go where they go: beside the answer, and before they are made.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::{SECRET, key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const ASKED: &str = "x-tollgate-explain";
const TOLD: &str = "x-tollgate-decision";

/// Providers `p` and `q`; a route `r` over both, and one overseas.
async fn start(first: &FakeProvider, second: &FakeProvider) -> TestGateway {
    let explaining = json!({"explain": true, "regions": ["eu-*"]});
    TestGateway::start(json!({
        "providers": {"p": provider(first.base_url()), "q": provider(second.base_url())},
        "routes": {"r": {
            "strategy": {"mode": "fallback"},
            "targets": [
                {"target": "p/m", "region": "eu-west-1"},
                {"target": "q/overseas", "region": "us-east-1"},
                {
                    "strategy": {
                        "mode": "conditional",
                        "conditions": [{"query": "metadata.plan == 'pro'", "then": "large"}],
                        "default": "small",
                    },
                    "targets": [
                        {"name": "large", "target": "q/large", "region": "eu-west-1"},
                        {"name": "small", "target": "q/small", "region": "eu-west-1"},
                    ],
                },
            ],
        }},
        "keys": [key_entry(1, explaining), key_entry(2, json!({}))],
    }))
    .await
}

fn decision(answer: &Answer) -> Value {
    serde_json::from_str(answer.header(TOLD)).unwrap()
}

fn reasons(decision: &Value) -> Vec<(String, Value)> {
    let of = |target: &Value| {
        (target["target"].as_str().unwrap().to_owned(), target["excluded"]["reason"].clone())
    };
    decision["targets"].as_array().unwrap().iter().map(of).collect()
}

async fn asked(gateway: &TestGateway, key: u8, question: &Value) -> Answer {
    gateway.client_of(key).post("/api/v1/routes/explain", question.to_string()).answer().await
}

#[tokio::test]
async fn the_decision_is_told_beside_the_answer() {
    let (first, second) =
        (FakeProvider::always(scripts::error(500, "no")).await, FakeProvider::start().await);
    second.keep_answering(scripts::json(&scripts::answer(CHAT, "served")));
    let gateway = start(&first, &second).await;
    let answer = gateway.ask(CHAT, "r").header(ASKED, "true").answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = decision(&answer);
    assert_eq!(told["route"], "r");
    let expected = [
        ("p/m", Value::Null),
        ("q/overseas", json!("region")),
        ("q/large", json!("facts")),
        ("q/small", Value::Null),
    ];
    assert_eq!(reasons(&told), expected.map(|(name, reason)| (name.to_owned(), reason)));
    let attempts: Vec<_> =
        told["attempts"].as_array().unwrap().iter().map(|one| (&one["target"], &one["outcome"])).collect();
    assert_eq!(attempts, [(&json!("p/m"), &json!("provider")), (&json!("q/small"), &json!("served"))]);
    assert!(!answer.header(TOLD).contains(SECRET));
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_and_served_all_the_same() {
    let (first, second) = (FakeProvider::start().await, FakeProvider::start().await);
    first.keep_answering(scripts::json(&scripts::answer(CHAT, "served")));
    let gateway = start(&first, &second).await;
    let body = json!({"model": "r", "messages": [{"role": "user", "content": "Hello!"}]});
    let call = gateway.client_of(2).post("/v1/chat/completions", body.to_string()).header(ASKED, "true");
    let answer = call.answer().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header(TOLD).contains("`explain: true`"));
    let refused = asked(&gateway, 2, &json!({"body": body})).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("x-tollgate-error"), "TG2010");
}

#[tokio::test]
async fn a_request_that_is_not_made_is_told_where_it_would_go() {
    let (first, second) = (FakeProvider::start().await, FakeProvider::start().await);
    let gateway = start(&first, &second).await;
    let body = json!({"model": "r", "messages": [{"role": "user", "content": "Hello!"}]});
    let course = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told: Value = serde_json::from_str(answer.text()).unwrap();
        let targets = told["decision"]["targets"].as_array().unwrap();
        let mut turns: Vec<_> =
            targets.iter().filter_map(|one| Some((one["turn"].as_u64()?, one["target"].clone()))).collect();
        turns.sort_by_key(|(turn, _)| *turn);
        turns.into_iter().map(|(_, target)| target.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let asked_of = |question: Value| {
        let gateway = &gateway;
        async move { asked(gateway, 1, &question).await }
    };
    assert_eq!(course(&asked_of(json!({"body": body})).await), ["p/m", "q/small"]);
    let pro = json!({"body": body, "headers": {"x-tollgate-metadata": "{\"plan\": \"pro\"}"}});
    assert_eq!(course(&asked_of(pro).await), ["p/m", "q/large"]);
    assert_eq!(course(&asked_of(json!({"body": body, "down": ["p"]})).await), ["q/small"]);
    assert_eq!(course(&asked_of(json!({"body": body, "down": ["p/m", "q/other"]})).await), ["q/small"]);
    let refused = asked_of(json!({"body": {"model": "nothing", "messages": []}})).await;
    let told: Value = serde_json::from_str(refused.text()).unwrap();
    assert_eq!((refused.status.as_u16(), &told["refused"]["code"]), (200, &json!("TG2006")));
    for (question, status) in [
        (json!({"body": body, "path": "/v1/models"}), 200),
        (json!({"body": body, "headers": {"a b": "c"}}), 200),
        (json!({"body": body, "bodies": 1}), 400),
        (json!({"body": [1]}), 200),
    ] {
        let answer = asked_of(question.clone()).await;
        assert_eq!(answer.status, status, "{question}: {}", answer.text());
        assert!(status == 400 || answer.text().contains("refused"), "{question}: {}", answer.text());
    }
    assert_eq!((first.asked(), second.asked()), (0, 0));
}
