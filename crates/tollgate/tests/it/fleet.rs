//! Budgets and limits that several processes share by one database: whatever becomes of one of them, they use no more together than one could.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Money;
use serde_json::{Value, json};
use testkit::{
    Answer, Authority, Client, DatabaseServer, EventStream, FakeProvider, Script, ServerTls, closed_address,
    scripts, unique_name, within,
};
use tokio::task::JoinSet;

use crate::cli::{Serving, after, blocking, write};
use crate::configuration::{key, key_entry, provider};
use crate::gateway::{Setup, TestGateway};

/// What each answer costs, in micro-dollars.
pub(crate) const COST: i128 = 100;

/// An answer that costs that.
pub(crate) fn answer() -> Script {
    let mut answer = scripts::answer(EventStream::Chat, "hi");
    answer["usage"] = json!({"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19});
    scripts::json(&answer)
}

/// A gateway before `p` with a budget, which it shares by a file.
fn configuration(p: &FakeProvider, file: &Path, micro_usd: i128) -> Value {
    shared_by(p, &json!({"kind": "sqlite", "path": file}), micro_usd)
}

/// A gateway before `p` with a budget, which it shares as `state` says.
pub(crate) fn shared_by(p: &FakeProvider, state: &Value, micro_usd: i128) -> Value {
    let prices = json!({"standard": {"input": "1", "output": "10"}});
    let usd = Money::from_pico_usd(micro_usd * 1_000_000).to_string();
    json!({
        "providers": {"p": provider(p.base_url())},
        "catalog": {"overrides": [{"provider": "p", "model": "m", "prices": prices, "output_tokens": 1000}]},
        "keys": [key_entry(1, json!({"sees_budgets": true}))],
        "budgets": [{"name": "b", "usd": usd, "window": "once", "reserve": "most"}],
        "state": state,
    })
}

pub(crate) async fn ask(client: &Client) -> Answer {
    let body = json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9});
    client.clone().post("/v1/chat/completions", body.to_string()).answer().await
}

/// What is spent, as a request is told, in micro-dollars.
fn spent(answer: &Answer) -> i128 {
    of_budget(answer, "spent=")
}

/// How a budget stands, as a request is told, in micro-dollars.
pub(crate) fn of_budget(answer: &Answer, what: &str) -> i128 {
    let header = answer.header("x-tollgate-budget");
    let found = header.split("; ").find_map(|part| part.strip_prefix(what));
    found.unwrap_or_else(|| panic!("{header}")).parse::<Money>().unwrap().pico_usd() / 1_000_000
}

pub(crate) async fn start(folder: &Path) -> (Serving, Client) {
    let folder = folder.to_owned();
    let (serving, said) = blocking(move || Serving::start(&folder, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    (serving, Client::new(address).with_key(key(1).reveal()))
}

#[tokio::test]
async fn what_was_spent_is_spent_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let p = FakeProvider::always(answer()).await;
    write(folder.path(), &configuration(&p, &folder.path().join("shared.db"), 500));
    let (serving, client) = start(folder.path()).await;
    for before in [0, COST] {
        let answer = ask(&client).await;
        assert_eq!((answer.status.as_u16(), spent(&answer)), (200, before), "{}", answer.text());
    }
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));

    let (serving, client) = start(folder.path()).await;
    for before in [2 * COST, 3 * COST] {
        let answer = ask(&client).await;
        assert_eq!((answer.status.as_u16(), spent(&answer)), (200, before), "{}", answer.text());
    }
    let refused = ask(&client).await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (429, "TG2022".to_owned()));
    assert_eq!(p.asked(), 4);
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

/// So many requests by so many clients, each of whom goes from gateway to gateway; how many were answered.
pub(crate) async fn crowd(
    clients: Vec<Client>,
    requests: usize,
    at_once: usize,
    halfway: impl FnOnce(),
) -> usize {
    let begun = Arc::new(AtomicUsize::new(0));
    let mut crowd = JoinSet::new();
    let halved = Arc::new(tokio::sync::Notify::new());
    for number in 0..at_once {
        let (clients, begun, halved) = (clients.clone(), Arc::clone(&begun), Arc::clone(&halved));
        crowd.spawn(async move {
            let mut answered = 0;
            loop {
                let request = begun.fetch_add(1, Ordering::Relaxed);
                if request == requests / 2 {
                    halved.notify_one();
                }
                if request >= requests {
                    return answered;
                }
                let body =
                    json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9});
                let client = &clients[(number + request) % clients.len()];
                let call = client.post("/v1/chat/completions", body.to_string());
                // A gateway that was killed answers nothing.
                let Ok(answer) = tokio::spawn(call.answer()).await else { continue };
                answered += usize::from(answer.status == 200);
            }
        });
    }
    halved.notified().await;
    halfway();
    crowd.join_all().await.into_iter().sum()
}

/// Asks each of these until it refuses although nobody has anything in advance any more. On a slow machine requests are refused before what the
/// others have without need has come back, so that one refusal says nothing, and neither does how many there are.
pub(crate) async fn use_up(clients: &[Client]) {
    within("the end of what there is", async {
        for client in clients {
            while !is_refused_for_good(&ask(client).await) {}
        }
    })
    .await;
}

/// Whether only what is spent is in the way of a request.
fn is_refused_for_good(answer: &Answer) -> bool {
    answer.status == 429 && answer.error_message().contains(" are spent and $0 held ")
}

/// Three gateways share by `state`, and a fourth one after them.
async fn replicas_spend_no_more(state: &Value) {
    let p = FakeProvider::always(answer()).await;
    let limit = 1_000 * COST;
    let mut gateways = Vec::new();
    for _ in 0..3 {
        gateways.push(TestGateway::start(shared_by(&p, state, limit)).await);
    }
    let clients: Vec<_> = gateways.iter().map(TestGateway::client).collect();
    let answered = crowd(clients.clone(), 2_000, 250, || {}).await;
    assert_eq!(answered, p.asked());
    use_up(&clients).await;
    let charged = i128::try_from(p.asked()).unwrap() * COST;
    assert!(charged <= limit, "{charged} of {limit}");
    assert!(charged > limit - 2 * COST, "no more stays unused than a request can cost: {charged} of {limit}");
    for mut gateway in gateways {
        gateway.begin_to_stop();
        gateway.stopped().await;
    }
    let after = ask(&TestGateway::start(shared_by(&p, state, 2 * limit)).await.client()).await;
    assert_eq!(spent(&after), charged, "the store knows what the provider counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_spend_no_more_together_than_one_could() {
    let folder = tempfile::tempdir().unwrap();
    replicas_spend_no_more(&json!({"kind": "sqlite", "path": folder.path().join("shared.db")})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_share_by_postgres_spend_no_more_together_than_one_could() {
    let server = DatabaseServer::postgres();
    replicas_spend_no_more(&json!({"shared": {"url": server.url(), "namespace": unique_name()}})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_share_by_redis_spend_no_more_together_than_one_could() {
    let server = DatabaseServer::redis();
    replicas_spend_no_more(&json!({"shared": {"url": server.url(), "namespace": unique_name()}})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_by_a_redis_with_a_certificate_of_an_authority_that_they_are_told_of() {
    let (authority, p) = (Authority::new(), FakeProvider::always(answer()).await);
    let tls = ServerTls::new(authority.certificate()).for_clients_of(authority.pem());
    let server = DatabaseServer::redis_over_tls(tls);
    let said = json!({"ca_files": ["ca.pem"], "certificate": "client.crt", "private_key": "client.key"});
    let state = json!({"shared": {"url": server.url(), "tls": said}});
    for before in [0, COST] {
        let client = authority.certificate_for(&["tollgate"]);
        let setup = Setup::new().file("ca.pem", authority.pem());
        let setup = setup.file("client.crt", &client.chain_pem).file("client.key", &client.key_pem);
        let mut gateway = setup.start(shared_by(&p, &state, 10 * COST)).await;
        let answer = ask(&gateway.client()).await;
        assert_eq!((answer.status.as_u16(), spent(&answer)), (200, before), "{}", answer.text());
        gateway.begin_to_stop();
        gateway.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_started_again_lets_nobody_spend_more() {
    for mut server in [DatabaseServer::redis_on_socket(), DatabaseServer::postgres_on_socket()] {
        let p = FakeProvider::always(answer()).await;
        let limit = 300 * COST;
        let shared = shared_by(&p, &json!({"shared": {"url": server.url()}}), limit);
        let (one, other) = (TestGateway::start(shared.clone()).await, TestGateway::start(shared).await);
        let clients = vec![one.client(), other.client()];
        crowd(clients.clone(), 400, 50, || {
            server.stop();
            server.start_again();
        })
        .await;
        // Whatever was refused meanwhile is asked for again.
        use_up(&clients).await;
        let charged = i128::try_from(p.asked()).unwrap() * COST;
        assert!(charged <= limit, "{charged} of {limit}");
        assert!(charged > limit - 2 * COST, "it is used again: {charged} of {limit}");
    }
}

#[tokio::test]
async fn a_gateway_starts_while_the_server_is_down_and_says_so() {
    let p = FakeProvider::always(answer()).await;
    let url = format!("postgres://user:hunter2@{}/database", closed_address().await);
    let gateway = TestGateway::start(shared_by(&p, &json!({"shared": {"url": url}}), COST)).await;
    let refused = ask(&gateway.client()).await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (503, "TG4005".to_owned()));
    assert!(!refused.text().contains("hunter2"));
    let ready = gateway.client().get("/readyz").answer().await;
    assert_eq!(
        (ready.status.as_u16(), ready.text()),
        (200, r#"{"status":"ready","shared_state":"failing"}"#)
    );
    assert_eq!(p.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_takes_no_more_with_it_than_it_was_granted() {
    let folder = tempfile::tempdir().unwrap();
    let p = FakeProvider::always(answer()).await;
    let limit = 300 * COST;
    write(folder.path(), &configuration(&p, &folder.path().join("shared.db"), limit));
    let (killed, first) = start(folder.path()).await;
    let (serving, second) = start(folder.path()).await;
    // Dropped, it is killed.
    crowd(vec![first, second.clone()], 400, 50, || drop(killed)).await;
    let charged = i128::try_from(p.asked()).unwrap() * COST;
    assert!(charged <= limit, "{charged} of {limit}");
    assert!(charged >= limit / 2, "the other one goes on with what is left: {charged} of {limit}");
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

/// A gateway before `p` with limits, which it shares by a file.
fn limited(p: &FakeProvider, file: &Path, limits: &Value) -> Value {
    json!({
        "providers": {"p": provider(p.base_url())},
        "keys": [key_entry(1, json!({}))],
        "rate_limits": [limits],
        "state": {"kind": "sqlite", "path": file},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_take_no_more_of_a_limit_together_than_one_could_and_one_may_take_all() {
    let folder = tempfile::tempdir().unwrap();
    let p = FakeProvider::always(answer()).await;
    let limits = json!({"name": "r", "requests": {"per_day": 60}});
    let configuration = limited(&p, &folder.path().join("shared.db"), &limits);
    let mut gateways = Vec::new();
    for _ in 0..3 {
        gateways.push(TestGateway::start(configuration.clone()).await);
    }
    let clients: Vec<_> = gateways.iter().map(TestGateway::client).collect();
    // On a slow machine a request is refused before its gateway is granted what it needs; then it is made again.
    within("40 answers of one, to whom the others grant all", async {
        let mut answered = crowd(clients[..1].to_vec(), 40, 10, || {}).await;
        while answered < 40 {
            answered += usize::from(ask(&clients[0]).await.status == 200);
        }
    })
    .await;
    crowd(clients.clone(), 200, 30, || {}).await;
    within("the end of the limit", async {
        for client in clients.iter().cycle().take_while(|_| p.asked() < 60) {
            ask(client).await;
        }
    })
    .await;
    for client in &clients {
        assert_eq!(ask(client).await.status, 429);
    }
    assert_eq!(p.asked(), 60, "a day brings one in 24 minutes");
    let refused = ask(&clients[1]).await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (429, "TG2021".to_owned()));
    assert_eq!(refused.header("x-ratelimit-limit-requests"), "60");
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), "0");
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_limit_is_refused_or_counted_by_each_as_it_says() {
    let p = FakeProvider::always(answer()).await;
    let shared = json!({"shared": {"url": format!("redis://{}", closed_address().await)}});
    for (on_store_down, status, code) in
        [("last_lease", 503, "TG4005"), ("closed", 503, "TG4005"), ("open", 429, "TG2021")]
    {
        let limits = json!({"name": "r", "requests": {"per_day": 2}, "on_store_down": on_store_down});
        let mut configuration = limited(&p, Path::new("unused"), &limits);
        configuration["state"] = shared.clone();
        let gateway = TestGateway::start(configuration).await;
        let (client, before) = (gateway.client(), p.asked());
        for _ in 0..2 {
            ask(&client).await;
        }
        assert_eq!(p.asked() - before, if on_store_down == "open" { 2 } else { 0 }, "{on_store_down}");
        let refused = ask(&client).await;
        assert_eq!((refused.status.as_u16(), &*refused.error_code()), (status, code), "{on_store_down}");
        if status == 503 {
            assert!(refused.text().contains("(rate_limits[].on_store_down)"), "{}", refused.text());
        }
    }
}
