//! What is particular to Redis: it forgets scripts, may forget everything, and is used by others, too.

use domain::ports::shared_state::SharedState;
use redis::{Connection, cmd};
use store::RedisState;
use testkit::{DatabaseServer, unique_name};

use crate::shared_state::{PATIENCE, change, for_a_time, keys, read, replaced};

fn stranger(server: &DatabaseServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_them_again() {
    let server = DatabaseServer::redis_on_socket();
    let store = RedisState::new(server.url(), "p", PATIENCE).unwrap();
    let version = replaced(&store, change("k", None, "x")).await;
    cmd("SCRIPT").arg("FLUSH").exec(&mut stranger(&server)).unwrap();
    replaced(&store, change("k", Some(version), "y")).await;
}

#[tokio::test]
async fn no_version_comes_again_after_everything_was_forgotten() {
    let server = DatabaseServer::redis_on_socket();
    let store = RedisState::new(server.url(), "p", PATIENCE).unwrap();
    let mut last = 0;
    for _ in 0..10 {
        let version = replaced(&store, change("k", None, "x")).await;
        assert!(version > last, "{version} after {last}");
        last = version;
        cmd("FLUSHALL").exec(&mut stranger(&server)).unwrap();
    }
}

#[tokio::test]
async fn all_keys_are_below_the_prefix_and_gone_when_their_values_are() {
    let (server, prefix) = (DatabaseServer::redis(), unique_name());
    let store = RedisState::new(server.url(), &prefix, PATIENCE).unwrap();
    let other = RedisState::new(server.url(), &unique_name(), PATIENCE).unwrap();
    replaced(&store, for_a_time(change("k", None, "x"), std::time::Duration::from_millis(1))).await;
    assert_eq!(read(&other, "k").await, None);
    assert!(keys(&other, "").await.is_empty());
    while read(&store, "k").await.is_some() {}
    while store.sweep().await.unwrap() > 0 {}
    let mut stranger = stranger(&server);
    let left: Vec<String> = cmd("KEYS").arg(format!("*{prefix}*")).query(&mut stranger).unwrap();
    assert_eq!(left, [format!("{{{prefix}}}:version")]);
}
