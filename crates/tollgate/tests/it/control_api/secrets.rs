//! Secrets of objects: kept sealed, used, and never shown to anybody.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use super::commands::done;
use super::{Control, assert_refused, chat, gateway};
use crate::configuration::provider;
use crate::gateway::TestGateway;

/// What must never be seen.
const CANARY: &str = "sk-canary-d41d8cd98f00";

fn key(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}

/// State in a database, with secrets under the key of a number and what was sealed under others.
fn kept(folder: &Path, seals: u8, previous: &[u8]) -> Value {
    let previous: Vec<_> = previous.iter().map(|byte| key(*byte)).collect();
    json!({
        "state": {"kind": "sqlite", "path": folder.join("kept.db")},
        "secrets": {"key": key(seals), "previous_keys": previous},
    })
}

/// A provider `s` whose credential is the canary.
fn with_canary(base_url: &str) -> Value {
    let mut body = provider(base_url);
    body["credentials"] = json!([CANARY]);
    body
}

async fn fake() -> FakeProvider {
    FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await
}

/// Asks provider `s`, which must have been sent the canary.
async fn is_used(gateway: &TestGateway, fake: &FakeProvider) {
    let before = fake.requests().len();
    let answer = gateway.chat("s/m").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let requests = fake.requests();
    assert_eq!(requests.len(), before + 1);
    assert_eq!(requests[before].headers["authorization"], format!("Bearer {CANARY}"));
}

async fn stop(mut gateway: TestGateway) {
    gateway.begin_to_stop();
    gateway.stopped().await;
}

#[tokio::test]
async fn a_secret_is_used_and_neither_told_nor_kept_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let there = fake().await;
    let (gateway, _fake) = gateway(kept(folder.path(), 1, &[])).await;
    let control = Control::of(&gateway, 1);
    let base_url = there.base_url();
    let mut told = vec![control.put("providers/s", with_canary(&base_url)).await.text().to_owned()];
    is_used(&gateway, &there).await;
    let mut broken = with_canary(&base_url);
    broken["endpoints"] = json!({"chat_completions": CANARY});
    told.push(control.put("providers/broken", broken).await.text().to_owned());
    told.push(control.patch("providers/s", json!({"models": ["m"]})).await.text().to_owned());
    is_used(&gateway, &there).await;
    for path in ["providers/s", "providers", "audit", "openapi.json"] {
        told.push(control.get(path).await.text().to_owned());
    }
    let entry = json!({"providers": {"s": with_canary(&base_url), "t": with_canary(&base_url)}});
    std::fs::write(folder.path().join("entries.yaml"), entry.to_string()).unwrap();
    for arguments in [
        &["export"][..],
        &["plan", "entries.yaml"],
        &["plan", "entries.yaml", "--json"],
        &["apply", "entries.yaml"],
    ] {
        told.push(done(&gateway, folder.path(), arguments).await);
    }
    is_used(&gateway, &there).await;
    told.push(gateway.anybody().get("/metrics").answer().await.text().to_owned());
    told.push(control.delete("providers/t").await.text().to_owned());
    told.push(control.get("audit").await.text().to_owned());
    assert!(told.iter().any(|text| text.contains("(hidden /credentials/0)")));
    stop(gateway).await;
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kept.db")) {
            files += 1;
            told.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
    assert!(files > 0);
    for text in told {
        let shown = text.find(CANARY).map(|at| text.get(at.saturating_sub(200)..at));
        assert!(shown.is_none(), "the secret is told behind {shown:?}");
    }
}

#[tokio::test]
async fn a_secret_outlives_the_process_and_the_rotation_of_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let there = fake().await;
    let (first, _fake) = gateway(kept(folder.path(), 1, &[])).await;
    let control = Control::of(&first, 1);
    let body = with_canary(&there.base_url());
    assert_eq!(control.put("providers/s", body).await.status, 201);
    stop(first).await;

    let (mut second, p) = gateway(kept(folder.path(), 2, &[1])).await;
    is_used(&second, &there).await;
    // A key that is still needed does not go by mistake.
    let mut without = crate::configuration::one(&p);
    without["control"] = json!({"keys": [super::held(1, "owner", None)]});
    without["keys"] = json!([crate::configuration::key_entry(1, json!({}))]);
    let with = |secrets: &Value| {
        let mut whole = without.clone();
        whole["secrets"] = secrets["secrets"].clone();
        whole["state"] = secrets["state"].clone();
        whole
    };
    second.reconfigure_wrongly(&with(&kept(folder.path(), 2, &[])).to_string()).await;
    let mut no_key = kept(folder.path(), 2, &[]);
    no_key["secrets"] = json!({});
    second.reconfigure_wrongly(&with(&no_key).to_string()).await;
    second.reconfigure(with(&kept(folder.path(), 2, &[1]))).await;
    let rewrapped = done(&second, folder.path(), &["secrets", "rewrap"]).await;
    assert!(rewrapped.starts_with("sealed the secrets of 1 objects with local:"), "{rewrapped}");
    let again: Value =
        serde_json::from_str(&done(&second, folder.path(), &["secrets", "rewrap", "--json"]).await).unwrap();
    assert_eq!(again["rewrapped"], 0);
    second.reconfigure(with(&kept(folder.path(), 2, &[]))).await;
    is_used(&second, &there).await;
    stop(second).await;

    let (third, _fake) = gateway(kept(folder.path(), 2, &[])).await;
    is_used(&third, &there).await;
}

#[tokio::test]
async fn without_a_key_a_database_takes_no_secret_and_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    let there = fake().await;
    let body = with_canary(&there.base_url());
    let mut without = kept(folder.path(), 1, &[]);
    without["secrets"] = json!({});
    let (gateway_with_database, _fake) = gateway(without).await;
    let refused = Control::of(&gateway_with_database, 1).put("providers/s", body.clone()).await;
    assert_refused(&refused, 422, "TG2017");
    assert_eq!(refused.json()["errors"][0]["path"], "providers.s.credentials.0");
    let message = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`secrets.key`") && message.contains("new-key"), "{message}");
    let (gateway_in_memory, _fake) = gateway(json!({})).await;
    assert_eq!(Control::of(&gateway_in_memory, 1).put("providers/s", body).await.status, 201);
    is_used(&gateway_in_memory, &there).await;
}

#[tokio::test]
async fn who_may_change_a_provider_cannot_have_its_secret_sent_to_themselves() {
    let (there, theirs) = (fake().await, fake().await);
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let body = with_canary(&there.base_url());
    control.put("providers/s", body).await;
    let theirs_url = theirs.base_url();
    let patched = control.patch("providers/s", json!({"base_url": theirs_url})).await;
    assert_refused(&patched, 422, "TG2017");
    let mut shown = control.get("providers/s").await.json()["body"].clone();
    shown["base_url"] = theirs_url.as_str().into();
    let put = |body: Value| control.call("PUT", "providers/s", &body).header("if-match", "*").answer();
    assert_refused(&put(shown.clone()).await, 422, "TG2017");
    assert_refused(&control.put("providers/mine", shown.clone()).await, 422, "TG2017");
    shown["credentials"] = json!(["sk-other"]);
    assert_eq!(put(shown).await.status, 200, "whoever has the secret may send it where they want");
    assert_eq!(chat(&gateway, crate::configuration::key(1).reveal()).await, 200);
    assert!(theirs.requests().is_empty());
}

#[tokio::test]
async fn secrets_are_sealed_anew_only_for_who_may_change_them() {
    let more = json!({"control": {"keys": [super::held(1, "owner", None), super::held(2, "auditor", None)]}});
    let (gateway, _fake) = gateway(more).await;
    let rewrap = async |number: u8, method: &str| {
        Control::of(&gateway, number).call(method, "secrets/rewrap", &json!({})).answer().await
    };
    assert_eq!(rewrap(1, "POST").await.json()["rewrapped"], 0);
    assert_refused(&rewrap(2, "POST").await, 403, "TG2031");
    assert_refused(&rewrap(1, "PUT").await, 405, "TG1007");
    assert_refused(&rewrap(9, "POST").await, 401, "TG2030");
}
