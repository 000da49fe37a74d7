//! Objects outlive the process, and reach the other processes on the same database.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::within;
use tokio::time::Instant;

use super::{Control, chat, gateway, gateway_in};
use crate::gateway::Setup;

fn database(folder: &Path) -> Value {
    json!({"state": {"kind": "sqlite", "path": folder.join("kept.db")}})
}

#[tokio::test]
async fn objects_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, _fake) = gateway(database(folder.path())).await;
    let text = Control::of(&first, 1).new_key(json!({"name": "k"})).await;
    first.begin_to_stop();
    first.stopped().await;
    let (second, _fake) = gateway(database(folder.path())).await;
    assert_eq!(chat(&second, &text).await, 200);
    assert_eq!(Control::of(&second, 1).get("keys/k").await.json()["version"], 1);
}

#[tokio::test]
async fn without_a_database_objects_end_with_the_process() {
    let (mut first, _fake) = gateway(json!({})).await;
    let text = Control::of(&first, 1).new_key(json!({"name": "k"})).await;
    first.begin_to_stop();
    first.stopped().await;
    let (second, _fake) = gateway(json!({})).await;
    assert_eq!(chat(&second, &text).await, 401);
}

#[tokio::test]
async fn a_change_is_in_force_in_every_process_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _fake) = gateway(database(folder.path())).await;
    let (other, _fake) = gateway_in(Setup::new(), database(folder.path())).await;
    let control = Control::of(&one, 1);
    let text = control.new_key(json!({"name": "k"})).await;
    let answers = async |status: u16| {
        let begun = Instant::now();
        within("the other process", async { while chat(&other, &text).await != status {} }).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    };
    answers(200).await;
    control.patch("keys/k", json!({"disabled": true})).await;
    answers(401).await;
}

#[tokio::test]
async fn writers_in_two_processes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _fake) = gateway(database(folder.path())).await;
    let (other, _fake) = gateway(database(folder.path())).await;
    let write = async |control: Control, name: &str| {
        for number in 0..5 {
            let answer = control.put(&format!("users/{name}{number}"), json!({})).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        control
    };
    let (control, _) = tokio::join!(write(Control::of(&one, 1), "a"), write(Control::of(&other, 1), "b"));
    control.put("users/last", json!({})).await;
    assert_eq!(control.get("users").await.json()["objects"].as_array().unwrap().len(), 11);
}
