//! What applications may ask for.

use std::fs;

use serde_json::{Value, json};
use testkit::FakeProvider;

use super::{Operation, committed, guarded, many_wrong_keys};
use crate::configuration::{key, key_entry, one};
use crate::gateway::TestGateway;

/// What every good key may ask for: what it may use, and to say how good an answer was, which is heard in its own workspace alone.
const FOR_EVERY_KEY: [&str; 3] = ["POST /v1/feedback", "GET /v1/models", "GET /v1/models/{model}"];

const FILE: &str = "gateway.json";

/// `TOLLGATE_BLESS=1` writes it.
#[test]
fn the_committed_description_of_the_gateway_is_that_of_the_code() {
    let mut text = serde_json::to_string_pretty(&inference::openapi()).unwrap();
    text.push('\n');
    #[expect(clippy::disallowed_methods, reason = "a test reads how it was started")]
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(committed(FILE), &text).unwrap();
    }
    let written = fs::read_to_string(committed(FILE)).unwrap_or_default();
    assert!(written == text, "run the tests of `tollgate` with TOLLGATE_BLESS=1 and review openapi/{FILE}");
}

/// Before a provider `p`, with key 1 that may call one endpoint, key 2 that is switched off, and key 3 that has expired.
async fn gateway(endpoint: &str) -> (TestGateway, FakeProvider) {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["limits"] = many_wrong_keys();
    configuration["keys"] = json!([
        key_entry(1, json!({"endpoints": [endpoint]})),
        key_entry(2, json!({"disabled": true})),
        key_entry(3, json!({"expires": "2020-01-01T00:00:00Z"})),
    ]);
    (TestGateway::start(configuration).await, fake)
}

/// The path of an operation at the provider.
fn at(operation: &Operation) -> &'static str {
    if operation.path.contains("{provider}") { "p" } else { "p%2Fm" }
}

fn body() -> Value {
    json!({"model": "p/m", "input": "x", "messages": []})
}

#[tokio::test]
async fn nothing_is_done_without_a_key_that_is_good() {
    let (gateway, fake) = gateway("moderations").await;
    for operation in guarded(FILE) {
        for (whose, client) in [
            ("nobody", gateway.anybody()),
            ("unknown", gateway.client_of(9)),
            ("switched off", gateway.client_of(2)),
            ("expired", gateway.client_of(3)),
            ("a control key", gateway.anybody().with_key(&key(1).reveal().replacen("tg-", "tga-", 1))),
        ] {
            let refused = operation.ask(&client, at(&operation), &body()).await;
            let what = format!("{} by {whose}: {}", operation.title(), refused.text());
            assert_eq!(refused.status, 401, "{what}");
            assert!(refused.header("x-tollgate-error").starts_with("TG2"), "{what}");
        }
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_key_asks_for_nothing_that_was_not_given_to_it() {
    let (gateway, fake) = gateway("moderations").await;
    for operation in guarded(FILE) {
        let title = operation.title();
        let needed = &operation.described["x-tollgate-endpoint"];
        if needed == "moderations" {
            continue;
        }
        let is_for_every_key = needed.is_null() && operation.described["x-tollgate-permission"].is_null();
        assert_eq!(is_for_every_key, FOR_EVERY_KEY.contains(&title.as_str()), "{title}");
        if is_for_every_key {
            continue;
        }
        let refused = operation.ask(&gateway.client(), at(&operation), &body()).await;
        assert_eq!(refused.status, 403, "{title}: {}", refused.text());
    }
    assert_eq!(fake.asked(), 0);
    // The one endpoint that was left out above, by a key for another.
    let (other, _) = self::gateway("embeddings").await;
    let refused = other.client().post("/v1/moderations", body().to_string()).answer().await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}
