//! Who may do what.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use crate::configuration::{SECRET, key, key_entry, one, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway over `p`, `q` and the route `r`, with one key that may do this.
async fn start(fake: &FakeProvider, may: Value) -> TestGateway {
    let mut configuration = two(fake.base_url(), fake.base_url());
    configuration["keys"] = json!([key_entry(1, may)]);
    TestGateway::start(configuration).await
}

async fn status_of(gateway: &TestGateway, model: &str) -> u16 {
    gateway.chat(model).await.status.as_u16()
}

#[tokio::test]
async fn nobody_gets_in_without_a_key_that_is_known() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let request = scripts::request(CHAT, "p/echo", false).to_string();
    let path = scripts::path(CHAT);
    let answer = gateway.anybody().post(path, request.clone()).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (401, "TG2001"));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    for wrong in [key(2).reveal(), "tg-short", "sk-provider", "Bearer", "é"] {
        let answer =
            gateway.anybody().with_header("x-api-key", wrong).post(path, request.clone()).answer().await;
        assert_eq!(answer.status, 401, "{wrong}");
        assert!(!answer.text().contains(key(2).reveal()));
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_key_may_come_in_any_of_the_places_that_libraries_put_it() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let key = key(1);
    for name in ["x-api-key", "api-key", "x-tollgate-api-key", "x-portkey-api-key", "authorization"] {
        let client = gateway.anybody().with_header(name, key.reveal());
        assert_eq!(client.get("/v1/models").answer().await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn probes_need_no_key_and_everything_else_does() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/v1/models", 401),
        ("/v1/models/p/m", 401),
        ("/v1/responses/resp_1", 401),
        ("/providers/p/files", 401),
        ("/openai/v1/files", 401),
    ] {
        assert_eq!(gateway.anybody().get(path).answer().await.status, status, "{path}");
    }
}

#[tokio::test]
async fn models_that_a_request_lists_besides_its_own_are_no_way_around_the_key() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"models": ["p/echo", "p/cheap"]})).await;
    let ask = |models: &str| {
        gateway.post_chat(format!(
            r#"{{"model":"p/echo","models":{models},"messages":[{{"role":"user","content":"x"}}]}}"#
        ))
    };
    assert_eq!(ask(r#"["cheap","echo"]"#).answer().await.status, 200);
    let refused = ask(r#"["cheap","dear"]"#).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (403, "TG2003"));
    assert_eq!(refused.json()["error"]["param"], "models");
    let twice = ask(r#"["cheap"],"models":["dear"]"#).answer().await;
    assert_eq!((twice.status.as_u16(), twice.error_code().as_str()), (400, "TG1003"));
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_probe_with_head_is_answered_without_a_body() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = gateway.anybody().request(http::Method::HEAD, path).answer().await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, ""), "{path}");
    }
    let metrics = gateway.anybody().get("/metrics").answer().await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(metrics.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_key_names_only_the_models_that_it_may() {
    let fake = FakeProvider::start().await;
    for (models, allowed, refused) in [
        (json!(["p/echo"]), vec!["p/echo"], vec!["p/other", "q/echo", "r"]),
        (json!(["p/*"]), vec!["p/echo", "p/a/b"], vec!["q/echo", "r"]),
        (json!(["echo"]), vec!["p/echo", "q/echo"], vec!["p/echo-2", "r"]),
        (json!(["e*o"]), vec!["p/echo"], vec!["p/ech"]),
        (json!(["r"]), vec!["r"], vec!["p/m", "q/m"]),
        (json!([]), vec![], vec!["p/echo", "r"]),
    ] {
        let gateway = start(&fake, json!({"models": models})).await;
        for model in allowed {
            assert_eq!(status_of(&gateway, model).await, 200, "{model} of {models}");
        }
        let asked = fake.asked();
        for model in refused {
            let answer = gateway.chat(model).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error_code().as_str()),
                (403, "TG2003"),
                "{model} of {models}"
            );
            assert_eq!(answer.json()["error"]["param"], "model");
        }
        assert_eq!(fake.asked(), asked);
    }
}

#[tokio::test]
async fn a_key_reaches_only_the_providers_that_it_may_however_they_are_named() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"providers": ["q"], "inline_config": true, "passthrough": true})).await;
    assert_eq!(status_of(&gateway, "q/echo").await, 200);
    let asked = fake.asked();
    assert_eq!(status_of(&gateway, "p/echo").await, 403);
    assert_eq!(status_of(&gateway, "r").await, 403, "a route is as permitted as its targets");
    let named = gateway.ask(CHAT, "echo").header("x-tollgate-provider", "p").answer().await;
    assert_eq!(named.status, 403);
    let inline = gateway.ask(CHAT, "x").header("x-tollgate-config", r#"{"target":"p/echo"}"#).answer().await;
    assert_eq!(inline.status, 403);
    let through = gateway.client().get("/providers/p/files").answer().await;
    assert_eq!((through.status.as_u16(), through.error_code().as_str()), (403, "TG2004"));
    assert_eq!(fake.asked(), asked);
}

#[tokio::test]
async fn a_route_of_the_clients_own_needs_permission() {
    let fake = FakeProvider::start().await;
    let inline = r#"{"strategy":{"mode":"fallback"},"targets":[{"target":"p/fail-500"},{"provider":"@q","model":"echo"}]}"#;
    for header in ["x-tollgate-config", "x-portkey-config"] {
        let denied = start(&fake, json!({})).await;
        let answer = denied.ask(CHAT, "any").header(header, inline).answer().await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (403, "TG2005"));
        let allowed = start(&fake, json!({"inline_config": true})).await;
        let answer = allowed.ask(CHAT, "any").header(header, inline).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "q"));
        assert_eq!(answer.header("x-tollgate-attempts"), "2");
    }
}

#[tokio::test]
async fn a_wrong_route_in_a_header_is_refused_with_its_path() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for (config, part) in [
        (r#"{"targets":[{"target":"p/m","retry":{"attempts":99}}]}"#, "targets[0].retry.attempts"),
        (r#"{"target":"nobody/m"}"#, "nobody"),
        (r#"{"target":"p/m","cache":{"mode":"simple"}}"#, "cache"),
        (r#"{"target":"p/m""#, "EOF"),
        (r#"{"strategy":{"mode":"roulette"},"targets":[]}"#, "roulette"),
    ] {
        let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", config).answer().await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1011"), "{config}");
        assert!(answer.error_message().contains(part), "{part} is not in {}", answer.error_message());
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_saved_route_can_be_named_in_the_header_without_special_permission() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({"models": ["r"]})).await;
    for header in ["x-tollgate-config", "x-portkey-config"] {
        let answer = gateway.ask(CHAT, "whatever").header(header, "r").answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-model")), (200, "m"), "{header}");
    }
    let unknown = gateway.ask(CHAT, "whatever").header("x-tollgate-config", "nowhere").answer().await;
    assert_eq!((unknown.status.as_u16(), unknown.error_code().as_str()), (404, "TG2006"));
}

#[tokio::test]
async fn the_credential_of_an_inline_route_is_its_own() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let config = r#"{"target":"p/echo","api_key":"sk-the-clients-own"}"#;
    let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", config).answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(fake.only_request().headers["authorization"], "Bearer sk-the-clients-own");
}

#[tokio::test]
async fn a_host_of_the_clients_choice_is_refused_unless_the_operator_allows_it() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let config =
        json!({"target": "p/m", "api_key": "sk-own", "custom_host": "https://example.com/v1"}).to_string();
    let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", &config).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (403, "TG1012"));
}

#[tokio::test]
async fn an_allowed_host_never_is_a_private_address_nor_sees_the_operators_credential() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["upstream"] = json!({"custom_host_from_requests": true});
    let gateway = TestGateway::start(configuration).await;
    let port = fake.address().port();
    for host in
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "2130706433"]
    {
        let host = format!("http://{host}:{port}/v1");
        let config = json!({"target": "p/m", "api_key": "sk-own", "custom_host": host}).to_string();
        let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", &config).answer().await;
        assert!(answer.status.is_client_error() || answer.status == 502, "{host}: {}", answer.text());
        let without_own = json!({"target": "p/m", "custom_host": host}).to_string();
        let answer = gateway.ask(CHAT, "x").header("x-tollgate-config", &without_own).answer().await;
        assert_eq!(answer.error_code(), "TG1012", "{host}");
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn an_operators_custom_host_may_be_anywhere() {
    let (fake, other) = (FakeProvider::start().await, FakeProvider::start().await);
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"r": {"target": "p/echo", "custom_host": other.base_url()}});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(status_of(&gateway, "r").await, 200);
    assert_eq!((fake.asked(), other.asked()), (0, 1));
}

#[tokio::test]
async fn a_custom_hosts_path_takes_the_place_of_the_providers() {
    let other = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "hi"))).await;
    let mut configuration = one(&other);
    let host = format!("http://{}/elsewhere/v9", other.address());
    configuration["routes"] = json!({"r": {"target": "p/echo", "custom_host": host}});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(status_of(&gateway, "r").await, 200);
    assert_eq!(other.only_request().path, "/elsewhere/v9/chat/completions");
}

#[tokio::test]
async fn passing_through_needs_permission() {
    let fake = FakeProvider::start().await;
    let gateway = start(&fake, json!({})).await;
    for path in ["/providers/p/files", "/openai/v1/files", "/anthropic/v1/files"] {
        let answer = gateway.client().get(path).answer().await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_pass_through_carries_everything_but_what_the_client_is_known_by() {
    let fake =
        FakeProvider::always(scripts::with_header(scripts::error(418, "teapot"), "set-cookie", "a=1")).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway
        .client()
        .request(http::Method::PUT, "/providers/p/files/a%20b?purpose=x&y=%2F")
        .in_pieces(["not ".into(), "JSON".into()])
        .header("content-type", "application/x-odd")
        .header("x-custom", "1")
        .header("x-api-key", key(1).reveal())
        .header("cookie", "session=1")
        .answer()
        .await;
    assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (418, ""));
    assert_eq!(answer.header("x-tollgate-provider"), "p");
    let request = fake.only_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/v1/files/a%20b"));
    assert_eq!((request.query.as_str(), &request.body[..]), ("purpose=x&y=%2F", &b"not JSON"[..]));
    assert_eq!(request.headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(request.headers["x-custom"], "1");
    let text = format!("{:?}", request.headers);
    assert!(!text.contains(key(1).reveal()) && !text.contains("session=1"), "{text}");
}

#[tokio::test]
async fn a_drop_in_prefix_passes_other_paths_through() {
    let fake = FakeProvider::start().await;
    let openai = json!({"openai": {"base_url": fake.base_url(), "credentials": [SECRET]}});
    let gateway = TestGateway::start(json!({"providers": openai})).await;
    assert_eq!(gateway.client().get("/openai/v1/files").answer().await.status, 404);
    assert_eq!(gateway.client().get("/openai/files").answer().await.status, 404);
    let paths: Vec<String> = fake.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/files", "/v1/files"]);
}

#[tokio::test]
async fn a_path_never_climbs_out_of_the_provider() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for path in ["/..", "/../admin", "/a/%2e%2e/b", "/a/.%2E/b", "/a%2f..%2fb", "/a%5c..%5cb", "/./a"] {
        let answer = gateway.client().get(&format!("/providers/p{path}")).answer().await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG1008"), "{path}");
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_pass_through_to_nobody_names_those_that_there_are() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.client().get("/providers/nobody/files").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG2007"));
    assert!(answer.error_message().ends_with("there are: p"), "{}", answer.error_message());
}

#[tokio::test]
async fn a_pass_through_carries_nothing_of_the_clients_connection() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let call = gateway
        .client()
        .get("/providers/p/files")
        .header("connection", "x-hop, keep-alive")
        .header("x-hop", "1")
        .header("proxy-connection", "keep-alive");
    call.answer().await;
    let request = fake.only_request();
    for name in ["connection", "x-hop", "proxy-connection"] {
        assert!(!request.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_trace_that_would_show_the_credential_is_not_passed_through() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for path in ["/providers/p/files", "/openai/v1/files"] {
        let answer = gateway.client().request(http::Method::TRACE, path).answer().await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (405, "TG1007"), "{path}");
    }
    assert_eq!(fake.asked(), 0);
}
