//! The registry's laws, for each implementation.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::ports::registry::{Change, Register, Registered, Registry, RegistryError};
use futures_util::FutureExt;
use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::{MemoryRegistry, PostgresDatabase, PostgresRegistry, SqliteFile, SqliteStore};
use tempfile::{TempDir, tempdir};
use testkit::{DatabaseServer, Pooled, unique_name, within};

use crate::shared_state::PATIENCE;
use crate::sqlite_file;

/// Where registries are.
struct Home {
    folder: TempDir,
    /// With nothing between, and behind a pooler.
    servers: [DatabaseServer; 2],
}

impl Home {
    fn new() -> Self {
        let pooled = DatabaseServer::postgres_behind_pooler(Pooled::Sessions);
        Self { folder: tempdir().unwrap(), servers: [DatabaseServer::postgres(), pooled] }
    }

    /// Every implementation, empty.
    async fn all(&self) -> Vec<Arc<dyn Registry>> {
        let name = unique_name();
        let file = SqliteFile { path: self.folder.path().join(&name), ..sqlite_file(self.folder.path()) };
        let sqlite = SqliteStore::open(file).await.unwrap();
        let mut all: Vec<Arc<dyn Registry>> =
            vec![Arc::new(MemoryRegistry::default()), Arc::new(sqlite.registry())];
        all.extend(self.servers.iter().map(|server| Arc::new(postgres(server, &name)) as _));
        all
    }
}

fn postgres(server: &DatabaseServer, schema: &str) -> PostgresRegistry {
    PostgresDatabase::new(server.url(), schema, PATIENCE).unwrap().registry()
}

fn put(kind: &str, name: &str, value: &str) -> Change {
    Change { kind: kind.into(), name: name.into(), value: Some(Bytes::from(value.to_owned())) }
}

fn removal(kind: &str, name: &str) -> Change {
    Change { kind: kind.into(), name: name.into(), value: None }
}

fn registered(kind: &str, name: &str, revision: u64, value: &str) -> Registered {
    let value = Bytes::from(value.to_owned());
    Registered { kind: kind.into(), name: name.into(), revision, value }
}

#[tokio::test]
async fn a_new_registry_is_empty_and_nothing_was_changed() {
    let home = Home::new();
    for registry in home.all().await {
        assert_eq!(registry.revision().await.unwrap(), 0);
        assert_eq!(registry.read().await.unwrap(), Register::default());
    }
}

#[tokio::test]
async fn an_object_has_the_revision_that_changed_it_last() {
    let home = Home::new();
    for registry in home.all().await {
        assert!(registry.change(0, &[put("users", "b", "1"), put("keys", "a", "1")]).await.unwrap());
        assert!(registry.change(1, &[put("users", "b", "2")]).await.unwrap());
        let objects = vec![registered("keys", "a", 1, "1"), registered("users", "b", 2, "2")];
        assert_eq!(registry.read().await.unwrap(), Register { revision: 2, objects });
        assert!(registry.change(2, &[removal("keys", "a"), removal("keys", "none")]).await.unwrap());
        let objects = vec![registered("users", "b", 2, "2")];
        assert_eq!(registry.read().await.unwrap(), Register { revision: 3, objects });
    }
}

#[tokio::test]
async fn who_has_not_seen_the_last_change_changes_nothing() {
    let home = Home::new();
    for registry in home.all().await {
        registry.change(0, &[put("keys", "a", "1")]).await.unwrap();
        for seen in [0, 2, u64::MAX] {
            let changes = [put("keys", "a", "2"), put("keys", "b", "2"), removal("keys", "a")];
            assert!(!registry.change(seen, &changes).await.unwrap(), "{seen}");
        }
        let objects = vec![registered("keys", "a", 1, "1")];
        assert_eq!(registry.read().await.unwrap(), Register { revision: 1, objects });
    }
}

#[tokio::test]
async fn of_many_who_saw_the_same_exactly_one_is_first() {
    let home = Home::new();
    for registry in home.all().await {
        let writers = (0..16).map(|number| {
            let registry = Arc::clone(&registry);
            async move { registry.change(0, &[put("keys", &format!("k{number}"), "1")]).await.unwrap() }
        });
        let made = join_all(writers).await.into_iter().filter(|made| *made).count();
        assert_eq!((made, registry.revision().await.unwrap()), (1, 1));
        assert_eq!(registry.read().await.unwrap().objects.len(), 1);
    }
}

#[tokio::test]
async fn names_are_taken_as_they_are() {
    let home = Home::new();
    let names = ["'; DROP TABLE objects; --", "%", "_", "ä", "a/b", "A", "a"];
    for registry in home.all().await {
        let changes: Vec<_> = names.iter().map(|name| put("users", name, name)).collect();
        registry.change(0, &changes).await.unwrap();
        let mut expected: Vec<_> = names.iter().map(|name| registered("users", name, 1, name)).collect();
        expected.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(registry.read().await.unwrap().objects, expected);
    }
}

#[tokio::test]
async fn a_second_process_on_the_file_sees_each_change_and_a_restart_loses_none() {
    let folder = tempdir().unwrap();
    let open = async || SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
    let (first, second) = (open().await, open().await);
    let (one, other) = (first.registry(), second.registry());
    assert!(one.change(0, &[put("keys", "a", "1")]).await.unwrap());
    assert_eq!(other.revision().await.unwrap(), 1);
    assert!(other.change(1, &[put("keys", "b", "1")]).await.unwrap());
    assert!(!one.change(1, &[put("keys", "a", "2")]).await.unwrap());
    first.close().await;
    second.close().await;
    let RegistryError(why) = one.read().await.unwrap_err();
    assert!(why.contains("tollgate.db"), "{why}");
    let objects = vec![registered("keys", "a", 1, "1"), registered("keys", "b", 2, "1")];
    assert_eq!(open().await.registry().read().await.unwrap(), Register { revision: 2, objects });
}

fn change() -> impl Strategy<Value = Change> {
    let name = |names: &'static [&'static str]| prop::sample::select(names).prop_map(Box::from);
    (name(&["keys", "users"]), name(&["a", "b", "c"]), option::of("[a-z]{0,4}"))
        .prop_map(|(kind, name, value)| Change { kind, name, value: value.map(Bytes::from) })
}

#[tokio::test]
async fn a_second_replica_on_the_database_sees_each_change() {
    for server in &Home::new().servers {
        a_second_replica_sees_each_change(server).await;
    }
}

async fn a_second_replica_sees_each_change(server: &DatabaseServer) {
    let (one, other, apart) =
        (postgres(server, "shared"), postgres(server, "shared"), postgres(server, "apart"));
    assert!(one.change(0, &[put("keys", "a", "1")]).await.unwrap());
    assert_eq!(other.revision().await.unwrap(), 1);
    assert!(other.change(1, &[put("keys", "b", "1")]).await.unwrap());
    assert!(!one.change(1, &[put("keys", "a", "2")]).await.unwrap());
    let objects = vec![registered("keys", "a", 1, "1"), registered("keys", "b", 2, "1")];
    assert_eq!(one.read().await.unwrap(), Register { revision: 2, objects });
    assert_eq!(apart.read().await.unwrap(), Register::default(), "another namespace is another fleet's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_told_to_all_replicas_and_to_no_other_fleet() {
    for server in &Home::new().servers {
        a_change_is_told_to_its_own_fleet(server).await;
    }
}

async fn a_change_is_told_to_its_own_fleet(server: &DatabaseServer) {
    let (one, other, apart) =
        (postgres(server, "shared"), postgres(server, "shared"), postgres(server, "apart"));
    let mut changes = [one.changes(), other.changes()];
    let mut elsewhere = apart.changes();
    for heard in [&mut elsewhere].into_iter().chain(&mut changes) {
        // That it listens from now on: what was before is not told.
        within("the connection", heard.next()).await;
    }
    for (seen, replica) in [(0, &one), (1, &other)] {
        replica.change(seen, &[put("keys", "a", "1")]).await.unwrap();
        for heard in &mut changes {
            within("the change", heard.next()).await;
        }
    }
    assert!(elsewhere.next().now_or_never().is_none());
    apart.change(0, &[put("keys", "a", "1")]).await.unwrap();
    within("its own change", elsewhere.next()).await;
    assert!(!one.change(7, &[put("keys", "a", "2")]).await.unwrap());
    assert!(changes[0].next().now_or_never().is_none(), "what was not changed is not told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listened_over_a_connection_that_is_lost_is_told_to_look_and_listens_again() {
    let mut server = DatabaseServer::postgres_on_socket();
    let registry = PostgresDatabase::new(server.url(), "tollgate", PATIENCE).unwrap().registry();
    let mut changes = registry.changes();
    within("the connection", changes.next()).await;
    server.stop();
    server.start_again();
    within("the next connection", changes.next()).await;
    registry.read().await.unwrap();
    registry.change(0, &[put("keys", "a", "1")]).await.unwrap();
    within("the change", changes.next()).await;
}

/// Does the same to every implementation and to a map.
async fn compare(home: &Home, steps: Vec<(Vec<Change>, bool)>) -> Result<(), TestCaseError> {
    let registries = home.all().await;
    let mut model = BTreeMap::new();
    let mut revision = 0;
    for (changes, has_seen) in steps {
        let seen = if has_seen { revision } else { revision + 7 };
        if has_seen {
            revision += 1;
            for Change { kind, name, value } in &changes {
                model.remove(&(kind.clone(), name.clone()));
                let value = value.clone().map(|value| (revision, value));
                model.extend(value.map(|value| ((kind.clone(), name.clone()), value)));
            }
        }
        for registry in &registries {
            prop_assert_eq!(registry.change(seen, &changes).await.unwrap(), has_seen);
        }
    }
    let objects =
        model.into_iter().map(|((kind, name), (revision, value))| Registered { kind, name, revision, value });
    let expected = Register { revision, objects: objects.collect() };
    for registry in &registries {
        prop_assert_eq!(registry.read().await.unwrap(), expected.clone());
    }
    Ok(())
}

#[test]
fn whatever_is_changed_every_implementation_keeps_the_same() {
    let home = Home::new();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let steps = vec((vec(change(), 0..4), any::<bool>()), 1..12);
    TestRunner::new(config).run(&steps, |steps| runtime.block_on(compare(&home, steps))).unwrap();
}
