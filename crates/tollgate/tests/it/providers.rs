//! Providers that the operator describes.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use crate::configuration::{one, provider};
use crate::gateway::{Setup, TestGateway};

const CHAT: EventStream = EventStream::Chat;

#[tokio::test]
async fn a_model_can_be_part_of_the_path() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let gateway = TestGateway::start(json!({"providers": {"mine": {
        "title": "Mine",
        "base_url": format!("http://{}/api", fake.address()),
        "credentials": ["sk-mine/+ &"],
        "auth": {"scheme": "query", "parameter": "api key"},
        "endpoints": {"chat_completions": "/deployments/{model}/chat?api-version=2024-10-21"},
    }}}))
    .await;
    assert_eq!(gateway.chat("mine/org/gpt 4o?").await.status, 200);
    let request = fake.only_request();
    assert_eq!(request.path, "/api/deployments/org%2Fgpt%204o%3F/chat");
    assert_eq!(request.query, "api-version=2024-10-21&api%20key=sk-mine%2F%2B%20%26");
}

#[tokio::test]
async fn azure_is_reached_at_the_operators_resource() {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "hi"))).await;
    let resource = format!("http://{}", fake.address());
    for endpoint in [resource.clone(), format!("{resource}/openai/v1")] {
        let setup = Setup::new()
            .variable("AZURE_OPENAI_API_KEY", "azure-secret")
            .variable("AZURE_OPENAI_ENDPOINT", &endpoint);
        let gateway = setup.start(json!({})).await;
        assert_eq!(gateway.chat("azure-openai/my-deployment").await.status, 200);
        let request = fake.requests().pop().unwrap();
        assert_eq!(request.path, "/openai/v1/chat/completions");
        assert_eq!(request.headers["api-key"], "azure-secret");
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_built_in_provider_is_changed_field_by_field() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(json!({"providers": {"groq": {
        "base_url": fake.base_url(),
        "credentials": ["gsk-secret"],
        "headers": {"default": {"x-team": "a"}},
    }}}))
    .await;
    assert_eq!(gateway.chat("groq/echo").await.status, 200);
    let request = fake.only_request();
    assert_eq!(request.headers["x-team"], "a");
    assert_eq!(request.headers["authorization"], "Bearer gsk-secret");
}

#[tokio::test]
async fn a_secret_may_come_from_a_variable_or_a_file() {
    let fake = FakeProvider::start().await;
    let setup = Setup::new().variable("SECRET", "from-variable").file("secret", "from-file\n");
    let mut provider = provider(fake.base_url());
    provider["credentials"] = json!(["${env:SECRET}", "${file:secret}"]);
    let gateway = setup.start(json!({"providers": {"p": provider}})).await;
    for _ in 0..2 {
        assert_eq!(gateway.chat("p/echo").await.status, 200);
    }
    let sent: Vec<_> =
        fake.requests().iter().map(|request| request.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer from-variable", "Bearer from-file"]);
}

#[tokio::test]
async fn an_error_means_what_the_provider_says_it_means() {
    let fake = FakeProvider::start().await;
    let mut provider = provider(fake.base_url());
    provider["credentials"] = json!(["sk-one", "sk-two"]);
    provider["errors"] = json!([{"status": 400, "message_contains": "balance", "means": "credential"}]);
    let gateway = TestGateway::start(json!({"providers": {"p": provider}})).await;
    fake.next(scripts::error(400, "your balance is too low"));
    let answer = gateway.chat("p/echo").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "2"));
}

async fn sent_for(usage: &str) -> Value {
    let fake =
        FakeProvider::always(scripts::stream(CHAT, &["hi"]).before_last(scripts::USAGE_CHUNK).script()).await;
    let mut provider = provider(fake.base_url());
    provider["streams"] = json!({"usage": usage});
    let gateway = TestGateway::start(json!({"providers": {"p": provider}})).await;
    let transcript = gateway.ask_streamed(CHAT, "p/m").open().await.rest().await;
    let sees_usage = transcript.text().contains("prompt_tokens");
    let sent: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
    json!([sent["stream_options"]["include_usage"], sees_usage])
}

#[tokio::test]
async fn usage_is_asked_for_only_where_that_is_understood() {
    assert_eq!(sent_for("on_request").await, json!([true, false]));
    assert_eq!(
        sent_for("always").await,
        json!([null, true]),
        "what comes unasked is the provider's own format"
    );
    assert_eq!(sent_for("never").await, json!([null, true]));
}

#[tokio::test]
async fn a_provider_that_needs_no_credential_gets_none() {
    let fake = FakeProvider::start().await;
    let mut provider = provider(fake.base_url());
    provider["auth"] = json!({"scheme": "none"});
    provider.as_object_mut().unwrap().remove("credentials");
    let gateway = TestGateway::start(json!({"providers": {"p": provider}})).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    assert!(!fake.only_request().headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_followed_unless_the_operator_says_no() {
    let proxy = FakeProvider::start().await;
    let start = async |choice: &str| {
        let setup = Setup::new().variable("http_proxy", &format!("http://{}", proxy.address()));
        let provider = provider("http://provider.invalid/v1");
        setup.start(json!({"providers": {"p": provider}, "upstream": {"proxy": choice}})).await
    };
    assert_eq!(start("environment").await.chat("p/echo").await.status, 200);
    assert_eq!(proxy.only_request().headers["host"], "provider.invalid");
    assert_eq!(start("none").await.chat("p/echo").await.status, 502);
    assert_eq!(proxy.asked(), 1);
}

#[tokio::test]
async fn where_nothing_is_configured_the_scripted_provider_serves() {
    let gateway = TestGateway::start(json!({})).await;
    for stream in scripts::STREAMS_BY_BODY {
        let answer = gateway.ask(stream, "scripted/echo").answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "scripted"));
        gateway.ask_streamed(stream, "echo").open().await.rest().await.assert_ends_cleanly(stream);
    }
}

#[tokio::test]
async fn a_model_in_a_path_never_climbs() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["providers"]["p"]["endpoints"]["chat_completions"] = json!("/models/{model}/chat");
    let gateway = TestGateway::start(configuration).await;
    for model in [".", ".."] {
        let answer = gateway.chat(&format!("p/{model}")).await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1002"), "{model}");
    }
    assert_eq!(fake.asked(), 0);
    assert_eq!(gateway.chat("p/a/../b?c#d").await.status, 404);
    assert_eq!(fake.only_request().path, "/v1/models/a%2F..%2Fb%3Fc%23d/chat");
}
