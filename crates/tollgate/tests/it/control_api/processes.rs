//! Objects outlive the process, and reach the other processes on the same database, be it a file or a server.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Client, DatabaseServer, EventStream, FakeProvider, scripts, within};
use tokio::time::Instant;

use super::{Control, chat, control_key, gateway, gateway_in, held};
use crate::cli::{Serving, after, blocking, complaint, out, run, write};
use crate::configuration::one;
use crate::gateway::Setup;

fn file(folder: &Path) -> Value {
    json!({"state": {"kind": "sqlite", "path": folder.join("kept.db")}})
}

fn server(server: &DatabaseServer) -> Value {
    json!({"state": {"kind": "postgres", "url": server.url()}})
}

async fn objects_are_there_after_a_restart(database: Value) {
    let (mut first, _fake) = gateway(database.clone()).await;
    let text = Control::of(&first, 1).new_key(json!({"name": "k"})).await;
    first.begin_to_stop();
    first.stopped().await;
    let (second, _fake) = gateway(database).await;
    assert_eq!(chat(&second, &text).await, 200);
    assert_eq!(Control::of(&second, 1).get("keys/k").await.json()["version"], 1);
}

#[tokio::test]
async fn objects_of_a_file_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    objects_are_there_after_a_restart(file(folder.path())).await;
}

#[tokio::test]
async fn objects_of_a_server_are_there_after_a_restart() {
    objects_are_there_after_a_restart(server(&DatabaseServer::postgres_on_socket())).await;
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

async fn a_change_is_in_force_in_every_process_within_two_seconds(database: Value) {
    let (one, _fake) = gateway(database.clone()).await;
    let (other, _fake) = gateway_in(Setup::new(), database).await;
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
async fn a_change_of_a_file_is_in_force_in_every_process_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    a_change_is_in_force_in_every_process_within_two_seconds(file(folder.path())).await;
}

#[tokio::test]
async fn a_change_of_a_server_is_in_force_in_every_process_within_two_seconds() {
    let database = DatabaseServer::postgres_on_socket();
    a_change_is_in_force_in_every_process_within_two_seconds(server(&database)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_are_processes_of_their_own_follow_each_other_within_two_seconds() {
    let (database, folder) = (DatabaseServer::postgres_on_socket(), tempfile::tempdir().unwrap());
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
    let mut configuration = one(&fake);
    configuration["control"] = json!({"keys": [held(1, "owner", None)]});
    configuration["state"] = server(&database)["state"].clone();
    write(folder.path(), &configuration);
    let start = async || {
        let folder = folder.path().to_owned();
        let (serving, said) = blocking(move || Serving::start(&folder, "live providers")).await;
        let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
        (serving, Client::new(address))
    };
    let ((_one, at_one), (_other, at_other)) = (start().await, start().await);
    let control = Control(at_one.with_key(control_key(1).reveal()));
    let text = control.new_key(json!({"name": "k"})).await;
    let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let mut longest = Duration::ZERO;
    for round in 0..6 {
        let is_good = round % 2 == 0;
        let changed = control.patch("keys/k", json!({"disabled": !is_good})).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let begun = Instant::now();
        let status = if is_good { 200 } else { 401 };
        within("the other process", async {
            let client = at_other.clone().with_key(&text);
            while client.post(scripts::path(EventStream::Chat), body.clone()).answer().await.status != status
            {
            }
        })
        .await;
        longest = longest.max(begun.elapsed());
    }
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

async fn writers_in_two_processes_lose_nothing(database: Value) {
    let (one, _fake) = gateway(database.clone()).await;
    let (other, _fake) = gateway(database).await;
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

#[tokio::test]
async fn writers_of_a_file_in_two_processes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    writers_in_two_processes_lose_nothing(file(folder.path())).await;
}

#[tokio::test]
async fn writers_of_a_server_in_two_processes_lose_nothing_and_write_one_audit_log() {
    let database = DatabaseServer::postgres_on_socket();
    writers_in_two_processes_lose_nothing(server(&database)).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &server(&database));
    let verified = run(folder.path(), &["audit", "verify"]);
    assert!(verified.status.success(), "{}", complaint(&verified));
    // Whoever lost a race has written down that it did not come about, too.
    let listed = run(folder.path(), &["audit", "list"]);
    assert!(out(&listed).lines().count() >= 11, "{}", out(&listed));
}
