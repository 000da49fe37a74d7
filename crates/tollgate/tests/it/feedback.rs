//! What clients say of answers: counted, written down, and heard by the trials of canaries.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, EventStream, FakeProvider, scripts, within};

use crate::configuration::{key_entry, two};
use crate::gateway::TestGateway;
use crate::journal::records;

const CHAT: EventStream = EventStream::Chat;
const SHARE: &str = "tollgate_canary_share_percent{route=\"r\",place=\"\"}";
const ROLLBACKS: &str = "tollgate_canary_rollbacks_total{route=\"r\",place=\"\",metric=\"feedback\"}";

/// A route `r` that serves by `p` and tries `q` on half of the requests, judged by what is said of the answers. The keys 1 and 2 are of the workspace `ours`, 3 is of another.
fn trying(p: &FakeProvider, q: &FakeProvider) -> Value {
    let mut configuration = two(p.base_url(), q.base_url());
    configuration["routes"]["r"]["strategy"] =
        json!({"mode": "canary", "guards": {"feedback": "5%"}, "steps": ["50%", "100%"], "hold": "1h"});
    configuration["workspaces"] = json!({"ours": {}, "theirs": {}});
    let of = |number, workspace| key_entry(number, json!({"workspace": workspace}));
    configuration["keys"] = json!([of(1, "ours"), of(2, "ours"), of(3, "theirs")]);
    configuration
}

async fn providers() -> (FakeProvider, FakeProvider) {
    let answer = || scripts::json(&scripts::answer(CHAT, "hi"));
    (FakeProvider::always(answer()).await, FakeProvider::always(answer()).await)
}

async fn say(gateway: &TestGateway, key: u8, said: &Value) -> Answer {
    gateway.client_of(key).post("/v1/feedback", said.to_string()).answer().await
}

/// Asks one gateway once, and has it said to another that the answers of `q` are bad.
async fn ask_and_judge(asked: &TestGateway, told: &TestGateway, key: u8) {
    let answer = asked.chat("r").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let value = if answer.header("x-tollgate-provider") == "q" { -1 } else { 1 };
    let said = json!({"request_id": answer.header("x-tollgate-request-id"), "value": value});
    assert_eq!(say(told, key, &said).await.status, 200);
}

#[tokio::test]
async fn a_canary_whose_answers_are_said_to_be_bad_is_rolled_back() {
    let (p, q) = providers().await;
    let gateway = TestGateway::start(trying(&p, &q)).await;
    let mut requests = 0;
    while gateway.metric(SHARE).await > 0.0 {
        requests += 1;
        assert!(requests < 200, "it is not rolled back");
        ask_and_judge(&gateway, &gateway, 2).await;
    }
    assert_eq!(gateway.metric(ROLLBACKS).await, 1.0);
}

#[tokio::test]
async fn what_is_said_in_another_workspace_or_of_no_request_is_counted_and_not_heard() {
    let (p, q) = providers().await;
    let gateway = TestGateway::start(trying(&p, &q)).await;
    for _ in 0..100 {
        ask_and_judge(&gateway, &gateway, 3).await;
    }
    for value in [-10, 0, 7] {
        assert_eq!(say(&gateway, 1, &json!({"trace_id": "nobody's", "value": value})).await.status, 200);
    }
    assert_eq!(gateway.metric(SHARE).await, 50.0);
    let of =
        async |rating: &str| gateway.metric(&format!("tollgate_feedback_total{{rating=\"{rating}\"}}")).await;
    assert_eq!(of("good").await + of("bad").await, 102.0);
    assert_eq!(of("neutral").await, 1.0);
}

#[tokio::test]
async fn a_replica_hears_what_is_said_to_another_of_its_answers() {
    let (folder, (p, q)) = (TempDir::new().unwrap(), providers().await);
    let mut configuration = trying(&p, &q);
    configuration["state"] = json!({"kind": "sqlite", "path": folder.path().join("shared.db")});
    let asked = TestGateway::start(configuration.clone()).await;
    let told = TestGateway::start(configuration).await;
    for _ in 0..120 {
        ask_and_judge(&asked, &told, 1).await;
    }
    within("the rollback", async { while asked.metric(SHARE).await > 0.0 {} }).await;
    assert_eq!(asked.metric(ROLLBACKS).await, 1.0);
    assert_eq!(told.metric(SHARE).await, 50.0, "its own trial has seen nothing");
}

#[tokio::test]
async fn what_is_said_is_written_down_and_what_is_no_feedback_is_refused() {
    let (folder, (p, q)) = (TempDir::new().unwrap(), providers().await);
    let mut configuration = trying(&p, &q);
    configuration["journal"] = json!({"path": folder.path()});
    let gateway = TestGateway::start(configuration).await;
    let said = json!({"trace_id": "req_1", "value": -2.5, "weight": 0.5, "metadata": {"why": "slow"}});
    let answer = say(&gateway, 3, &said).await;
    let told: Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!((&told["status"], told["feedback_ids"].as_array().unwrap().len()), (&json!("success"), 1));
    for (wrong, status) in [(json!({"value": 3}), 400), (json!({"trace_id": "r", "value": 11}), 400)] {
        assert_eq!(say(&gateway, 1, &wrong).await.status, status);
    }
    assert_eq!(gateway.anybody().post("/v1/feedback", said.to_string()).answer().await.status, 401);
    gateway.stop().await;
    let records = records(folder.path());
    let feedback: Vec<_> = records.iter().filter(|record| record["kind"] == "feedback").collect();
    let [feedback] = &feedback[..] else { panic!("{records:?}") };
    assert_eq!(feedback["feedback_id"], told["feedback_ids"][0]);
    for (member, expected) in [
        ("request_id", json!("req_1")),
        ("workspace", json!("theirs")),
        ("value", json!(-2.5)),
        ("weight", json!(0.5)),
        ("metadata", json!({"why": "slow"})),
    ] {
        assert_eq!(feedback[member], expected, "{member}");
    }
}
