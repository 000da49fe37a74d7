//! The implementations, each with nothing in it.

use std::sync::Arc;
use std::time::SystemTime;

use domain::ports::shared_state::SharedState;
use store::{MemoryState, SqliteStore};
use tempfile::TempDir;

use crate::{ENOUGH, sqlite_file};

/// A store as two replicas have it, and what has to live as long.
pub(super) struct Backend {
    pub(super) replicas: [Arc<dyn SharedState>; 2],
    #[expect(dead_code, reason = "dropping it deletes the file")]
    folder: Option<TempDir>,
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
    Backend { replicas: [Arc::clone(&store), store], folder: None }
}

pub(super) async fn sqlite() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let store = SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
        replicas.push(Arc::new(store.shared_state()) as Arc<dyn SharedState>);
    }
    Backend { replicas: replicas.try_into().unwrap(), folder: Some(folder) }
}
