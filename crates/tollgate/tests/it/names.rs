//! From the name that a client sends to whoever serves it.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider};

use crate::configuration::{key_entry, one, provider};
use crate::gateway::TestGateway;

/// Providers `p` (alpha, beta) and `q` (beta, org/gamma), a route `fast`, and two keys: the second may use little.
async fn start(fake: &FakeProvider) -> TestGateway {
    let knowing = |models: Value| {
        let mut provider = provider(fake.base_url());
        provider["models"] = models;
        provider
    };
    TestGateway::start(json!({
        "providers": {
            "p": knowing(json!(["alpha-large", "beta", "pattern-*"])),
            "q": knowing(json!(["beta", "org/gamma"])),
        },
        "routes": {"fast": {"target": "q/beta"}, "slow": {"target": "p/beta"}},
        "keys": [key_entry(1, json!({})), key_entry(2, json!({"models": ["fast", "p/alpha-*"]}))],
    }))
    .await
}

async fn served(gateway: &TestGateway, model: &str) -> (String, String) {
    let answer = gateway.chat(model).await;
    assert_eq!(answer.status, 200, "{model}: {}", answer.text());
    (answer.header("x-tollgate-provider").to_owned(), answer.header("x-tollgate-model").to_owned())
}

#[tokio::test]
async fn a_name_is_a_route_then_provider_and_model_then_a_model_that_somebody_serves() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (name, provider, model) in [
        ("fast", "q", "beta"),
        ("p/alpha-large", "p", "alpha-large"),
        ("p/never-heard-of", "p", "never-heard-of"),
        ("q/org/gamma", "q", "org/gamma"),
        ("alpha-large", "p", "alpha-large"),
        ("beta", "p", "beta"),
        ("pattern-7", "p", "pattern-7"),
        ("org/gamma", "q", "org/gamma"),
    ] {
        assert_eq!(served(&gateway, name).await, (provider.to_owned(), model.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_model_may_have_any_name_that_its_provider_gives_it() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (model, in_header) in [("模型 😀", Some("模型 😀")), ("a:b@c #1?", Some("a:b@c #1?")), ("a\nb", None)]
    {
        let answer = gateway.chat(&format!("p/{model}")).await;
        let header = answer.headers.get("x-tollgate-model").map(|value| value.as_bytes());
        assert_eq!((answer.status.as_u16(), header), (200, in_header.map(str::as_bytes)), "{model:?}");
        let sent: Value = serde_json::from_slice(&fake.requests().pop().unwrap().body).unwrap();
        assert_eq!(sent["model"], model);
    }
}

#[tokio::test]
async fn a_provider_can_be_named_in_a_header() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (header, value) in [("x-tollgate-provider", "q"), ("x-portkey-provider", "@q")] {
        let answer = gateway.ask(EventStream::Chat, "anything").header(header, value).answer().await;
        assert_eq!(
            (answer.header("x-tollgate-provider"), answer.header("x-tollgate-model")),
            ("q", "anything")
        );
    }
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_those_that_come_close_and_may_be_used() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (name, hint) in [("alpha-larg", "`alpha-large`"), ("fsat", "`fast`"), ("org/gama", "`org/gamma`")] {
        let answer = gateway.chat(name).await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG2006"), "{name}");
        assert!(answer.error_message().contains(hint), "{}", answer.error_message());
        assert_eq!(answer.json()["error"]["param"], "model");
    }
    let far = gateway.chat("xyzzy").await.error_message();
    assert!(far.contains("GET /v1/models"), "{far}");
    let request = json!({"model": "slwo", "messages": []}).to_string();
    let limited = gateway.client_of(2).post("/v1/chat/completions", request).answer().await;
    assert_eq!(limited.status, 404);
    assert!(!limited.error_message().contains("`slow`"), "{}", limited.error_message());
    assert_eq!(fake.asked(), 0);
}

async fn ids(gateway: &TestGateway, number: u8) -> Vec<String> {
    let list = gateway.client_of(number).get("/v1/models").answer().await.json();
    assert_eq!(list["object"], "list");
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_list_holds_what_the_key_may_use_and_nothing_else() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    let mut all = ids(&gateway, 1).await;
    all.sort();
    let expected = [
        "alpha-large",
        "beta",
        "fast",
        "org/gamma",
        "p/alpha-large",
        "p/beta",
        "q/beta",
        "q/org/gamma",
        "slow",
    ];
    assert_eq!(all, expected);
    assert_eq!(ids(&gateway, 2).await, ["alpha-large", "fast", "p/alpha-large"]);
    for name in ids(&gateway, 2).await {
        let request = json!({"model": name, "messages": [{"role": "user", "content": "x"}]}).to_string();
        let answer = gateway.client_of(2).post("/v1/chat/completions", request).answer().await;
        assert_eq!(answer.status, 200, "what is listed can be used: {name}");
    }
}

#[tokio::test]
async fn lists_and_entries_have_the_shape_of_the_client() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    let openai = gateway.client_of(2).get("/v1/models").answer().await.json();
    assert_eq!(
        openai["data"][0],
        json!({"id": "alpha-large", "object": "model", "created": 0, "owned_by": "p"})
    );
    let anthropic = gateway
        .client_of(2)
        .get("/v1/models")
        .header("anthropic-version", "2023-06-01")
        .answer()
        .await
        .json();
    assert_eq!(
        (&anthropic["first_id"], &anthropic["last_id"]),
        (&json!("alpha-large"), &json!("p/alpha-large"))
    );
    assert_eq!(anthropic["has_more"], false);
    assert_eq!(anthropic["data"][0]["type"], "model");
    let prefixed = gateway.client_of(2).get("/anthropic/v1/models/fast").answer().await.json();
    assert_eq!((&prefixed["type"], &prefixed["id"]), (&json!("model"), &json!("fast")));
}

#[tokio::test]
async fn one_model_is_found_by_any_name_that_a_request_could_use() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    for (name, owner) in [
        ("fast", "tollgate"),
        ("alpha-large", "p"),
        ("org/gamma", "q"),
        ("q/org/gamma", "q"),
        ("q/org%2Fgamma", "q"),
        ("p/never-heard-of", "p"),
        ("pattern-7", "p"),
    ] {
        let answer = gateway.client().get(&format!("/v1/models/{name}")).answer().await;
        assert_eq!((answer.status.as_u16(), &answer.json()["owned_by"]), (200, &json!(owner)), "{name}");
    }
    for name in ["alpha-larg", "slow-er"] {
        let answer = gateway.client().get(&format!("/v1/models/{name}")).answer().await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG2006"));
    }
    let hidden = gateway.client_of(2).get("/v1/models/slow").answer().await;
    assert_eq!(hidden.status, 404, "what a key may not use does not exist for it");
}

#[tokio::test]
async fn an_endpoint_that_the_first_provider_lacks_goes_to_one_that_has_it() {
    let fake = FakeProvider::start().await;
    let (mut chats, mut embeds) = (provider(fake.base_url()), provider(fake.base_url()));
    chats["endpoints"] = json!({"chat_completions": "/chat/completions"});
    chats["models"] = json!(["m"]);
    embeds["endpoints"] = json!({"embeddings": "/embeddings"});
    embeds["models"] = json!(["m"]);
    let gateway = TestGateway::start(json!({"providers": {"chats": chats, "embeds": embeds}})).await;
    assert_eq!(gateway.chat("m").await.header("x-tollgate-provider"), "chats");
    let embedding = gateway.client().post("/v1/embeddings", r#"{"model":"m","input":"x"}"#).answer().await;
    assert_eq!((embedding.status.as_u16(), embedding.header("x-tollgate-provider")), (200, "embeds"));
}

#[tokio::test]
async fn every_endpoint_is_served_under_every_prefix() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake).await;
    let chat = json!({"model": "p/echo", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9})
        .to_string();
    for (path, body) in [
        ("/chat/completions", chat.as_str()),
        ("/completions", r#"{"model":"p/echo","prompt":"x"}"#),
        ("/responses", r#"{"model":"p/echo","input":"x"}"#),
        ("/embeddings", r#"{"model":"p/echo","input":"x"}"#),
        ("/moderations", r#"{"model":"p/echo","input":"x"}"#),
        ("/messages", chat.as_str()),
        ("/messages/count_tokens", chat.as_str()),
    ] {
        for prefix in ["/v1", "", "/openai/v1", "/openai", "/anthropic/v1", "/anthropic"] {
            let answer = gateway.client().post(&format!("{prefix}{path}"), body.to_owned()).answer().await;
            assert_eq!(answer.status, 200, "{prefix}{path}: {}", answer.text());
            assert_eq!(fake.requests().pop().unwrap().path, format!("/v1{path}"));
        }
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_to_be_kept_is_refused_wherever_it_stands() {
    let (fake, long) = (FakeProvider::start().await, "x".repeat(513));
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"any": {"provider": "p"}});
    let gateway = TestGateway::start(configuration).await;
    let ask = |model: &str| gateway.ask(EventStream::Chat, model);
    let target = format!("{{\"target\":\"p/{long}\"}}");
    for (what, call) in [
        ("with a provider", ask(&format!("p/{long}"))),
        ("bare", ask(&long)),
        ("for a route that leaves the model to the client", ask(&long).header("x-tollgate-config", "any")),
        ("for a provider in a header", ask(&long).header("x-tollgate-provider", "p")),
        ("as a route in a header", ask("m").header("x-tollgate-config", &long)),
        ("within a route in a header", ask("m").header("x-tollgate-config", &target)),
    ] {
        let answer = call.answer().await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        assert!(answer.error_message().contains("longer than 512 bytes"), "{what}: {}", answer.text());
        assert!(answer.text().len() < 400, "{what}");
    }
    assert_eq!(fake.asked(), 0);
    let longest = gateway.chat(&format!("p/{}", "x".repeat(510))).await;
    assert_eq!((longest.status.as_u16(), longest.header("x-tollgate-model").len()), (200, 510));
}

#[tokio::test]
async fn a_live_provider_without_a_model_is_not_said_to_be_absent() {
    let fake = FakeProvider::start().await;
    let answer = TestGateway::before(&fake).await.chat("p/").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG2006"));
    assert!(
        answer.error_message().starts_with("no route, provider or model is called `p/`"),
        "{}",
        answer.text()
    );
}
