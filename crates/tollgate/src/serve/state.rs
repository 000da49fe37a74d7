//! What outlives requests: opened before the first of them, swept while they are served, closed after the last.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use control::objects::Objects;
use control::sealing::Sealing;
use control::settings::{StatePlace, StateServer, StateSettings};
use control::{Loaded, Loader};
use domain::ports::audit_log::AuditLog;
use domain::ports::registry::Registry;
use domain::ports::response_store::{ResponseStore, StoreError};
use domain::ports::shared_state::{SharedState, StateError};
use jiff::Timestamp;
use store::{
    MemoryAudit, MemoryRegistry, MemoryState, MemoryStore, PostgresDatabase, SqliteFile, SqliteStore,
    shared_state_at,
};
use telemetry::Telemetry;
use telemetry::events::StoreFailed;
use tokio::time::MissedTickBehavior;

/// How often what has expired is looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How long a process that is being replaced may hold the database. An answer waits as long when it is to be kept.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Of responses and conversations that stay in the process although there is a database on a server.
const RESPONSE_BYTES_MAX: usize = 256 << 20;
/// Most bytes of sessions and of what is counted of sign-ins, where the process keeps them itself.
const SESSIONS_BYTES_MAX: usize = 32 << 20;
/// How long the end of the process waits for whoever still reads.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// The store of a process.
#[derive(Debug, Clone)]
pub(super) struct State {
    store: Arc<dyn ResponseStore>,
    /// What other processes share.
    shared: Option<Arc<dyn SharedState>>,
    /// The same, else what this process keeps for itself: sessions of people.
    sessions: Arc<dyn SharedState>,
    registry: Arc<dyn Registry>,
    /// The same, when it has to be closed.
    database: Option<Arc<SqliteStore>>,
    audit: Arc<dyn AuditLog>,
}

impl State {
    /// Opens what the configuration asks for.
    ///
    /// # Errors
    /// When a database cannot be used, with the reason.
    pub(super) async fn open(
        settings: &StateSettings,
        wall_clock: fn() -> Timestamp,
    ) -> anyhow::Result<Self> {
        let bytes_max = settings.bytes_max;
        let shared = settings.shared.as_ref().map(shared_at).transpose()?;
        match &settings.place {
            StatePlace::Memory => {
                let store = MemoryStore::new(bytes_max.try_into().unwrap_or(usize::MAX));
                let registry = Arc::new(MemoryRegistry::default());
                let audit = Arc::new(MemoryAudit::new(settings.audit_records_max));
                let sessions = sessions_by(shared.as_ref(), wall_clock);
                Ok(Self { store: Arc::new(store), registry, shared, sessions, database: None, audit })
            }
            StatePlace::Sqlite(path) => {
                let file = SqliteFile { path: path.clone(), bytes_max, lock_wait: LOCK_WAIT };
                let database = Arc::new(SqliteStore::open(file).await?);
                let registry = Arc::new(database.registry());
                let audit = Arc::new(database.audit_log(settings.audit_records_max));
                let shared = shared.unwrap_or_else(|| Arc::new(database.shared_state()));
                let store = Arc::clone(&database) as _;
                let sessions = Arc::clone(&shared);
                Ok(Self { store, registry, shared: Some(shared), sessions, database: Some(database), audit })
            }
            StatePlace::Postgres(server) => {
                let database = postgres_at(server)?;
                let store = Arc::new(MemoryStore::new(RESPONSE_BYTES_MAX));
                let registry = Arc::new(database.registry());
                let audit = Arc::new(database.audit_log(settings.audit_records_max));
                let sessions = sessions_by(shared.as_ref(), wall_clock);
                Ok(Self { store, registry, shared, sessions, database: None, audit })
            }
        }
    }

    /// The store for requests.
    pub(super) fn store(&self) -> Arc<dyn ResponseStore> {
        Arc::clone(&self.store)
    }

    /// What was done, and what was refused.
    pub(super) fn audit_log(&self) -> Arc<dyn AuditLog> {
        Arc::clone(&self.audit)
    }

    /// What processes share by a server or the database; none where there is neither.
    pub(super) fn shared(&self) -> Option<Arc<dyn SharedState>> {
        self.shared.clone()
    }

    /// Where sessions of people are kept: with what processes share, else in this one.
    pub(super) fn sessions(&self) -> Arc<dyn SharedState> {
        Arc::clone(&self.sessions)
    }

    /// The objects of the control API.
    pub(super) fn registry(&self) -> Arc<dyn Registry> {
        Arc::clone(&self.registry)
    }

    /// A configuration together with the objects that are kept.
    ///
    /// # Errors
    /// When they cannot be read, their secrets cannot be opened, or they do not go together.
    pub(super) async fn with_objects(
        &self,
        loader: &Loader,
        loaded: Loaded,
        sealing: &Sealing,
    ) -> anyhow::Result<Loaded> {
        let register = self.registry.read().await?;
        let objects = Objects::open(&register, &Objects::default(), &loaded.key_ring(sealing)).await?;
        if objects.revision() == 0 {
            return Ok(loaded);
        }
        loader.load_with(Arc::new(objects), loaded.snapshot.generation).map_err(|errors| anyhow!("{errors}"))
    }

    /// Forgets what has expired, for ever and in small steps.
    pub(super) async fn sweep(self, wall_clock: fn() -> Timestamp, telemetry: Telemetry) {
        let mut interval = tokio::time::interval(SWEEP_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(error) = sweep_once(self.store.as_ref(), wall_clock).await {
                StoreFailed { detail: &error.to_string() }.emit(&telemetry);
            }
            if let Err(error) = sweep_shared(self.sessions.as_ref()).await {
                StoreFailed { detail: &error.to_string() }.emit(&telemetry);
            }
        }
    }

    /// Closes a database. What comes too late for it was not waited for by anybody either.
    pub(super) async fn close(&self) {
        let Some(database) = &self.database else { return };
        if tokio::time::timeout(CLOSE_WAIT, database.close()).await.is_err() {
            tracing::warn!("the database was still in use; its log is worked in at the next start");
        }
    }
}

/// Where sessions of people are kept: with what processes share, else in this process.
fn sessions_by(shared: Option<&Arc<dyn SharedState>>, wall_clock: fn() -> Timestamp) -> Arc<dyn SharedState> {
    let own = || Arc::new(MemoryState::new(SESSIONS_BYTES_MAX, Box::new(move || wall_clock().into())));
    shared.cloned().unwrap_or_else(|| own())
}

/// The server that replicas share. It is not asked for anything yet: a process starts while it is down.
fn shared_at(server: &StateServer) -> anyhow::Result<Arc<dyn SharedState>> {
    shared_state_at(server.url.expose(), &server.namespace, server.timeout).context("`state.shared`")
}

/// The database on a server, which is not asked for anything yet either.
pub(crate) fn postgres_at(server: &StateServer) -> anyhow::Result<PostgresDatabase> {
    PostgresDatabase::new(server.url.expose(), &server.namespace, server.timeout).context("`state`")
}

async fn sweep_shared(shared: &dyn SharedState) -> Result<(), StateError> {
    while shared.sweep().await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn sweep_once(store: &dyn ResponseStore, wall_clock: fn() -> Timestamp) -> Result<(), StoreError> {
    while store.sweep(wall_clock().into()).await? > 0 {
        // Requests come in between.
        tokio::task::yield_now().await;
    }
    Ok(())
}
