//! Three processes of `tollgate serve` on one PostgreSQL or Redis, with the load of many clients: one of them is killed, the server is killed and
//! started again, a key is taken back. What they use together is what one could, and what they say was spent is what the provider was asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{Client, DatabaseServer, FakeProvider, unique_name, within};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cli::{Serving, blocking, write};
use crate::configuration::{key, key_entry, provider};
use crate::control_api::control_key;
use crate::fleet::{COST, answer, ask, crowd, of_budget, shared_by, start, use_up};

const REQUESTS: usize = 2_000;
const AT_ONCE: usize = 200;

/// Three processes that share by a server, and the folder that they were started in.
struct Replicas {
    folder: tempfile::TempDir,
    running: Vec<Serving>,
    clients: Vec<Client>,
}

impl Replicas {
    async fn start(configuration: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), configuration);
        let (mut running, mut clients) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let (serving, client) = start(folder.path()).await;
            running.push(serving);
            clients.push(client);
        }
        Self { folder, running, clients }
    }

    /// Ends all of them in order.
    async fn stop(self) -> tempfile::TempDir {
        for serving in self.running {
            assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
        }
        self.folder
    }
}

fn both() -> [DatabaseServer; 2] {
    [DatabaseServer::redis_on_socket(), DatabaseServer::postgres_on_socket()]
}

fn by(server: &DatabaseServer) -> Value {
    json!({"shared": {"url": server.url()}})
}

/// Asks for what was refused meanwhile until every client is refused once more. What a replica that was killed had in advance stays lost.
async fn use_again(clients: &[Client]) {
    within("the end of what there is", async {
        for client in clients {
            while ask(client).await.status != 429 {}
        }
    })
    .await;
}

/// What a process that is started anew knows to be spent, and to be granted to others or held for its own request, in micro-dollars.
async fn known(folder: &Path) -> (i128, i128) {
    let (serving, client) = start(folder).await;
    let answer = ask(&client).await;
    let known = (of_budget(&answer, "spent="), of_budget(&answer, "held="));
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_what_the_provider_counts_although_the_server_is_killed() {
    for mut server in both() {
        let p = FakeProvider::always(answer()).await;
        let limit = 1_000 * COST;
        let replicas = Replicas::start(&shared_by(&p, &by(&server), limit)).await;
        let of_one = of_budget(&ask(&replicas.clients[0]).await, "held=");
        crowd(replicas.clients.clone(), REQUESTS, AT_ONCE, || {
            server.stop();
            server.start_again();
        })
        .await;
        use_up(&replicas.clients).await;
        let charged = i128::try_from(p.asked()).unwrap() * COST;
        assert!(charged <= limit && charged > limit - 2 * COST, "{charged} of {limit}");
        let folder = replicas.stop().await;
        write(folder.path(), &shared_by(&p, &by(&server), 2 * limit));
        assert_eq!(known(folder.path()).await, (charged, of_one), "{}", server.url());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_more_is_spent_although_a_replica_and_the_server_are_killed() {
    for mut server in both() {
        let p = FakeProvider::always(answer()).await;
        let limit = 1_000 * COST;
        let mut replicas = Replicas::start(&shared_by(&p, &by(&server), limit)).await;
        let of_one = of_budget(&ask(&replicas.clients[0]).await, "held=");
        let killed = replicas.running.remove(0);
        crowd(replicas.clients.clone(), REQUESTS, AT_ONCE, || {
            // Dropped, it is killed.
            drop(killed);
            server.stop();
            server.start_again();
        })
        .await;
        use_again(&replicas.clients[1..]).await;
        let charged = i128::try_from(p.asked()).unwrap() * COST;
        assert!(charged <= limit, "{charged} of {limit}");
        assert!(charged >= limit / 2, "the others go on with what is left: {charged} of {limit}");
        let folder = replicas.stop().await;
        write(folder.path(), &shared_by(&p, &by(&server), 2 * limit));
        let (spent, held) = known(folder.path()).await;
        let granted = held - of_one;
        assert!(
            spent <= charged && charged <= spent + granted,
            "{spent} <= {charged} <= {spent} + {granted}"
        );
        assert_eq!(spent % COST, 0, "each of its answers is known as a whole or not at all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_kept_although_a_replica_and_the_server_are_killed() {
    for mut server in both() {
        let p = FakeProvider::always(answer()).await;
        let per_day = 500;
        let configuration = json!({
            "providers": {"p": provider(p.base_url())},
            "keys": [key_entry(1, json!({}))],
            "rate_limits": [{"name": "r", "requests": {"per_day": per_day}, "concurrency": 100}],
            "state": by(&server),
        });
        let mut replicas = Replicas::start(&configuration).await;
        let killed = replicas.running.remove(0);
        crowd(replicas.clients.clone(), REQUESTS, AT_ONCE, || {
            drop(killed);
            server.stop();
            server.start_again();
        })
        .await;
        // Each request that was refused for want of a permit may be made again.
        use_again(&replicas.clients[1..]).await;
        let asked = p.asked();
        assert!(asked <= per_day + 1, "{asked} of {per_day}: a day brings one in three minutes");
        assert!(asked >= per_day / 2, "the others go on with what is left: {asked} of {per_day}");
        replicas.stop().await;
    }
}

/// A client that asks as fast as it can until a while after its key was disabled; when each request began that was served.
async fn served(
    client: Client,
    disabled: Arc<OnceCell<Instant>>,
    first: tokio::sync::mpsc::Sender<()>,
) -> Vec<Instant> {
    let mut served = Vec::new();
    loop {
        let began = Instant::now();
        if disabled.get().is_some_and(|disabled| began.duration_since(*disabled) > Duration::from_secs(4)) {
            return served;
        }
        if ask(&client).await.status == 200 {
            served.push(began);
            // Whoever waits for the first one hears of it.
            let _ = first.try_send(());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_disabled_at_one_process_is_soon_served_by_none() {
    let folder = tempfile::tempdir().unwrap();
    key_is_soon_served_by_none(&json!({"kind": "sqlite", "path": folder.path().join("kept.db")})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_disabled_at_one_machine_is_soon_served_by_none() {
    let server = DatabaseServer::postgres();
    let state = json!({"kind": "postgres", "url": server.url(), "namespace": unique_name()});
    key_is_soon_served_by_none(&state).await;
}

async fn key_is_soon_served_by_none(state: &Value) {
    let p = FakeProvider::always(answer()).await;
    let admin = json!({
        "name": "admin",
        "hash": control_key(1).hash().to_string(),
        "roles": [{"role": "owner"}],
    });
    let configuration = json!({
        "providers": {"p": provider(p.base_url())},
        "control": {"keys": [admin]},
        "state": state,
    });
    let replicas = Replicas::start(&configuration).await;
    let control = replicas.clients[0].clone().with_key(control_key(1).reveal());
    let entry = json!({"hash": key(1).hash().to_string()});
    let made = control.send(Method::PUT, "/api/v1/keys/k", entry.to_string()).answer().await;
    assert!(made.status.is_success(), "{}", made.text());
    let disabled = Arc::new(OnceCell::new());
    let mut load = JoinSet::new();
    for client in &replicas.clients {
        let (first, mut begun) = tokio::sync::mpsc::channel(1);
        for _ in 0..3 {
            load.spawn(served(client.clone(), Arc::clone(&disabled), first.clone()));
        }
        within("the first answer", begun.recv()).await.unwrap();
    }
    let change = json!({"disabled": true}).to_string();
    let changed = control.send(Method::PATCH, "/api/v1/keys/k", change).answer().await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let at = *disabled.get_or_init(async || Instant::now()).await;
    let served = within("the end of the load", load.join_all()).await;
    let late =
        served.iter().flatten().map(|began| began.saturating_duration_since(at)).max().unwrap_or_default();
    assert!(late < Duration::from_secs(2), "a request that began {late:?} later was served");
    replicas.stop().await;
}
