//! A database on a server that goes away and comes back: what it said last stays in force, also for a replica that starts meanwhile.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{DatabaseServer, EventStream, FakeProvider, scripts, within};

use super::{Control, assert_refused, chat, held};
use crate::cli::{complaint, run, write};
use crate::configuration::one;
use crate::gateway::TestGateway;

/// A gateway whose objects are in a database, and which remembers what it said in a file.
async fn configuration(server: &DatabaseServer, snapshot: &Path) -> (Value, FakeProvider) {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
    let mut configuration = one(&fake);
    configuration["control"] = json!({"keys": [held(1, "owner", None)]});
    configuration["state"] = kept_in(server, snapshot);
    (configuration, fake)
}

fn kept_in(server: &DatabaseServer, snapshot: &Path) -> Value {
    // The server asks for none, but there is a password to make a key of.
    let url = server.url().replacen("tollgate@", "tollgate:hunter2@", 1);
    json!({"kind": "postgres", "url": url, "snapshot_path": snapshot})
}

async fn ready(gateway: &TestGateway) -> String {
    let ready = gateway.anybody().get("/readyz").answer().await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    ready.text().to_owned()
}

/// Waits until the gateway says that its registry fails, or that it does not.
async fn told(gateway: &TestGateway, fails: bool) {
    within("the probe", async { while ready(gateway).await.contains(r#""registry":"failing""#) != fails {} })
        .await;
    assert!((gateway.metric("tollgate_registry_failing").await - f64::from(u8::from(fails))).abs() < 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_stays_while_the_database_is_away_and_changes_are_refused() {
    let (mut server, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let (configuration, _fake) = configuration(&server, &folder.path().join("snapshot")).await;
    let gateway = TestGateway::start(configuration).await;
    let control = Control::of(&gateway, 1);
    let text = control.new_key(json!({"name": "k"})).await;
    server.stop();
    told(&gateway, true).await;
    assert_eq!(chat(&gateway, &text).await, 200);
    assert_eq!(control.get("keys/k").await.status, 200, "what is in force can be read");
    let refused = control.put("users/u", json!({})).await;
    assert_refused(&refused, 503, "TG4008");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(!refused.text().contains("hunter2"));
    server.start_again();
    told(&gateway, false).await;
    assert_eq!(control.put("users/u", json!({})).await.status, 201);
    assert_eq!(chat(&gateway, &text).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_starts_while_the_database_is_away_and_catches_up() {
    let (mut server, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let (at_first, _fake) = configuration(&server, &folder.path().join("snapshot")).await;
    let mut first = TestGateway::start(at_first.clone()).await;
    let text = Control::of(&first, 1).new_key(json!({"name": "k"})).await;
    first.begin_to_stop();
    first.stopped().await;
    server.stop();

    let second = TestGateway::start(at_first).await;
    told(&second, true).await;
    assert_eq!(chat(&second, &text).await, 200, "a key that only the database has");
    server.start_again();
    told(&second, false).await;

    let (elsewhere, _fake) = configuration(&server, &folder.path().join("another")).await;
    let third = TestGateway::start(elsewhere).await;
    assert_eq!(Control::of(&third, 1).patch("keys/k", json!({"disabled": true})).await.status, 200);
    within("the change", async { while chat(&second, &text).await != 401 {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_what_the_database_said_last_a_replica_does_not_start_without_it() {
    let (mut server, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let snapshot = folder.path().join("snapshot");
    let (mut configuration, _fake) = configuration(&server, &snapshot).await;
    let mut first = TestGateway::start(configuration.clone()).await;
    Control::of(&first, 1).new_key(json!({"name": "k"})).await;
    first.begin_to_stop();
    first.stopped().await;
    server.stop();

    let starts = |configuration: &Value| {
        write(folder.path(), configuration);
        let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint(&output).to_owned();
        assert!(complaint.contains("PostgreSQL at ") && !complaint.contains("hunter2"), "{complaint}");
        complaint
    };
    let whole = std::fs::read(&snapshot).unwrap();
    for damaged in [&b""[..], b"something else", &whole[1..], &whole[..whole.len() - 1]] {
        std::fs::write(&snapshot, damaged).unwrap();
        let complaint = starts(&configuration);
        assert!(complaint.contains("was not written by a replica of this gateway"), "{complaint}");
    }
    std::fs::write(&snapshot, &whole).unwrap();
    configuration["state"]["namespace"] = "another".into();
    assert!(starts(&configuration).contains("was not written by a replica of this gateway"));
    std::fs::remove_file(&snapshot).unwrap();
    assert!(starts(&configuration).contains("remembers nothing of it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_damaged_is_ignored_and_written_anew_where_the_database_answers() {
    let (server, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let snapshot = folder.path().join("snapshot");
    std::fs::write(&snapshot, "something else").unwrap();
    let (configuration, _fake) = configuration(&server, &snapshot).await;
    let _gateway = TestGateway::start(configuration).await;
    assert!(std::fs::read(&snapshot).unwrap().starts_with(b"TOLLGATE REGISTRY SNAPSHOT 1\n"));
}
