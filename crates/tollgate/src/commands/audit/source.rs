//! Where commands find the audit log: in the database of a configuration, also while a gateway writes to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use control::settings::StatePlace;
use domain::audit::{AuditFilter, SealedRecord};
use domain::ports::audit_log::AuditLog;
use store::{PostgresDatabase, SqliteFile, SqliteStore};

use crate::commands::BadInput;
use crate::commands::surroundings::loaded_or_default;
use crate::serve::postgres_at;

/// How long a gateway may hold the database.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Commands write nothing that could make it grow.
const BYTES_MAX: u64 = 1 << 40;
/// Records that are read at once.
const PAGE_RECORDS_MAX: usize = 1_000;

/// Where the log is.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The database's file; the database of the configuration when absent.
    #[arg(long)]
    state: Option<PathBuf>,
    /// The configuration file; `tollgate.yaml` when absent.
    #[arg(long, conflicts_with = "state")]
    config: Option<PathBuf>,
}

impl Source {
    /// Does something with the log.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened, and what `act` says.
    pub(super) fn with_log<T>(
        &self,
        act: impl AsyncFnOnce(&dyn AuditLog) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let place = self.place()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match place {
                Place::File(path) => {
                    let file = SqliteFile { path, bytes_max: BYTES_MAX, lock_wait: LOCK_WAIT };
                    let store = SqliteStore::open(file).await.map_err(|error| BadInput(error.to_string()))?;
                    let done = act(&store.audit_log(u64::MAX)).await;
                    store.close().await;
                    done
                }
                Place::Server(database) => act(&database.audit_log(u64::MAX)).await,
            }
        })
    }

    fn place(&self) -> anyhow::Result<Place> {
        if let Some(path) = &self.state {
            return existing(path.clone());
        }
        let loaded = loaded_or_default(self.config.as_deref().map(Path::new));
        match loaded.map_err(|error| BadInput::of(&error))?.state.place {
            StatePlace::Sqlite(path) => existing(path),
            StatePlace::Postgres { server, .. } => Ok(Place::Server(postgres_at(&server)?)),
            StatePlace::Memory => {
                let message = "the audit log is kept in memory and ends with the process; `state: { kind: sqlite }` keeps it";
                Err(BadInput(message.to_owned()).into())
            }
        }
    }
}

/// What the log is in.
enum Place {
    File(PathBuf),
    Server(PostgresDatabase),
}

/// A database's file, unless it is not there: to open it would make it.
fn existing(path: PathBuf) -> anyhow::Result<Place> {
    if !path.exists() {
        let message = format!("there is no database `{}`", path.display());
        return Err(BadInput(message).into());
    }
    Ok(Place::File(path))
}

/// Looks at all records that a filter wants, in their order.
///
/// # Errors
/// When the log does not work, and what `look` says.
pub(super) async fn each(
    log: &dyn AuditLog,
    (after, filter): (u64, &AuditFilter),
    mut look: impl FnMut(SealedRecord) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut next = Some(after);
    while let Some(after) = next {
        let page = log.page(after, filter, PAGE_RECORDS_MAX).await?;
        page.records.into_iter().try_for_each(&mut look)?;
        next = page.next;
    }
    Ok(())
}
