//! Whoever pays is told of budgets: once for all replicas, with a signature, and although receivers fail and processes are killed.

use std::collections::BTreeMap;
use std::path::Path;

use domain::Money;
use serde_json::{Value, json};
use testkit::{DatabaseServer, FakeProvider, ScriptedRequest, closed_address, scripts, unique_name, within};
use webhooks::{Message, Webhook, WebhookParts};

use crate::cli::{blocking, complaint, out, run, write};
use crate::configuration::{key_entry, provider};
use crate::fleet::{COST, answer, ask, crowd, start};
use crate::gateway::TestGateway;

const SIGNING_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Where a receiver is.
fn url(receiver: &FakeProvider) -> String {
    format!("http://{}/hooks/secret-path", receiver.address())
}

fn webhook(receiver: &FakeProvider) -> Value {
    json!({
        "name": "finance",
        "url": url(receiver),
        "secret": SIGNING_SECRET,
        "headers": {"authorization": "Bearer hunter2"},
    })
}

/// A gateway before `p` whose budget tells a receiver of its half, and of its end.
fn configuration(p: &FakeProvider, receiver: &FakeProvider, state: &Value, micro_usd: i128) -> Value {
    let prices = json!({"standard": {"input": "1", "output": "10"}});
    let usd = Money::from_pico_usd(micro_usd * 1_000_000).to_string();
    json!({
        "providers": {"p": provider(p.base_url())},
        "catalog": {"overrides": [{"provider": "p", "model": "m", "prices": prices, "output_tokens": 1000}]},
        "keys": [key_entry(1, json!({"sees_budgets": true}))],
        "budgets": [{
            "name": "b", "usd": usd, "window": "month", "reserve": "most", "warn_at": ["50%"], "notify": ["finance"],
        }],
        "webhooks": [webhook(receiver)],
        "state": state,
    })
}

async fn receiver() -> FakeProvider {
    FakeProvider::always(scripts::json(&json!({}))).await
}

fn header<'r>(request: &'r ScriptedRequest, name: &str) -> &'r str {
    request.headers[name].to_str().unwrap()
}

/// What a message says, once it is clear that it is genuine.
#[track_caller]
fn verified(request: &ScriptedRequest) -> Value {
    let parts = WebhookParts { name: "w", url: "http://w/", secret: SIGNING_SECRET, previous_secret: None };
    let message = Message {
        id: header(request, "webhook-id").into(),
        body: std::str::from_utf8(&request.body).unwrap().into(),
    };
    let sent_at = header(request, "webhook-timestamp").parse().unwrap();
    let genuine = Webhook::new(parts).unwrap().outgoing(&message, sent_at);
    assert_eq!(request.headers["webhook-signature"], genuine.request.headers()["webhook-signature"]);
    assert_eq!(
        (header(request, "content-type"), header(request, "authorization")),
        ("application/json", "Bearer hunter2")
    );
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hooks/secret-path"));
    serde_json::from_slice(&request.body).unwrap()
}

/// How often a receiver got a message of each kind.
fn kinds(receiver: &FakeProvider) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for request in receiver.requests() {
        *kinds.entry(verified(&request)["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

fn once_each() -> BTreeMap<String, usize> {
    BTreeMap::from([("budget.threshold_passed".to_owned(), 1), ("budget.exhausted".to_owned(), 1)])
}

/// Three processes use up a budget together; a fourth finds it used up.
async fn replicas_tell_once(state: &Value) {
    let (p, receiver) = (FakeProvider::always(answer()).await, receiver().await);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &configuration(&p, &receiver, state, 200 * COST));
    let (mut running, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (serving, client) = start(folder.path()).await;
        running.push(serving);
        clients.push(client);
    }
    crowd(clients.clone(), 500, 60, || {}).await;
    for client in &clients {
        within("the end of the budget", async { while ask(client).await.status != 429 {} }).await;
    }
    receiver.was_asked(2).await;
    for serving in running {
        // What a process has to tell it tells before it ends.
        assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
    }
    assert_eq!(kinds(&receiver), once_each());
    let threshold = receiver.requests().iter().map(verified).find(|message| message["data"]["percent"] == 50);
    let data = &threshold.unwrap()["data"];
    assert_eq!(
        (&data["budget"], &data["unit"], &data["span"]),
        (&json!("b"), &json!("usd"), &json!("month"))
    );
    assert_eq!(data["limit"], "0.02");
    assert!(data["spent"].as_str().unwrap().parse::<Money>().unwrap() >= "0.01".parse().unwrap(), "{data}");
    assert!(data["window"]["end"].as_str().unwrap().ends_with("-01T00:00:00Z"), "{data}");

    let (serving, client) = start(folder.path()).await;
    assert_eq!(ask(&client).await.status, 429);
    let (code, log) = blocking(|| serving.stop()).await;
    assert_eq!((code, kinds(&receiver)), (Some(0), once_each()), "a restart tells nothing again");
    assert!(!log.contains("hunter2") && !log.contains("secret-path") && !log.contains("whsec_"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replicas_pass_together_is_told_once_by_postgres() {
    let server = DatabaseServer::postgres();
    replicas_tell_once(&json!({"kind": "postgres", "url": server.url(), "namespace": unique_name()})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replicas_pass_together_is_told_once_by_redis() {
    let server = DatabaseServer::redis();
    replicas_tell_once(&json!({"shared": {"url": server.url(), "namespace": unique_name()}})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_processes_pass_together_is_told_once_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    replicas_tell_once(&json!({"kind": "sqlite", "path": folder.path().join("shared.db")})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_its_process_was_killed_with_is_sent_by_another_one() {
    let (p, receiver) = (FakeProvider::always(answer()).await, FakeProvider::always(scripts::hang()).await);
    let folder = tempfile::tempdir().unwrap();
    let state = json!({"kind": "sqlite", "path": folder.path().join("shared.db")});
    write(folder.path(), &configuration(&p, &receiver, &state, 10 * COST));
    let (killed, client) = start(folder.path()).await;
    let (serving, _) = start(folder.path()).await;
    for _ in 0..5 {
        assert_eq!(ask(&client).await.status, 200);
    }
    receiver.was_asked(1).await;
    receiver.keep_answering(scripts::json(&json!({})));
    // Dropped, it is killed, and never hears what is answered.
    drop(killed);
    receiver.was_asked(2).await;
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
    let messages = receiver.requests();
    let [first, second] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    assert_eq!(verified(first), verified(second));
    assert_eq!(header(first, "webhook-id"), header(second, "webhook-id"), "so that a receiver can drop one");
}

/// Waits until a series has a value.
async fn until(gateway: &TestGateway, series: &str, value: f64) {
    let reached = async {
        while gateway.metric(series).await != value {
            tokio::task::yield_now().await;
        }
    };
    within(series, reached).await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again_with_the_same_message() {
    let p = FakeProvider::always(answer()).await;
    let receiver = FakeProvider::playing([scripts::error(503, "down"), scripts::cut()]).await;
    receiver.keep_answering(scripts::json(&json!({})));
    let gateway = TestGateway::start(configuration(&p, &receiver, &json!({}), 2 * COST)).await;
    assert_eq!(ask(&gateway.client()).await.status, 200);
    receiver.was_asked(3).await;
    let outcome = |outcome: &str| {
        format!("tollgate_webhook_deliveries_total{{webhook=\"finance\",outcome=\"{outcome}\"}}")
    };
    until(&gateway, &outcome("delivered"), 1.0).await;
    assert_eq!(gateway.metric(&outcome("failed")).await, 2.0);
    until(&gateway, "tollgate_webhook_undelivered", 0.0).await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(verified(request), verified(&requests[0]));
        assert_eq!(header(request, "webhook-id"), header(&requests[0], "webhook-id"));
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again_and_redirects_are_not_followed() {
    let p = FakeProvider::always(answer()).await;
    let elsewhere = receiver().await;
    let moved = scripts::with_header(scripts::error(307, "moved"), "location", &url(&elsewhere));
    let receiver = FakeProvider::playing([moved]).await;
    receiver.keep_answering(scripts::error(410, "gone"));
    let gateway = TestGateway::start(configuration(&p, &receiver, &json!({}), 2 * COST)).await;
    assert_eq!(ask(&gateway.client()).await.status, 200);
    until(&gateway, "tollgate_webhook_deliveries_total{webhook=\"finance\",outcome=\"given_up\"}", 1.0).await;
    until(&gateway, "tollgate_webhook_undelivered", 0.0).await;
    assert_eq!((receiver.asked(), elsewhere.asked()), (2, 0));
}

#[tokio::test]
async fn a_store_that_is_down_loses_no_warning() {
    let (p, receiver) = (FakeProvider::always(answer()).await, receiver().await);
    let state = json!({"shared": {"url": format!("redis://{}", closed_address().await)}});
    let mut configuration = configuration(&p, &receiver, &state, 4 * COST);
    configuration["budgets"][0]["on_store_down"] = "open".into();
    let gateway = TestGateway::start(configuration).await;
    for _ in 0..3 {
        assert_eq!(ask(&gateway.client()).await.status, 200);
    }
    receiver.was_asked(1).await;
    assert_eq!(verified(&receiver.requests()[0])["data"]["percent"], 50);
    let warned = "tollgate_allotment_decisions_total{allotment=\"b\",decision=\"warned\"}";
    until(&gateway, warned, 1.0).await;
}

#[tokio::test]
async fn what_a_budget_has_spent_is_a_metric() {
    let (p, receiver) = (FakeProvider::always(answer()).await, receiver().await);
    let gateway = TestGateway::start(configuration(&p, &receiver, &json!({}), 10 * COST)).await;
    assert_eq!(ask(&gateway.client()).await.status, 200);
    let of_budget = |what: &str| format!("tollgate_budget_{what}{{budget=\"b\",unit=\"usd\"}}");
    until(&gateway, &of_budget("spent"), 0.0001).await;
    assert_eq!(gateway.metric(&of_budget("limit")).await, 0.001);
    assert_eq!(gateway.metric(&of_budget("accounts")).await, 1.0);
    let workspace = "tollgate_workspace_cost_usd_total{workspace=\"default\",team=\"\"}";
    assert_eq!(gateway.metric(workspace).await, 0.0001);
}

/// What `tollgate webhook test` does in a folder.
async fn tested(folder: &Path, name: &'static str) -> std::process::Output {
    let folder = folder.to_owned();
    blocking(move || run(&folder, &["webhook", "test", name])).await
}

#[tokio::test]
async fn a_webhook_can_be_tried_and_no_secret_is_shown() {
    let receiver = FakeProvider::playing([
        scripts::json(&json!({"you said": "Bearer hunter2"})),
        scripts::error(500, "not today"),
    ])
    .await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &json!({"webhooks": [webhook(&receiver)]}));
    let good = tested(folder.path(), "finance").await;
    assert!(good.status.success(), "{}", complaint(&good));
    let message = verified(&receiver.only_request());
    assert_eq!((&message["type"], &message["data"]["webhook"]), (&json!("webhook.test"), &json!("finance")));
    assert!(out(&good).contains(header(&receiver.only_request(), "webhook-id")), "{}", out(&good));
    assert!(out(&good).contains("status 200") && out(&good).contains("[redacted]"), "{}", out(&good));
    let bad = tested(folder.path(), "finance").await;
    assert_eq!(bad.status.code(), Some(1));
    assert!(out(&bad).contains("status 500") && out(&bad).contains("not today"), "{}", out(&bad));
    let unknown = tested(folder.path(), "nobody").await;
    assert!(complaint(&unknown).contains("there are: finance"), "{}", complaint(&unknown));
    for output in [good, bad, unknown] {
        for text in [out(&output), complaint(&output)] {
            assert!(!text.contains("hunter2") && !text.contains("whsec_"), "{text}");
        }
    }
}
