//! Requests as they are written down: whatever becomes of them, each once, with why it went where it went.

use std::path::Path;

use serde_json::{Value, json};
use store::JournalFiles;
use tempfile::TempDir;
use testkit::{EventStream, FakeProvider, scripts};

use crate::cli::{Serving, after, blocking, complaint, out, run};
use crate::configuration::{SECRET, key, key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// A gateway that writes into a folder: a route `r` over `p`, which fails, and `q`.
async fn start(folder: &Path, first: &FakeProvider, second: &FakeProvider) -> TestGateway {
    TestGateway::start(configuration(folder, first, second)).await
}

fn configuration(folder: &Path, first: &FakeProvider, second: &FakeProvider) -> Value {
    let targets = json!([{"target": "p/m"}, {"target": "q/m", "region": "eu-west-1"}]);
    json!({
        "providers": {"p": provider(first.base_url()), "q": provider(second.base_url())},
        "routes": {"r": {"strategy": {"mode": "fallback"}, "resume": true, "targets": targets}},
        "keys": [key_entry(1, json!({"metadata": {"team": "search"}}))],
        "journal": {"path": folder},
    })
}

/// What is written down in a folder, in its order. Nothing secret ever is.
pub(crate) fn records(folder: &Path) -> Vec<Value> {
    let files = JournalFiles::in_folder(folder).unwrap();
    let lines: Vec<_> = files.lines().map(Result::unwrap).collect();
    assert!(!lines.concat().contains(SECRET) && !lines.concat().contains(key(1).reveal()));
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_request_is_written_down_with_its_decision() {
    let folder = TempDir::new().unwrap();
    let (first, second) =
        (FakeProvider::always(scripts::error(500, "no")).await, FakeProvider::start().await);
    second.keep_answering(scripts::json(&scripts::answer(CHAT, "served")));
    let gateway = start(folder.path(), &first, &second).await;
    let answer = gateway
        .ask(CHAT, "r")
        .header("x-tollgate-metadata", r#"{"plan": "pro", "team": "spoofed"}"#)
        .answer()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.get("x-tollgate-decision").is_none(), "nobody asked");
    let refused = gateway.ask(CHAT, "nobody/none").answer().await;
    gateway.stop().await;
    let records = records(folder.path());
    let [request, refusal] = &records[..] else { panic!("{records:?}") };
    assert_eq!(request["request_id"], answer.header("x-tollgate-request-id"));
    for (member, expected) in [
        ("kind", json!("request")),
        ("endpoint", json!("chat_completions")),
        ("model", json!("r")),
        ("stream", json!(false)),
        ("metadata", json!({"plan": "pro", "team": "search"})),
        ("served_by", json!({"provider": "q", "model": "m"})),
        ("status", json!(200)),
        ("outcome", json!("done")),
        ("attempts", json!(2)),
    ] {
        assert_eq!(request[member], expected, "{member} of {request}");
    }
    let decision = &request["decision"];
    assert_eq!(decision["route"], "r");
    assert_eq!(decision["targets"][1]["region"], "eu-west-1");
    assert_eq!(decision["targets"][1]["score"]["pending"], 0);
    let outcomes: Vec<_> =
        decision["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["provider", "served"]);
    assert_eq!(refusal["kind"], "refusal");
    assert_eq!(refusal["request_id"], refused.header("x-tollgate-request-id"));
    assert_eq!(refusal["code"], "TG2006");
    assert_eq!(refusal["status"], refused.status.as_u16());
}

#[tokio::test]
async fn what_failed_what_was_left_and_what_was_gone_on_with_is_written_down_as_that() {
    let folder = TempDir::new().unwrap();
    let begun = scripts::stream(CHAT, &["One ", "two "]).up_to_content(1);
    let first = FakeProvider::always(begun.clone().cut()).await;
    let second = FakeProvider::always(scripts::stream(CHAT, &["three"]).script()).await;
    let mut configuration = configuration(folder.path(), &first, &second);
    configuration["providers"]["q"]["prefill"] = json!({"chat_completions": {}});
    let gateway = TestGateway::start(configuration).await;
    let resumed =
        gateway.ask_streamed(CHAT, "r").header("x-tollgate-resume", "true").open().await.rest().await;
    let broken = gateway.ask_streamed(CHAT, "p/m").open().await.rest().await;
    gateway.stop().await;
    drop((resumed, broken));
    let records = records(folder.path());
    let [resumed, broken] = &records[..] else { panic!("{records:?}") };
    let attempts = resumed["decision"]["attempts"].as_array().unwrap();
    let made: Vec<_> = attempts.iter().map(|attempt| (&attempt["target"], &attempt["outcome"])).collect();
    assert_eq!(made, [(&json!("p/m"), &json!("served")), (&json!("q/m"), &json!("served"))]);
    assert_eq!((&resumed["outcome"], &resumed["served_by"]["provider"]), (&json!("done"), &json!("q")));
    assert_eq!((&broken["outcome"], &broken["status"]), (&json!("failed"), &json!(200)));
    assert!(broken["first_token_ms"].is_number());
}

#[tokio::test]
async fn the_decision_is_in_the_log_where_it_is_wanted() {
    let folder = TempDir::new().unwrap();
    let fake = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "served"))).await;
    let mut configuration = configuration(folder.path(), &fake, &fake);
    configuration.as_object_mut().unwrap().remove("journal");
    configuration["log"] = json!({"format": "json", "requests": "all", "decisions": true});
    std::fs::write(folder.path().join("tollgate.yaml"), configuration.to_string()).unwrap();
    let path = folder.path().to_owned();
    let (serving, said) = blocking(move || Serving::start(&path, "live providers")).await;
    let address: std::net::SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let client = testkit::Client::new(address).with_key(key(1).reveal());
    let answer =
        client.post("/v1/chat/completions", scripts::request(CHAT, "r", false).to_string()).answer().await;
    assert_eq!(answer.status, 200);
    let (_, log) = blocking(|| serving.stop()).await;
    let line = log.lines().find(|line| line.contains("request ended")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    let decision: Value = serde_json::from_str(line["decision"].as_str().unwrap()).unwrap();
    assert_eq!(decision["attempts"][0]["target"], "p/m");
}

#[tokio::test]
async fn requests_are_listed_shown_and_simulated_from_where_they_were_written_down() {
    let folder = TempDir::new().unwrap();
    let (first, second) =
        (FakeProvider::always(scripts::error(500, "no")).await, FakeProvider::start().await);
    second.keep_answering(scripts::json(&scripts::answer(CHAT, "served")));
    let gateway = start(folder.path(), &first, &second).await;
    let answer = gateway.ask(CHAT, "r").answer().await;
    let _failed = gateway.ask(CHAT, "p/m").answer().await;
    gateway.stop().await;
    let place = folder.path().to_str().unwrap().to_owned();
    let home = TempDir::new().unwrap();
    let configuration = configuration(folder.path(), &first, &second).to_string();
    std::fs::write(home.path().join("tollgate.yaml"), configuration).unwrap();
    let command = |arguments: &[&str]| run(home.path(), arguments);

    let all = command(&["journal", "list"]);
    assert_eq!(out(&all).lines().count(), 2, "{} {}", out(&all), complaint(&all));
    let id = answer.header("x-tollgate-request-id");
    let line = out(&all).lines().find(|line| line.contains(id)).unwrap();
    for part in ["key key-1", "r → q/m", "200", "2 attempts"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let failed = command(&["journal", "list", "--folder", &place, "--failed"]);
    assert_eq!(out(&failed).lines().count(), 1, "{}", out(&failed));
    let none = command(&["journal", "list", "--key", "other"]);
    assert!(none.status.success() && out(&none).is_empty());
    let shown = command(&["journal", "show", id]);
    assert!(out(&shown).contains("\"outcome\": \"served\""), "{}", out(&shown));
    let missing = command(&["journal", "show", "req_none"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(complaint(&missing).contains("has no request `req_none`"), "{}", complaint(&missing));

    let simulated = command(&["simulate", "--traffic", &place, "--json"]);
    assert!(simulated.status.success(), "{}", complaint(&simulated));
    let report: Value = serde_json::from_slice(&simulated.stdout).unwrap();
    assert_eq!(report["configurations"][0]["requests"], 2);
}

#[tokio::test]
async fn a_journal_that_is_wrong_is_refused_with_its_line() {
    let folder = TempDir::new().unwrap();
    for (text, problem) in [
        ("journal: {path: ''}", "tollgate.yaml:1:17: journal.path: expected the name of a folder"),
        ("journal: {bytes_max: 1KiB}", "tollgate.yaml:1:22: journal.bytes_max: expected at least 1MiB"),
        ("journal: {file: x}", "tollgate.yaml:1:11: journal.file: "),
    ] {
        std::fs::write(folder.path().join("tollgate.yaml"), text).unwrap();
        let checked = run(folder.path(), &["check"]);
        assert!(complaint(&checked).contains(problem), "{problem} is not in {}", complaint(&checked));
    }
    std::fs::write(folder.path().join("tollgate.yaml"), "{}").unwrap();
    let none = run(folder.path(), &["journal", "list"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(complaint(&none).contains("keeps no journal"), "{}", complaint(&none));
}
