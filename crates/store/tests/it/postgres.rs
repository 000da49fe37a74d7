//! What is particular to PostgreSQL: its tables are made by whoever comes first, in a schema that may be given.

use domain::ports::shared_state::{SharedState, StateError};
use sqlx::{Connection, PgConnection, raw_sql};
use store::{PostgresDatabase, PostgresState};
use testkit::{DatabaseServer, unique_name};

use crate::audit_log::{fill, verified};
use crate::shared_state::{PATIENCE, change, read, replaced};

async fn stranger(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_start_at_once_one_makes_the_tables() {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let start = |number: usize| {
        let store = PostgresState::new(server.url(), &schema, PATIENCE).unwrap();
        tokio::spawn(async move { replaced(&store, change(&number.to_string(), None, "x")).await })
    };
    for started in (0..8).map(start).collect::<Vec<_>>() {
        started.await.unwrap();
    }
}

#[tokio::test]
async fn who_may_make_nothing_can_be_given_a_schema() {
    let (server, name) = (DatabaseServer::postgres(), unique_name());
    let given = format!("CREATE ROLE {name} LOGIN; CREATE SCHEMA {name} AUTHORIZATION {name}");
    raw_sql(sqlx::AssertSqlSafe(given)).execute(&mut stranger(server.url()).await).await.unwrap();
    let url = server.url().replacen("tollgate@", &format!("{name}@"), 1);
    let store = PostgresState::new(&url, &name, PATIENCE).unwrap();
    replaced(&store, change("k", None, "x")).await;
    let error = PostgresState::new(&url, "another", PATIENCE).unwrap().sweep().await.unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
}

#[tokio::test]
async fn a_database_that_a_newer_version_wrote_is_left_alone() {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let store = || PostgresState::new(server.url(), &schema, PATIENCE).unwrap();
    replaced(&store(), change("k", None, "x")).await;
    let newer = format!("INSERT INTO {schema}.versions (version) VALUES (99)");
    raw_sql(sqlx::AssertSqlSafe(newer)).execute(&mut stranger(server.url()).await).await.unwrap();
    let Err(StateError::Unavailable(why)) = store().read(&["k".into()]).await else {
        panic!("the database of a newer version was used")
    };
    assert!(
        why.ends_with("it was written by a newer Tollgate (its schema is 99, this version knows 3)"),
        "{why}"
    );
}

#[tokio::test]
async fn a_database_that_was_made_anew_gets_its_tables_again() {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let store = PostgresState::new(server.url(), &schema, PATIENCE).unwrap();
    replaced(&store, change("k", None, "x")).await;
    let drop = raw_sql(sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE")));
    drop.execute(&mut stranger(server.url()).await).await.unwrap();
    assert!(store.read(&["k".into()]).await.is_err());
    assert_eq!(read(&store, "k").await, None);
    replaced(&store, change("k", None, "y")).await;
}

#[tokio::test]
async fn a_server_that_ends_its_connections_is_asked_over_new_ones() {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let store = PostgresState::new(server.url(), &schema, PATIENCE).unwrap();
    let version = replaced(&store, change("k", None, "x")).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollgate'";
    raw_sql(end).execute(&mut stranger(server.url()).await).await.unwrap();
    // Once at most is that noticed by an answer that does not come.
    let _ = store.sweep().await;
    assert_eq!(read(&store, "k").await.map(|now| now.version), Some(version));
}

#[tokio::test]
async fn nobody_who_writes_sql_changes_a_record_by_mistake() {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let log = PostgresDatabase::new(server.url(), &schema, PATIENCE).unwrap().audit_log(10);
    let head = fill(&log, 1..=3).await;
    let mut stranger = stranger(server.url()).await;
    for attack in ["UPDATE {}.audit_records SET entry = ''", "TRUNCATE {}.audit_records"] {
        let attack = sqlx::AssertSqlSafe(attack.replace("{}", &schema));
        let error = raw_sql(attack).execute(&mut stranger).await.unwrap_err();
        assert!(error.to_string().contains("a record of the audit log is never changed"), "{error}");
    }
    assert_eq!(verified(&log).await.head, head);
}
