//! The implementations, each with nothing in it.

use std::sync::Arc;
use std::time::SystemTime;

use domain::ports::shared_state::SharedState;
use store::{MemoryState, PostgresState, RedisState, SqliteFile, SqliteStore};
use tempfile::TempDir;
use testkit::{DatabaseServer, Pooled, unique_name};

use super::PATIENCE;
use crate::{ENOUGH, sqlite_file};

/// A store as two replicas have it.
pub(super) struct Backend {
    pub(super) replicas: [Arc<dyn SharedState>; 2],
}

impl Backend {
    /// The store as one of them has it.
    pub(super) fn store(&self) -> &dyn SharedState {
        &*self.replicas[0]
    }
}

/// Where stores are.
pub(super) enum Home {
    Memory,
    Sqlite(TempDir),
    Postgres(DatabaseServer),
    Redis(DatabaseServer),
}

pub(super) fn memory() -> Home {
    Home::Memory
}

pub(super) fn sqlite() -> Home {
    Home::Sqlite(tempfile::tempdir().unwrap())
}

pub(super) fn postgres() -> Home {
    Home::Postgres(DatabaseServer::postgres())
}

/// The same through a pooler.
pub(super) fn pgbouncer() -> Home {
    Home::Postgres(DatabaseServer::postgres_behind_pooler(Pooled::Sessions))
}

pub(super) fn redis() -> Home {
    Home::Redis(DatabaseServer::redis())
}

pub(super) fn valkey() -> Home {
    Home::Redis(DatabaseServer::valkey())
}

impl Home {
    /// A store with nothing in it.
    #[expect(
        clippy::disallowed_methods,
        reason = "values expire while a test waits for it, as they do elsewhere"
    )]
    pub(super) async fn empty(&self) -> Backend {
        let name = unique_name();
        let replicas: [Arc<dyn SharedState>; 2] = match self {
            Self::Memory => {
                let store = Arc::new(MemoryState::new(ENOUGH, Box::new(SystemTime::now)));
                [Arc::clone(&store) as _, store]
            }
            Self::Sqlite(folder) => {
                let file = SqliteFile { path: folder.path().join(&name), ..sqlite_file(folder.path()) };
                let open = async || SqliteStore::open(file.clone()).await.unwrap().shared_state();
                [Arc::new(open().await), Arc::new(open().await)]
            }
            Self::Postgres(server) => {
                [(), ()].map(|()| Arc::new(PostgresState::new(server.url(), &name, PATIENCE).unwrap()) as _)
            }
            Self::Redis(server) => {
                [(), ()].map(|()| Arc::new(RedisState::new(server.url(), &name, PATIENCE).unwrap()) as _)
            }
        };
        Backend { replicas }
    }
}
