//! What is kept in a database outlives the process, however that ends.

use std::net::SocketAddr;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::{Client, DatabaseServer, EventStream, FakeProvider, Script, scripts};

use crate::cli::{Serving, after, blocking, complaint, run, write};
use crate::configuration::{key, key_entry, provider};
use crate::gateway::Setup;

/// A provider that keeps nothing, and the configuration of a gateway before it with a database.
async fn setup(folder: &Path) -> FakeProvider {
    let answer = scripts::json(&scripts::answer(EventStream::Chat, "Hello, Ada."));
    let (fake, configuration) = before(answer, json!({"kind": "sqlite", "path": "kept.db"})).await;
    write(folder, &configuration);
    fake
}

/// The same with any answer and any database.
async fn before(answer: Script, state: Value) -> (FakeProvider, Value) {
    let fake = FakeProvider::always(answer).await;
    let mut entry = provider(fake.base_url());
    entry["endpoints"] = json!({"chat_completions": "/chat/completions"});
    let configuration = json!({
        "providers": {"p": entry},
        "keys": [key_entry(1, json!({}))],
        "state": state,
    });
    (fake, configuration)
}

async fn start(folder: &Path) -> (Serving, Client) {
    let folder = folder.to_owned();
    let (serving, said) = blocking(move || Serving::start(&folder, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    (serving, Client::new(address).with_key(key(1).reveal()))
}

async fn respond(client: &Client, body: Value) -> Value {
    let answer = client.clone().post("/v1/responses", body.to_string()).answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_conversation_goes_on_after_a_restart_and_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let fake = setup(folder.path()).await;
    let (serving, client) = start(folder.path()).await;
    let first = respond(&client, json!({"model": "p/m", "input": "I am Ada."})).await;
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
    let log = folder.path().join("kept.db-wal");
    assert!(folder.path().join("kept.db").exists() && !log.exists(), "the database was closed");

    let (serving, client) = start(folder.path()).await;
    let next = json!({"model": "p/m", "input": "Who am I?", "previous_response_id": first["id"]});
    let second = respond(&client, next).await;
    // Dropped, it is killed.
    blocking(|| drop(serving)).await;
    assert!(log.exists(), "the database was not closed");

    let (serving, client) = start(folder.path()).await;
    let last = json!({"model": "p/m", "input": "And now?", "previous_response_id": second["id"]});
    respond(&client, last).await;
    let asked: Value = serde_json::from_slice(&fake.requests().last().unwrap().body).unwrap();
    let words: Vec<_> = asked["messages"].as_array().unwrap().iter().map(|said| &said["content"]).collect();
    assert_eq!(words, ["I am Ada.", "Hello, Ada.", "Who am I?", "Hello, Ada.", "And now?"]);
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_said_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let _fake = setup(folder.path()).await;
    std::fs::write(folder.path().join("kept.db"), "something else ".repeat(100)).unwrap();
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success(), "a check opens nothing: {}", complaint(&checked));
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = complaint(&output);
    assert!(complaint.contains("kept.db` is no SQLite database, or damaged"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_at_another_replica() {
    let server = DatabaseServer::postgres_on_socket();
    let answer = scripts::json(&scripts::answer(EventStream::Chat, "Hello, Ada."));
    let (fake, configuration) = before(answer, json!({"kind": "postgres", "url": server.url()})).await;
    let (one, other) =
        (Setup::new().start(configuration.clone()).await, Setup::new().start(configuration).await);
    let first = respond(&one.client(), json!({"model": "p/m", "input": "I am Ada."})).await;
    let next = json!({"model": "p/m", "input": "Who am I?", "previous_response_id": first["id"]});
    respond(&other.client(), next).await;
    let asked: Value = serde_json::from_slice(&fake.requests().last().unwrap().body).unwrap();
    let words: Vec<_> = asked["messages"].as_array().unwrap().iter().map(|said| &said["content"]).collect();
    assert_eq!(words, ["I am Ada.", "Hello, Ada.", "Who am I?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_in_the_background_of_a_replica_that_was_killed_has_failed() {
    let (server, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let state = json!({"kind": "postgres", "url": server.url()});
    let (_fake, configuration) = before(scripts::hang(), state).await;
    write(folder.path(), &configuration);
    let (serving, client) = start(folder.path()).await;
    let begun = respond(&client, json!({"model": "p/m", "input": "Hello?", "background": true})).await;
    let path = format!("/v1/responses/{}", begun["id"].as_str().unwrap());
    let now = Setup::new().start(configuration.clone()).await;
    let working = now.client().get(&path).answer().await.json();
    assert_eq!(working["status"], "in_progress", "its replica may be slow");
    // Dropped, it is killed.
    blocking(|| drop(serving)).await;
    let clock = || Timestamp::now() + SignedDuration::from_mins(2);
    let later = Setup::new().clock(clock).start(configuration).await;
    for replica in [&later, &now] {
        let failed = replica.client().get(&path).answer().await.json();
        assert_eq!(failed["status"], "failed", "{failed}");
        assert!(failed["error"]["message"].as_str().unwrap().contains("has ended; ask again"), "{failed}");
    }
}
