//! Several credentials of one provider: they take turns, and one that is refused rests while the others serve.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use crate::configuration::one;
use crate::gateway::{Setup, TestGateway};

const SECRETS: [&str; 3] = ["sk-first-secret", "sk-second-secret", "sk-third-secret"];

fn configuration(fake: &FakeProvider) -> Value {
    let mut configuration = one(fake);
    configuration["providers"]["p"]["credentials"] = json!(SECRETS);
    configuration
}

/// How often each credential was used.
fn uses(fake: &FakeProvider) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    for request in fake.requests() {
        let bearer = request.headers["authorization"].to_str().unwrap().to_owned();
        *uses.entry(bearer.trim_start_matches("Bearer ").to_owned()).or_default() += 1;
    }
    uses
}

#[tokio::test]
async fn credentials_take_turns() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    for _ in 0..9 {
        assert_eq!(gateway.chat("p/echo").await.status, 200);
    }
    assert_eq!(uses(&fake), SECRETS.map(|secret| (secret.to_owned(), 3)).into());
}

#[tokio::test]
async fn a_refused_credential_rests_while_the_others_serve_the_same_request() {
    for status in [401, 403, 429] {
        let fake = FakeProvider::playing([scripts::error(status, "not you")]).await;
        let gateway = TestGateway::start(configuration(&fake)).await;
        let first = gateway.chat("p/echo").await;
        assert_eq!((first.status.as_u16(), first.header("x-tollgate-attempts")), (200, "2"), "{status}");
        for _ in 0..8 {
            assert_eq!(gateway.chat("p/echo").await.header("x-tollgate-attempts"), "1");
        }
        let refused = fake.requests()[0].headers["authorization"].clone();
        let refused = refused.to_str().unwrap().trim_start_matches("Bearer ");
        assert_eq!(uses(&fake)[refused], 1, "{status}");
    }
}

#[tokio::test]
async fn a_failure_of_the_provider_rests_no_credential() {
    let fake = FakeProvider::playing([scripts::error(500, "down")]).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    assert_eq!(gateway.chat("p/echo").await.status, 502);
    for _ in 0..5 {
        gateway.chat("p/echo").await;
    }
    assert_eq!(uses(&fake), SECRETS.map(|secret| (secret.to_owned(), 2)).into());
}

#[tokio::test]
async fn when_all_are_refused_no_answer_holds_a_secret() {
    let fake = FakeProvider::start().await;
    for secret in SECRETS {
        fake.next(scripts::error(401, &format!("Incorrect API key provided: {secret}.")));
    }
    let gateway = TestGateway::start(configuration(&fake)).await;
    let answer = gateway.chat("p/echo").await;
    assert_eq!((answer.status.as_u16(), fake.asked()), (502, 3));
    assert!(SECRETS.iter().all(|secret| !answer.text().contains(secret)), "{}", answer.text());
    assert!(
        answer.error_message().contains("3. p/echo: credential (status 401"),
        "{}",
        answer.error_message()
    );
}

#[tokio::test]
async fn when_all_rest_one_is_tried_all_the_same() {
    let fake = FakeProvider::playing(SECRETS.map(|_| scripts::error(401, "no"))).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    assert_eq!(gateway.chat("p/echo").await.status, 502);
    assert_eq!(gateway.chat("p/echo").await.status, 200);
}

#[tokio::test]
async fn a_rest_survives_a_reload_that_changes_no_credential() {
    let fake = FakeProvider::playing([scripts::error(401, "not you")]).await;
    let mut gateway = TestGateway::start(configuration(&fake)).await;
    assert_eq!(gateway.chat("p/echo").await.header("x-tollgate-attempts"), "2");
    gateway.reload().await;
    for _ in 0..6 {
        assert_eq!(gateway.chat("p/echo").await.header("x-tollgate-attempts"), "1");
    }
    let mut uses: Vec<usize> = uses(&fake).into_values().collect();
    uses.sort_unstable();
    assert_eq!(uses[0], 1, "the refused one was used once");
}

#[tokio::test]
async fn a_stream_uses_another_credential_too() {
    let fake = FakeProvider::playing([scripts::error(429, "slow down")]).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let transcript = gateway.ask_streamed(EventStream::Chat, "p/echo").open().await.rest().await;
    transcript.assert_ends_cleanly(EventStream::Chat);
    assert_eq!(transcript.head.headers["x-tollgate-attempts"], "2");
}

#[tokio::test]
async fn a_credential_in_the_environment_makes_a_provider_live() {
    let fake = FakeProvider::start().await;
    let setup = Setup::new().variable("OPENAI_API_KEY", "sk-from-environment,sk-another");
    let gateway = setup.start(json!({"providers": {"openai": {"base_url": fake.base_url()}}})).await;
    for _ in 0..2 {
        assert_eq!(gateway.chat("gpt-4o").await.status, 200);
    }
    let used: Vec<String> = uses(&fake).into_keys().collect();
    assert_eq!(used, ["sk-another", "sk-from-environment"]);
}
