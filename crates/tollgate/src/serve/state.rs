//! What outlives requests: opened before the first of them, swept while they are served, closed after the last.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use control::objects::Objects;
use control::sealing::Sealing;
use control::settings::{SharedTls, StatePlace, StateServer, StateSettings};
use control::{Loaded, Loader};
use domain::ports::audit_log::AuditLog;
use domain::ports::registry::{Register, Registry, RegistryError};
use domain::ports::response_store::{ResponseStore, StoreError};
use domain::ports::shared_state::{SharedState, StateError, password};
use jiff::Timestamp;
use store::{
    ClientCertificate, MemoryAudit, MemoryRegistry, MemoryState, MemoryStore, PostgresDatabase, RedisTls,
    RememberedRegistry, SnapshotFile, SnapshotProblem, SqliteFile, SqliteStore, shared_state_at,
};
use telemetry::Telemetry;
use telemetry::events::{RegistryRemembered, RegistrySnapshotTurned, StoreFailed};
use tokio::time::MissedTickBehavior;

/// How often what has expired is looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How long a process that is being replaced may hold the database. An answer waits as long when it is to be kept.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of sessions and of what is counted of sign-ins, where the process keeps them itself.
const SESSIONS_BYTES_MAX: usize = 32 << 20;
/// Most bytes of what is told of budgets, where the process keeps that itself: some ten thousand messages.
const NOTICES_BYTES_MAX: usize = 16 << 20;
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
    /// What this process tells of budgets, where it cannot be agreed on with others.
    notices: Arc<dyn SharedState>,
    registry: Arc<dyn Registry>,
    /// The same, when it remembers what it said.
    remembered: Option<Arc<RememberedRegistry>>,
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
        telemetry: &Telemetry,
        wall_clock: fn() -> Timestamp,
    ) -> anyhow::Result<Self> {
        let bytes_max = settings.bytes_max;
        let shared = settings.shared.as_ref().map(shared_at).transpose()?;
        let notices = own(NOTICES_BYTES_MAX, wall_clock);
        match &settings.place {
            StatePlace::Memory => {
                let store = MemoryStore::new(bytes_max.try_into().unwrap_or(usize::MAX));
                let registry = Arc::new(MemoryRegistry::default());
                let audit = Arc::new(MemoryAudit::new(settings.audit_records_max));
                let (sessions, store) = (sessions_by(shared.as_ref(), wall_clock), Arc::new(store));
                Ok(Self {
                    store,
                    registry,
                    remembered: None,
                    shared,
                    sessions,
                    notices,
                    database: None,
                    audit,
                })
            }
            StatePlace::Sqlite(path) => {
                let file = SqliteFile { path: path.clone(), bytes_max, lock_wait: LOCK_WAIT };
                let database = Arc::new(SqliteStore::open(file).await?);
                let registry = Arc::new(database.registry());
                let audit = Arc::new(database.audit_log(settings.audit_records_max));
                let shared = shared.unwrap_or_else(|| Arc::new(database.shared_state()));
                let store = Arc::clone(&database) as _;
                let (sessions, shared) = (Arc::clone(&shared), Some(shared));
                let database = Some(database);
                Ok(Self { store, registry, remembered: None, shared, sessions, notices, database, audit })
            }
            StatePlace::Postgres { server, snapshot_path } => {
                let database = postgres_at(server)?;
                let store = Arc::new(database.responses(bytes_max));
                let remembered = remembered(&database, server, snapshot_path, telemetry)?;
                let registry = match &remembered {
                    Some(remembered) => Arc::clone(remembered) as _,
                    None => Arc::new(database.registry()) as _,
                };
                let audit = Arc::new(database.audit_log(settings.audit_records_max));
                let sessions = sessions_by(shared.as_ref(), wall_clock);
                Ok(Self { store, registry, remembered, shared, sessions, notices, database: None, audit })
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

    /// Where this process remembers what it told of budgets, and what is not delivered yet, where there is nobody to agree on it with.
    pub(super) fn notices(&self) -> Arc<dyn SharedState> {
        Arc::clone(&self.notices)
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
        let register = match (self.registry.read().await, &self.remembered) {
            (Ok(register), _) => register,
            (Err(error), Some(remembered)) => last_of(remembered, &error).await?,
            (Err(error), None) => return Err(error.into()),
        };
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
            for state in [&self.sessions, &self.notices] {
                if let Err(error) = sweep_shared(state.as_ref()).await {
                    StoreFailed { detail: &error.to_string() }.emit(&telemetry);
                }
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
    shared.cloned().unwrap_or_else(|| own(SESSIONS_BYTES_MAX, wall_clock))
}

/// What only this process has, until it ends.
fn own(bytes_max: usize, wall_clock: fn() -> Timestamp) -> Arc<dyn SharedState> {
    Arc::new(MemoryState::new(bytes_max, Box::new(move || wall_clock().into())))
}

/// The server that replicas share. It is not asked for anything yet: a process starts while it is down.
fn shared_at(server: &StateServer) -> anyhow::Result<Arc<dyn SharedState>> {
    let tls = server.tls.clone().map(redis_tls);
    shared_state_at(server.url.expose(), &server.namespace, server.timeout, tls).context("`state.shared`")
}

fn redis_tls(tls: SharedTls) -> RedisTls {
    let client = tls.client.map(|client| ClientCertificate {
        chain: client.chain.into(),
        private_key: client.private_key.expose().into(),
    });
    RedisTls { authorities: tls.authorities.map(String::into_bytes), client }
}

/// The database on a server, which is not asked for anything yet either.
pub(crate) fn postgres_at(server: &StateServer) -> anyhow::Result<PostgresDatabase> {
    PostgresDatabase::new(server.url.expose(), &server.namespace, server.timeout).context("`state`")
}

/// What the registry said last, when it does not answer.
async fn last_of(remembered: &RememberedRegistry, why: &RegistryError) -> anyhow::Result<Register> {
    match remembered.remembered().await {
        Ok(Some(register)) => {
            RegistryRemembered { revision: register.revision }.emit();
            Ok(register)
        }
        Ok(None) => Err(anyhow!(
            "{why}; `{}` remembers nothing of it, since it was never there",
            remembered.path().display()
        )),
        Err(problem) => {
            Err(anyhow!("{why}; `{}` is of no use either: {problem}", remembered.path().display()))
        }
    }
}

/// A registry that remembers what it says, where there is a password to make a key of.
fn remembered(
    database: &PostgresDatabase,
    server: &StateServer,
    path: &Path,
    telemetry: &Telemetry,
) -> anyhow::Result<Option<Arc<RememberedRegistry>>> {
    let Some(secret) = password(server.url.expose()) else {
        tracing::warn!(
            "what the registry says is not remembered, since `state.url` has no password to make a key of: this replica cannot start while the database is down"
        );
        return Ok(None);
    };
    let file = SnapshotFile::new(path.to_owned(), secret.as_bytes(), &server.namespace)?;
    let (telemetry, fails) = (telemetry.clone(), AtomicBool::new(false));
    let observer = move |problem: Option<&SnapshotProblem>| {
        if fails.swap(problem.is_some(), Ordering::Relaxed) != problem.is_some() {
            let failure = problem.map(ToString::to_string);
            RegistrySnapshotTurned { failure: failure.as_deref() }.emit(&telemetry);
        }
    };
    let registry = Arc::new(database.registry());
    Ok(Some(Arc::new(RememberedRegistry::new(registry, file, observer))))
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
