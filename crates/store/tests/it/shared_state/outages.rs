//! Servers that go away and come back.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::shared_state::{SharedState, StateError, Versioned};
use store::{PlaceError, PostgresState, RedisState, shared_state_at};
use testkit::{DatabaseServer, closed_address, within};

use super::{PATIENCE, change, replaced};

/// Less than a server takes that does not answer.
const IMPATIENCE: Duration = Duration::from_millis(300);
/// For what is never sent anywhere.
const NAME: &str = "tollgate";

fn postgres(server: &DatabaseServer, time_limit: Duration) -> Arc<dyn SharedState> {
    Arc::new(PostgresState::new(server.url(), NAME, time_limit).unwrap())
}

fn redis(server: &DatabaseServer, time_limit: Duration) -> Arc<dyn SharedState> {
    Arc::new(RedisState::new(server.url(), NAME, time_limit).unwrap())
}

/// Asks until there is an answer.
async fn read_again(store: &dyn SharedState, key: &str) -> Option<Versioned> {
    within("an answer", async {
        loop {
            if let Ok(mut seen) = store.read(&[key.into()]).await {
                return seen.what.remove(0);
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// What it says instead of an answer, to whatever it is asked.
async fn refusal(store: &dyn SharedState) -> String {
    let errors = [
        store.read(&["k".into()]).await.unwrap_err(),
        store.replace(&[change("k", None, "x")]).await.unwrap_err(),
        store.list("", None, 10).await.unwrap_err(),
        store.sweep().await.unwrap_err(),
    ];
    let texts = errors.map(|error| match error {
        StateError::Unavailable(why) => Some(why),
        StateError::TooLarge { .. } => None,
    });
    texts.map(Option::unwrap).join("\n")
}

async fn what_is_down_says_so_at_once_and_is_used_when_it_is_back(
    mut server: DatabaseServer,
    open: fn(&DatabaseServer, Duration) -> Arc<dyn SharedState>,
) {
    let store = open(&server, PATIENCE);
    let version = replaced(&*store, change("k", None, "kept")).await;
    let kept = Some(Versioned { version, value: "kept".into() });
    server.stop();
    // Far sooner than it would wait for an answer, whether it was in use or is new.
    for store in [&store, &open(&server, PATIENCE)] {
        within("a refusal", refusal(&**store)).await;
    }
    server.start_again();
    assert_eq!(read_again(&*store, "k").await, kept);
    let next = replaced(&*store, change("k", Some(version), "after")).await;
    assert_ne!(next, version);
}

async fn what_does_not_answer_is_not_waited_for(
    server: DatabaseServer,
    open: fn(&DatabaseServer, Duration) -> Arc<dyn SharedState>,
) {
    let patient = open(&server, PATIENCE);
    let version = replaced(&*patient, change("k", None, "kept")).await;
    let kept = Some(Versioned { version, value: "kept".into() });
    let (used, unused) = (open(&server, IMPATIENCE), open(&server, IMPATIENCE));
    assert_eq!(read_again(&*used, "k").await, kept);
    server.pause();
    for store in [&used, &unused] {
        let refusal = within("a refusal", refusal(&**store)).await;
        assert!(refusal.contains("no answer within 300ms"), "{refusal}");
    }
    server.resume();
    for store in [&patient, &used, &unused] {
        // The change that was given up may have been made, or not.
        assert!(read_again(&**store, "k").await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_down_is_told_at_once_and_used_when_it_is_back() {
    let server = DatabaseServer::postgres_on_socket();
    what_is_down_says_so_at_once_and_is_used_when_it_is_back(server, postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_down_is_told_at_once_and_used_when_it_is_back() {
    let server = DatabaseServer::redis_on_socket();
    what_is_down_says_so_at_once_and_is_used_when_it_is_back(server, redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_does_not_answer_is_not_waited_for() {
    what_does_not_answer_is_not_waited_for(DatabaseServer::postgres_on_socket(), postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_does_not_answer_is_not_waited_for() {
    what_does_not_answer_is_not_waited_for(DatabaseServer::redis_on_socket(), redis).await;
}

#[tokio::test]
async fn a_process_starts_while_its_store_is_down_and_says_where_it_was_looked_for() {
    let address = closed_address().await;
    let postgres = PostgresState::new(&format!("postgres://u:hunter2@{address}/d"), NAME, PATIENCE).unwrap();
    let redis = RedisState::new(&format!("redis://u:hunter2@{address}/0"), NAME, PATIENCE).unwrap();
    for (store, software) in [(&postgres as &dyn SharedState, "PostgreSQL"), (&redis, "Redis")] {
        let refusal = refusal(store).await;
        assert!(refusal.starts_with(&format!("{software} at {address}: ")), "{refusal}");
        assert!(
            !refusal.contains("hunter2") && !format!("{store:?}").contains("hunter2"),
            "{refusal} {store:?}"
        );
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_not_told_what_he_said() {
    let server = DatabaseServer::postgres();
    let url = server.url().replacen("tollgate@", "stranger:hunter2@", 1);
    let postgres = PostgresState::new(&url, NAME, PATIENCE).unwrap();
    let server = DatabaseServer::redis();
    let url = server.url().replacen("redis://", "redis://stranger:hunter2@", 1);
    let redis = RedisState::new(&url, NAME, PATIENCE).unwrap();
    for store in [&postgres as &dyn SharedState, &redis] {
        let refusal = refusal(store).await;
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn a_place_that_cannot_be_one_is_refused_without_being_repeated() {
    let refusal = |url, namespace| shared_state_at(url, namespace, PATIENCE, None).unwrap_err();
    for url in
        ["", "hunter2", "postgres:/hunter2", "mysql://u:hunter2@host/d", "redis://u:hunter2@host/x/y:z"]
    {
        let error = refusal(url, NAME);
        assert_eq!(error, PlaceError::Url, "{url}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for namespace in ["", "1a", "a-b", "A", "a\"; DROP", &"a".repeat(64)] {
        assert_eq!(refusal("postgres://host/d", namespace), PlaceError::Namespace, "{namespace}");
    }
}
