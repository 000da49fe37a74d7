//! Secrets that are read from a vault, and keys that stay in one. A configuration is read while the vault of the test answers, so there is more than one thread.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, FakeVault, scripts, within};

use crate::cli::{blocking, complaint, out, tollgate};
use crate::configuration::{key_entry, one};
use crate::gateway::{Setup, TestGateway};

const REFERENCE: &str = "${vault:secret/llm/p#key}";

async fn provider() -> FakeProvider {
    FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await
}

/// A provider `p` whose credential is in a vault.
fn configuration(vault: &FakeVault, fake: &FakeProvider) -> Value {
    let mut configuration = one(fake);
    configuration["providers"]["p"]["credentials"] = json!([REFERENCE]);
    configuration["secrets"] =
        json!({"vault": {"address": vault.url(), "token": vault.token()}, "refresh": "1s"});
    configuration
}

async fn bearer(gateway: &TestGateway, fake: &FakeProvider) -> String {
    assert_eq!(gateway.chat("p/m").await.status, 200);
    let requests = fake.requests();
    requests.last().unwrap().headers["authorization"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_changes_in_its_vault_is_in_force_without_a_restart() {
    let (vault, fake) = (FakeVault::start().await, provider().await);
    vault.put("secret/llm/p", json!({"key": "sk-one"}));
    let gateway = TestGateway::start(configuration(&vault, &fake)).await;
    assert_eq!(bearer(&gateway, &fake).await, "Bearer sk-one");
    vault.put("secret/llm/p", json!({"key": "sk-two"}));
    let changed = async { while bearer(&gateway, &fake).await != "Bearer sk-two" {} };
    within("the change", changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_vault_is_down_the_last_value_stays_and_that_is_seen() {
    let (vault, fake) = (FakeVault::start().await, provider().await);
    vault.put("secret/llm/p", json!({"key": "sk-one"}));
    let mut gateway = TestGateway::start(configuration(&vault, &fake)).await;
    vault.seal(true);
    let stale = async |count: f64| while gateway.metric("tollgate_stale_secrets").await != count {};
    within("the failure", stale(1.0)).await;
    assert!(gateway.metric("tollgate_secret_fetch_failures_total{vault=\"vault\"}").await >= 1.0);
    gateway.reload().await;
    assert_eq!(bearer(&gateway, &fake).await, "Bearer sk-one");
    vault.seal(false);
    let stale = async |count: f64| while gateway.metric("tollgate_stale_secrets").await != count {};
    within("the end of the failure", stale(0.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_reads_vaults_too_and_says_which_line_lacks_what() {
    let (vault, fake) = (FakeVault::start().await, provider().await);
    let folder = tempfile::tempdir().unwrap();
    let mut whole = configuration(&vault, &fake);
    whole["keys"] = json!([key_entry(1, json!({}))]);
    std::fs::write(folder.path().join("tollgate.yaml"), whole.to_string()).unwrap();
    let check = async || {
        let mut command = tollgate(folder.path(), &["check"]);
        blocking(move || command.output().unwrap()).await
    };
    let told = check().await;
    let told = complaint(&told).to_owned();
    assert!(told.contains("providers.p.credentials[0]: `vault:secret/llm/p#key` cannot be read"), "{told}");
    assert!(told.contains("status 404") && !told.contains(vault.token()), "{told}");
    vault.put("secret/llm/p", json!({"key": "sk-one"}));
    let told = check().await;
    assert!(out(&told).contains("is right: 1 live providers"), "{} {}", out(&told), complaint(&told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_an_object_is_under_a_key_that_stays_in_the_vault() {
    let (vault, fake, there) = (FakeVault::start().await, provider().await, provider().await);
    vault.put("secret/llm/p", json!({"key": "sk-one"}));
    let folder = tempfile::tempdir().unwrap();
    let mut whole = configuration(&vault, &fake);
    whole["state"] = json!({"kind": "sqlite", "path": folder.path().join("kept.db")});
    whole["secrets"]["vault_transit"] = json!({"key": "gateway"});
    let control = domain::KeyText::control_from_random([1; 32]);
    let roles = json!([{"role": "owner"}]);
    whole["control"] = json!({"keys": [{"name": "c", "hash": control.hash().to_string(), "roles": roles}]});
    let mut body = crate::configuration::provider(there.base_url());
    body["credentials"] = json!(["sk-canary"]);

    let mut first = Setup::new().start(whole.clone()).await;
    let client = first.anybody().with_key(control.reveal());
    let put = client.send(http::Method::PUT, "/api/v1/providers/s", body.to_string());
    let put = put.answer().await;
    assert_eq!(put.status, 201, "{}", put.text());
    vault.seal(true);
    let other = client.send(http::Method::PUT, "/api/v1/providers/t", body.to_string()).answer().await;
    assert_eq!((other.status.as_u16(), other.header("x-tollgate-error")), (503, "TG4006"));
    assert_eq!(client.get("/api/v1/providers/t").answer().await.status, 404);
    assert_eq!(first.chat("s/m").await.status, 200, "requests need no vault");
    vault.seal(false);
    first.begin_to_stop();
    within("the end", tokio::time::timeout(Duration::from_secs(9), first.stopped())).await.unwrap();

    let second = Setup::new().start(whole).await;
    assert_eq!(second.chat("s/m").await.status, 200);
    assert_eq!(there.requests()[1].headers["authorization"], "Bearer sk-canary");
    let kept = std::fs::read(folder.path().join("kept.db")).unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("sk-canary"));
}
