//! Whose a key is decides what it may use, and what is known of its requests.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::{key, key_entry, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway over `p`, `q` and the route `r`, with a workspace `w` and one key in it.
async fn start(fake: &FakeProvider, workspace: Value, may: Value) -> TestGateway {
    TestGateway::start(configuration(fake, &workspace, may)).await
}

fn configuration(fake: &FakeProvider, workspace: &Value, mut may: Value) -> Value {
    may["workspace"] = json!("w");
    let mut configuration = two(fake.base_url(), fake.base_url());
    configuration["organization"] = json!({"name": "acme", "metadata": {"company": "acme", "tier": "basic"}});
    configuration["workspaces"] = json!({"w": workspace});
    configuration["keys"] = json!([key_entry(1, may)]);
    configuration
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error_code())
}

#[tokio::test]
async fn a_key_may_use_no_more_than_its_workspace_whatever_it_says() {
    let fake = FakeProvider::start().await;
    let workspace = json!({"models": ["p/*", "r"], "providers": ["p", "q"], "endpoints": ["chat_completions", "embeddings"]});
    let everything = json!({"models": ["*"], "providers": ["*"], "passthrough": true, "inline_config": true});
    let gateway = start(&fake, workspace, everything).await;
    for model in ["p/echo", "r"] {
        assert_eq!(gateway.chat(model).await.status, 200, "{model}");
    }
    assert_eq!(refused(&gateway.chat("q/echo").await), (403, "TG2003".to_owned()));
    let inline = gateway.ask(CHAT, "x").header("x-tollgate-config", r#"{"target":"q/echo"}"#).answer().await;
    assert_eq!(refused(&inline), (403, "TG2003".to_owned()));
    let message = gateway.ask(EventStream::Messages, "p/echo").answer().await;
    assert_eq!(message.status, 403);
    assert_eq!(message.header("x-tollgate-error"), "TG2011");
    assert!(message.text().contains("the workspace `w` may not call `messages`"), "{}", message.text());
    let listed = gateway.client().get("/v1/models").answer().await.json();
    let listed: Vec<_> = listed["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!(listed, ["r"]);
}

#[tokio::test]
async fn no_key_passes_through_what_its_workspace_holds_back() {
    let fake = FakeProvider::start().await;
    for (workspace, passes) in [
        (json!({"models": ["p/echo"]}), false),
        (json!({"endpoints": ["chat_completions"]}), false),
        (json!({"passthrough": false}), false),
        (json!({"models": ["p/echo"], "passthrough": true}), true),
        (json!({"providers": ["p"]}), true),
    ] {
        let gateway = start(&fake, workspace.clone(), json!({"passthrough": true})).await;
        let asked = fake.asked();
        let through = gateway.client().get("/providers/p/files").answer().await;
        assert_eq!(fake.asked() - asked, usize::from(passes), "{workspace}");
        if !passes {
            assert_eq!(refused(&through), (403, "TG2004".to_owned()), "{workspace}");
            assert!(through.error_message().contains("the workspace `w`"), "{}", through.error_message());
        }
    }
}

#[tokio::test]
async fn a_list_of_models_has_no_route_that_the_key_would_be_refused() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"providers": ["p"]}), json!({})).await;
    assert_eq!(refused(&gateway.chat("r").await), (403, "TG2003".to_owned()), "a target is of `q`");
    let listed = gateway.client().get("/v1/models").answer().await;
    assert_eq!(listed.json()["data"], json!([]));
    assert_eq!(gateway.client().get("/v1/models/r").answer().await.status, 404);
}

#[tokio::test]
async fn endpoints_are_refused_before_the_body_is_read() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({}), json!({"endpoints": ["embeddings"]})).await;
    let answer = gateway.post_chat("this is no JSON").answer().await;
    assert_eq!(refused(&answer), (403, "TG2011".to_owned()));
    let answer = gateway.client().get("/v1/responses/resp_1").answer().await;
    assert_eq!(refused(&answer), (403, "TG2011".to_owned()));
    assert_eq!(gateway.client().get("/v1/models").answer().await.status, 200);
}

#[tokio::test]
async fn a_request_without_a_model_takes_the_default_route_of_its_key_or_else_of_its_workspace() {
    let fake = FakeProvider::start().await;
    let workspace = json!({"default_route": "r"});
    let body = r#"{"messages":[{"role":"user","content":"x"}]}"#;
    let gateway = start(&fake, workspace.clone(), json!({})).await;
    let answer = gateway.post_chat(body).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-model")), (200, "m"));
    let sent: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
    assert_eq!(sent["model"], "m");

    let mut configuration = configuration(&fake, &workspace, json!({"default_route": "own"}));
    configuration["routes"]["own"] = json!({"target": "q/n"});
    let gateway = TestGateway::start(configuration).await;
    let answer = gateway.post_chat(body).answer().await;
    assert_eq!((answer.header("x-tollgate-provider"), answer.header("x-tollgate-model")), ("q", "n"));
    assert_eq!(gateway.chat("p/named").await.header("x-tollgate-model"), "named");

    let gateway = start(&fake, json!({}), json!({})).await;
    assert_eq!(refused(&gateway.post_chat(body).answer().await), (400, "TG1002".to_owned()));
}

/// Branches that say by the model they call what they were told.
fn told_by(facts: &[(&str, &str)]) -> Value {
    let conditions: Vec<_> = facts
        .iter()
        .map(|(fact, value)| json!({"query": {*fact: value}, "then": format!("{fact}-{value}")}))
        .collect();
    let mut targets: Vec<_> = facts
        .iter()
        .map(
            |(fact, value)| json!({"name": format!("{fact}-{value}"), "target": format!("p/{fact}-{value}")}),
        )
        .collect();
    targets.push(json!({"name": "none", "target": "p/none"}));
    json!({"strategy": {"mode": "conditional", "conditions": conditions, "default": "none"}, "targets": targets})
}

#[tokio::test]
async fn conditions_may_ask_whose_a_request_is() {
    let fake = FakeProvider::start().await;
    for (fact, value) in
        [("workspace", "w"), ("team", "vision"), ("user", "ada@example.com"), ("environment", "staging")]
    {
        let may = json!({"team": "vision", "user": "ada@example.com", "environment": "staging"});
        let mut configuration = configuration(&fake, &json!({"teams": {"vision": {}}}), may);
        configuration["users"] = json!({"ada@example.com": {"teams": ["w/vision"]}});
        configuration["routes"]["asks"] = told_by(&[(fact, "another"), (fact, value)]);
        let gateway = TestGateway::start(configuration).await;
        assert_eq!(gateway.chat("asks").await.header("x-tollgate-model"), format!("{fact}-{value}"));
    }
}

#[tokio::test]
async fn metadata_of_a_key_cannot_be_forged_and_the_nearest_value_stands() {
    let fake = FakeProvider::start().await;
    let workspace = json!({"metadata": {"tier": "gold", "area": "lab"}, "teams": {"vision": {"metadata": {"area": "eyes"}}}});
    let may = json!({"team": "vision", "metadata": {"app": "demo"}});
    let mut configuration = configuration(&fake, &workspace, may);
    let facts = ["metadata.company", "metadata.tier", "metadata.area", "metadata.app", "metadata.own"];
    for (fact, expected) in facts.into_iter().zip(["acme", "gold", "eyes", "demo", "client"]) {
        let route = told_by(&[(fact, "forged"), (fact, expected)]);
        configuration["routes"][fact.replace('.', "-")] = route;
    }
    let gateway = TestGateway::start(configuration).await;
    let forged =
        r#"{"company":"forged","tier":"forged","area":{"deep":"forged"},"app":"forged","own":"client"}"#;
    for (fact, expected) in facts.into_iter().zip(["acme", "gold", "eyes", "demo", "client"]) {
        let call = gateway.ask(CHAT, &fact.replace('.', "-")).header("x-tollgate-metadata", forged);
        assert_eq!(call.answer().await.header("x-tollgate-model"), format!("{fact}-{expected}"));
    }
}

#[tokio::test]
async fn metadata_has_to_pass_the_schema_of_the_workspace() {
    let fake = FakeProvider::start().await;
    let schema = json!({"type": "object", "required": ["customer", "app"], "properties": {"customer": {"pattern": "^c-"}}});
    let gateway = start(
        &fake,
        json!({"metadata_schema": schema}),
        json!({"metadata": {"app": "demo"}, "passthrough": true}),
    )
    .await;
    let ask = |metadata: &str| gateway.ask(CHAT, "p/echo").header("x-tollgate-metadata", metadata);
    assert_eq!(ask(r#"{"customer":"c-1"}"#).answer().await.status, 200);
    let asked = fake.asked();
    let missing = gateway.chat("p/echo").await;
    assert_eq!(refused(&missing), (400, "TG2014".to_owned()));
    assert!(
        missing.error_message().contains("\"customer\" is a required property"),
        "{}",
        missing.error_message()
    );
    let wrong = ask(r#"{"customer":"private-7"}"#).answer().await;
    assert_eq!(refused(&wrong), (400, "TG2014".to_owned()));
    assert!(!wrong.text().contains("private-7"), "{}", wrong.text());
    let through = gateway.client().get("/providers/p/files").answer().await;
    assert_eq!(refused(&through), (400, "TG2014".to_owned()));
    assert_eq!(gateway.client().get("/v1/models").answer().await.status, 200, "nothing is spent here");
    assert_eq!(fake.asked(), asked);
}

#[tokio::test]
async fn a_key_is_good_by_each_of_its_texts_until_its_time_is_over() {
    let fake = FakeProvider::start().await;
    let mut configuration = two(fake.base_url(), fake.base_url());
    let hash = |number: u8| key(number).hash().to_string();
    let entry = |name: &str, more: Value| {
        let mut entry = json!({"name": name});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    configuration["keys"] = json!([
        entry(
            "turned",
            json!({"hashes": [
                {"hash": hash(1), "until": "2020-01-01T00:00:00Z"},
                {"hash": hash(2), "until": "2099-01-01T00:00:00Z"},
                {"hash": hash(3)},
            ]})
        ),
        entry("late", json!({"hash": hash(4), "expires": "2020-01-01T00:00:00Z"})),
        entry("off", json!({"hash": hash(5), "disabled": true})),
        entry(
            "both",
            json!({"hashes": [{"hash": hash(6), "until": "2099-01-01T00:00:00Z"}], "expires": "2020-01-01T00:00:00Z"})
        ),
        entry("early", json!({"hash": hash(7), "expires": "2099-01-01T00:00:00Z"})),
    ]);
    let gateway = TestGateway::start(configuration).await;
    let listed = async |number: u8| gateway.client_of(number).get("/v1/models").answer().await;
    for number in [2, 3, 7] {
        assert_eq!(listed(number).await.status, 200, "{number}");
    }
    for (number, told) in [
        (1, "expired at 2020-01-01T00:00:00Z"),
        (4, "`late` has expired"),
        (5, "disabled"),
        (6, "`both` has expired"),
    ] {
        let answer = listed(number).await;
        assert_eq!(refused(&answer), (401, "TG2013".to_owned()), "{number}");
        assert!(answer.error_message().contains(told), "{}", answer.error_message());
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(refused(&listed(8).await), (401, "TG2002".to_owned()));
}

#[tokio::test]
async fn a_key_that_is_disabled_gets_nowhere_once_the_file_is_read_and_streams_under_way_finish() {
    let events = scripts::stream(CHAT, &["before", "after"]);
    let fake = FakeProvider::always(events.paused_before(2)).await;
    let mut gateway = start(&fake, json!({}), json!({})).await;
    let mut stream = gateway.ask_streamed(CHAT, "p/m").open().await;
    let begun = stream.until("before").await;
    gateway.reconfigure(configuration(&fake, &json!({}), json!({"disabled": true}))).await;
    assert_eq!(refused(&gateway.chat("p/m").await), (401, "TG2013".to_owned()));
    fake.clock().waits_begun(1).await;
    fake.clock().advance(Duration::from_secs(1));
    let rest = stream.rest().await;
    rest.assert_ends_cleanly(CHAT);
    assert_eq!(begun + rest.text(), events.text());
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_only_and_only_a_trusted_proxy_says_otherwise() {
    let fake = FakeProvider::start().await;
    let with = |networks: Value, proxies: Value| {
        let mut configuration = configuration(&fake, &json!({}), json!({"networks": networks}));
        configuration["server"] = json!({"trusted_proxies": proxies});
        configuration
    };
    let status = async |gateway: &TestGateway, forwarded: &str| {
        gateway.client().get("/v1/models").header("x-forwarded-for", forwarded).answer().await.status.as_u16()
    };
    let gateway = TestGateway::start(with(json!(["127.0.0.0/8"]), json!([]))).await;
    assert_eq!(status(&gateway, "192.0.2.1").await, 200, "nobody is believed");
    let mut gateway = TestGateway::start(with(json!(["192.0.2.0/24"]), json!([]))).await;
    let forged = gateway.ask(CHAT, "p/echo").header("x-forwarded-for", "192.0.2.1").answer().await;
    assert_eq!(refused(&forged), (403, "TG2012".to_owned()));
    assert!(forged.error_message().contains("from 127.0.0.1;"), "{}", forged.error_message());
    gateway.reconfigure(with(json!(["192.0.2.0/24"]), json!(["127.0.0.1"]))).await;
    assert_eq!(status(&gateway, "192.0.2.1").await, 200);
    assert_eq!(status(&gateway, "192.0.2.1, 198.51.100.1").await, 403);
    assert_eq!(status(&gateway, "unknown").await, 403);
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn whoever_tries_keys_is_slowed_down_and_whoever_has_one_is_not() {
    let fake = FakeProvider::start().await;
    let mut configuration = configuration(&fake, &json!({}), json!({}));
    configuration["limits"] = json!({"wrong_keys_per_minute_max": 3});
    let gateway = TestGateway::start(configuration).await;
    let guess = async |number: u8| gateway.client_of(number).get("/v1/models").answer().await;
    for number in 2..5 {
        assert_eq!(refused(&guess(number).await), (401, "TG2002".to_owned()));
    }
    let slowed = guess(5).await;
    assert_eq!(refused(&slowed), (429, "TG2015".to_owned()));
    assert!((1..=20).contains(&slowed.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(guess(1).await.status, 200, "a known key is never held back");
    let request = scripts::request(CHAT, "p/echo", false).to_string();
    assert_eq!(gateway.client().post(scripts::path(CHAT), request).answer().await.status, 200);
    assert!(gateway.metric("tollgate_refusals_total{code=\"TG2015\"}").await >= 1.0);
}
