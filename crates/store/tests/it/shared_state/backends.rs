//! The implementations, each with nothing in it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ports::shared_state::SharedState;
use store::{MemoryState, PostgresState, RedisState, SqliteStore};
use tempfile::TempDir;
use testkit::{DatabaseServer, unique_name};

use crate::{ENOUGH, sqlite_file};

/// More than any answer takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A store as two replicas have it, and what has to live as long.
pub(super) struct Backend {
    pub(super) replicas: [Arc<dyn SharedState>; 2],
    #[expect(dead_code, reason = "dropping it ends the store")]
    home: Home,
}

/// Where a store is.
#[expect(dead_code, reason = "held until the end")]
enum Home {
    Process,
    Folder(TempDir),
    Server(DatabaseServer),
}

impl Backend {
    /// The store as one of them has it.
    pub(super) fn store(&self) -> &dyn SharedState {
        &*self.replicas[0]
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "values expire while a test waits for it, as they do elsewhere"
)]
pub(super) async fn memory() -> Backend {
    let store: Arc<dyn SharedState> = Arc::new(MemoryState::new(ENOUGH, Box::new(SystemTime::now)));
    Backend { replicas: [Arc::clone(&store), store], home: Home::Process }
}

pub(super) async fn sqlite() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let store = SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
        replicas.push(Arc::new(store.shared_state()) as Arc<dyn SharedState>);
    }
    Backend { replicas: replicas.try_into().unwrap(), home: Home::Folder(folder) }
}

pub(super) async fn postgres() -> Backend {
    let (server, schema) = (DatabaseServer::postgres(), unique_name());
    let store = || Arc::new(PostgresState::new(server.url(), &schema, PATIENCE).unwrap());
    Backend { replicas: [store(), store()], home: Home::Server(server) }
}

pub(super) async fn redis() -> Backend {
    let (server, prefix) = (DatabaseServer::redis(), unique_name());
    let store = || Arc::new(RedisState::new(server.url(), &prefix, PATIENCE).unwrap());
    Backend { replicas: [store(), store()], home: Home::Server(server) }
}
