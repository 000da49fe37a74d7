//! A pooler between: where it pools transactions, nothing is done and it is said why.

use domain::ports::registry::Registry;
use domain::ports::shared_state::SharedState;
use store::{PostgresDatabase, PostgresState};
use testkit::{DatabaseServer, Pooled};

use crate::shared_state::{PATIENCE, change, keys, replaced};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_of_transactions_is_found_out_before_anything_is_written() {
    let server = DatabaseServer::postgres_behind_pooler(Pooled::Transactions);
    let state = PostgresState::new(server.url(), "one", PATIENCE).unwrap();
    let registry = PostgresDatabase::new(server.url(), "other", PATIENCE).unwrap().registry();
    for refusal in
        [state.sweep().await.unwrap_err().to_string(), registry.revision().await.unwrap_err().to_string()]
    {
        assert!(refusal.contains("has to pool sessions (PgBouncer: `pool_mode = session`)"), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_given_a_session_of_somebody_else_finds_nothing_of_his_in_it() {
    let server = DatabaseServer::postgres_behind_pooler(Pooled::Sessions);
    for namespace in ["one", "other", "one"] {
        // The last one's connections have gone, and their sessions are given to this one.
        let state = PostgresState::new(server.url(), namespace, PATIENCE).unwrap();
        let here = keys(&state, "").await;
        assert!(here.iter().all(|key| key == namespace), "{here:?}");
        if here.is_empty() {
            replaced(&state, change(namespace, None, "x")).await;
        }
    }
}
