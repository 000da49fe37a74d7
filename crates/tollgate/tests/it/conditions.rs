//! Routes in which the request's own facts decide.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::{key_entry, one, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const METADATA: &str = "x-tollgate-metadata";
const CONFIG: &str = "x-tollgate-config";

/// A conditional route over `yes` and `no`.
fn choice(query: &Value) -> Value {
    json!({
        "strategy": {"mode": "conditional", "conditions": [{"query": query, "then": "then"}], "default": "else"},
        "targets": [{"name": "then", "target": "p/yes"}, {"name": "else", "target": "p/no"}],
    })
}

/// The same without default.
fn strict(query: &Value) -> Value {
    json!({
        "strategy": {"mode": "conditional", "conditions": [{"query": query, "then": "then"}]},
        "targets": [{"name": "then", "target": "p/yes"}],
    })
}

async fn start(fake: &FakeProvider, routes: Value) -> TestGateway {
    let mut configuration = one(fake);
    configuration["routes"] = routes;
    configuration["keys"] = json!([key_entry(1, json!({"inline_config": true})), key_entry(2, json!({}))]);
    TestGateway::start(configuration).await
}

fn model(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-tollgate-model")
}

#[tokio::test]
async fn each_fact_is_that_of_the_request() {
    let fake = FakeProvider::start().await;
    let queries = [
        json!({"metadata.user.plan": {"$in": ["pro", "team"]}}),
        json!({"params.response_format.type": "json_object", "params.messages[-1].role": "user"}),
        json!({"params.messages[*].content": {"$regex": "(?i)confidential"}}),
        json!({"params.max_tokens": {"$gt": 100, "$lte": 200}}),
        json!({"headers.X-Team": "search"}),
        json!({"url.pathname": {"$regex": "/chat/"}, "endpoint": "chat_completions", "key": "key-1"}),
        json!({"model": "x", "stream": false}),
        json!({"time.hour": {"$gte": 0, "$lte": 23}, "time.weekday": {"$exists": true}}),
        json!({"estimated_tokens": {"$gt": 30, "$lt": 100}}),
        json!(
            "metadata.user.plan == 'pro' && params.messages.exists(m, m.role == 'system') && headers['x-team'] == 'search'"
        ),
    ];
    let gateway = start(&fake, json!({})).await;
    let full = json!({
        "model": "x",
        "max_tokens": 200,
        "response_format": {"type": "json_object"},
        "messages": [{"role": "system", "content": "CONFIDENTIAL"}, {"role": "user", "content": "Hello!"}],
    });
    let bare = json!({"model": "y", "messages": [{"role": "user", "content": "Hi"}]});
    for query in &queries {
        let route = choice(query).to_string();
        let call = gateway.post_chat(full.to_string()).header(CONFIG, &route).header("x-team", "search");
        let answer = call.header(METADATA, r#"{"user": {"plan": "pro"}}"#).answer().await;
        assert_eq!(model(&answer), "yes", "{query}");
        let is_of_the_clock = query.get("time.hour").is_some();
        if !is_of_the_clock && query.get("url.pathname").is_none() {
            let answer = gateway.post_chat(bare.to_string()).header(CONFIG, &route).answer().await;
            assert_eq!(model(&answer), "no", "{query}");
        }
    }
    let sent = fake.requests();
    assert!(sent.iter().all(|request| !request.headers.contains_key(METADATA)));
}

#[tokio::test]
async fn a_saved_route_decides_by_portkeys_header_and_by_the_key() {
    let fake = FakeProvider::start().await;
    let routes = json!({
        "by-plan": choice(&json!({"metadata.plan": {"$eq": "pro"}})),
        "by-key": choice(&json!({"key": "key-1"})),
    });
    let gateway = start(&fake, routes).await;
    for (metadata, expected) in [(r#"{"plan":"pro"}"#, "yes"), (r#"{"plan":"free"}"#, "no"), ("{}", "no")] {
        let call = gateway.ask(CHAT, "by-plan").header("x-portkey-metadata", metadata);
        assert_eq!(model(&call.answer().await), expected, "{metadata}");
    }
    assert_eq!(model(&gateway.chat("by-plan").await), "no");
    assert_eq!(model(&gateway.chat("by-key").await), "yes");
    let body = scripts::request(CHAT, "by-key", false).to_string();
    let other = gateway.client_of(2).post(scripts::path(CHAT), body).answer().await;
    assert_eq!(model(&other), "no");
}

#[tokio::test]
async fn where_no_condition_holds_every_client_is_told_in_its_own_shape() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"by-plan": strict(&json!({"metadata.plan": "pro"}))})).await;
    let message = "no condition of the route `by-plan` holds for this request, and it has no `default`";
    for (format, member) in [
        (EventStream::Chat, "/error/message"),
        (EventStream::Responses, "/error/message"),
        (EventStream::Completions, "/error/message"),
        (EventStream::Messages, "/error/message"),
        (EventStream::Gemini, "/error/message"),
        (EventStream::Converse, "/message"),
        (EventStream::Cohere, "/message"),
    ] {
        for call in [gateway.ask(format, "by-plan"), gateway.ask_streamed(format, "by-plan")] {
            let answer = call.answer().await;
            assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-error")), (400, "TG1018"));
            let body: Value = serde_json::from_slice(answer.text().as_bytes()).unwrap();
            assert_eq!(body.pointer(member), Some(&json!(message)), "{body}");
        }
    }
    let inline = gateway.ask(CHAT, "x").header(CONFIG, &strict(&json!({"stream": true})).to_string());
    let answer = inline.answer().await;
    assert!(answer.text().contains("no condition of the route in the request's header holds"));
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_branch_that_is_not_taken_is_no_fallback() {
    let (first, second) =
        (FakeProvider::always(scripts::error(500, "no")).await, FakeProvider::start().await);
    let mut configuration = two(first.base_url(), second.base_url());
    let conditional = json!({
        "strategy": {
            "mode": "conditional",
            "conditions": [{"query": {"metadata.place": "eu"}, "then": "eu"}],
            "default": "elsewhere",
        },
        "targets": [{"name": "eu", "target": "p/m"}, {"name": "elsewhere", "target": "q/m"}],
    });
    let nested = json!({"strategy": {"mode": "fallback"}, "targets": [conditional, {"target": "p/spare"}]});
    configuration["routes"] = json!({"r": conditional, "nested": nested});
    let gateway = TestGateway::start(configuration).await;
    for (route, attempts) in [("r", 1), ("nested", 2)] {
        let before = first.asked();
        let answer = gateway.ask(CHAT, route).header(METADATA, r#"{"place":"eu"}"#).answer().await;
        assert_eq!(answer.status, 502);
        assert_eq!((first.asked() - before, second.asked()), (attempts, 0), "{}", answer.text());
    }
    assert_eq!(gateway.chat("r").await.header("x-tollgate-provider"), "q");
}

#[tokio::test]
async fn metadata_that_is_no_object_is_refused_whatever_the_route() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({})).await;
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(9000));
    for (metadata, problem) in [
        ("{\"a\":", "must hold a JSON object"),
        ("[]", "must hold a JSON object, found an array"),
        (&*long, "of at most 8192"),
    ] {
        let answer = gateway.ask(CHAT, "p/m").header(METADATA, metadata).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-error")), (400, "TG1014"));
        assert!(answer.text().contains(problem), "{}", answer.text());
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_mistake_in_a_condition_of_a_header_is_told_with_its_path() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({})).await;
    for (route, problem) in [
        (
            choice(&json!({"metadata.plan": {"$regx": "a"}})),
            "strategy.conditions[0].query.metadata.plan.$regx: there is no operator `$regx`; did you mean `$regex`?",
        ),
        (choice(&json!("metadata.plan == 'pro")), "strategy.conditions[0].query: it is no expression: 1:18"),
        (choice(&json!(["metadata.plan"])), "strategy.conditions[0].query: expected an object such as"),
    ] {
        let answer = gateway.ask(CHAT, "x").header(CONFIG, &route.to_string()).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-error")), (400, "TG1011"));
        let body: Value = serde_json::from_slice(answer.text().as_bytes()).unwrap();
        assert!(body["error"]["message"].as_str().unwrap().contains(problem), "{body}");
    }
}

#[tokio::test]
async fn a_sticky_route_sends_the_same_value_to_the_same_target() {
    let fake = FakeProvider::start().await;
    let sticky = |models: &[&str]| {
        let targets: Vec<_> = models.iter().map(|model| json!({"target": format!("p/{model}")})).collect();
        json!({
            "strategy": {
                "mode": "loadbalance",
                "sticky": {"enabled": true, "hash_fields": ["metadata.user", "headers.x-session"]},
            },
            "targets": targets,
        })
    };
    let routes = json!({"three": sticky(&["a", "b", "c"]), "two": sticky(&["c", "a"])});
    let gateway = start(&fake, routes).await;
    let ask = async |route: &str, user: usize| {
        let metadata = json!({"user": format!("user-{user}")}).to_string();
        let answer = gateway.ask(CHAT, route).header(METADATA, &metadata).answer().await;
        model(&answer).to_owned()
    };
    let mut shares = BTreeMap::<String, usize>::new();
    for user in 0..60 {
        let target = ask("three", user).await;
        assert_eq!(ask("three", user).await, target);
        if target != "b" {
            assert_eq!(ask("two", user).await, target, "whoever was not at `b` stays where it is");
        }
        *shares.entry(target).or_default() += 1;
    }
    assert!(shares.len() == 3 && shares.values().all(|share| *share >= 8), "{shares:?}");
    let by_session = |session: &'static str| gateway.ask(CHAT, "three").header("x-session", session);
    let first = by_session("s-1").answer().await;
    assert_eq!(model(&by_session("s-1").answer().await), model(&first));
    assert_eq!(gateway.chat("three").await.status, 200);
}
