//! Connections to PostgreSQL. One over which something went wrong, or whose answer nobody waited for, is never used again; so no
//! call meets what another left behind, and a server that comes back is found at once.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ports::shared_state::is_namespace;
use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, raw_sql};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::listener::Listener;
use super::migrations::migrate;
use super::session::{Session, Sessions};
use crate::shared::PlaceError;

/// Calls at once, unless told otherwise; each takes a process of the server.
const CONNECTIONS_MAX: usize = 4;
/// A connection that was unused for longer is asked for a sign of life: the server may have been started anew.
const TRUSTED: Duration = Duration::from_secs(1);

/// The way to a database.
pub(super) struct Connections {
    options: PgConnectOptions,
    schema: Box<str>,
    sessions: Sessions,
    /// Where it is, for people.
    place: String,
    time_limit: Duration,
    idle: Mutex<Vec<Idle>>,
    free: Semaphore,
    is_migrated: AtomicBool,
}

struct Idle {
    session: Session,
    since: Instant,
}

/// A connection for one call.
pub(super) struct Lent<'a> {
    session: Session,
    home: &'a Connections,
    _free: SemaphorePermit<'a>,
}

/// Why the database does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// What was set for one connection would hold for another one, and the other way round.
    #[error(
        "two connections have one process of the server: what is in between pools transactions, and has to pool sessions (PgBouncer: `pool_mode = session`)"
    )]
    Pooled,
    #[error("it was written by a newer Tollgate (its schema is {found}, this version knows {known})")]
    Newer { found: i32, known: i32 },
    /// Of the audit log.
    #[error("{0}")]
    Record(String),
    #[error("no more than {bytes_max} bytes of responses and conversations are kept (`state.bytes_max`)")]
    Full { bytes_max: i64 },
}

impl Connections {
    /// Opens none yet.
    ///
    /// # Errors
    /// When the URL is none, or the schema cannot be called so.
    pub(super) fn new(url: &str, schema: &str, time_limit: Duration) -> Result<Self, PlaceError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| PlaceError::Url)?;
        if !is_namespace(schema) {
            return Err(PlaceError::Namespace);
        }
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        // Poolers refuse who asks for more at the start; the rest is set when the connection is there.
        let options = options.application_name("tollgate").extra_float_digits(None);
        Ok(Self {
            options,
            schema: schema.into(),
            sessions: Sessions::new(schema, time_limit),
            place,
            time_limit,
            idle: Mutex::default(),
            free: Semaphore::new(CONNECTIONS_MAX),
            is_migrated: AtomicBool::new(false),
        })
    }

    /// With another number of calls at once.
    pub(super) fn at_most(self, connections_max: usize) -> Self {
        Self { free: Semaphore::new(connections_max), ..self }
    }

    /// Hears what is told to all connections. Has one of its own.
    pub(super) fn listener(&self) -> Listener {
        Listener::new(self.options.clone(), &self.schema, self.time_limit)
    }

    /// The schema that everything is in.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// A connection on which a transaction has begun, by [`WRITE`](super::WRITE) or [`VIEW`](super::VIEW). Where it is dropped, the transaction
    /// ends with the connection.
    pub(super) async fn begin(&self, how: &'static str) -> Result<Lent<'_>, Problem> {
        let mut connection = self.take().await?;
        raw_sql(how).execute(&mut *connection).await?;
        Ok(connection)
    }

    /// A connection to a database whose tables are up to date.
    pub(super) async fn take(&self) -> Result<Lent<'_>, Problem> {
        let free = self.free.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let session = match self.take_idle().await {
            Some(session) => session,
            None => self.connect().await?,
        };
        Ok(Lent { session, home: self, _free: free })
    }

    async fn take_idle(&self) -> Option<Session> {
        let Idle { mut session, since } = self.idle.lock().pop()?;
        if since.elapsed() > TRUSTED && session.connection.ping().await.is_err() {
            // The others are as old at least.
            self.idle.lock().clear();
            return None;
        }
        Some(session)
    }

    async fn connect(&self) -> Result<Session, Problem> {
        let mut session = self.sessions.open(&self.options).await?;
        if !self.is_migrated.load(Ordering::Relaxed) {
            self.sessions.prove(&self.options).await?;
            migrate(&mut session.connection, &self.schema).await?;
            self.is_migrated.store(true, Ordering::Relaxed);
        }
        Ok(session)
    }

    /// Waits for an answer of the database as [`Connections::within`] does; what has none is an error of a port.
    pub(super) fn ask<'a, T: Send + 'a, E: 'a>(
        &'a self,
        answer: impl Future<Output = Result<T, Problem>> + Send + 'a,
        error: fn(String) -> E,
    ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>> {
        Box::pin(async move { self.within(answer).await.map_err(error) })
    }

    /// Waits for an answer of the database, but not for ever; says why there is none.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, String> {
        let why = match tokio::time::timeout(self.time_limit, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(problem @ Problem::Full { .. })) => return Err(self.said(&problem)),
            Ok(Err(problem)) => problem.to_string(),
            Err(_) => format!("no answer within {:?}", self.time_limit),
        };
        // The next connection may be to a database that was made anew.
        self.is_migrated.store(false, Ordering::Relaxed);
        Err(self.said(&why))
    }

    fn said(&self, what: &impl fmt::Display) -> String {
        format!("PostgreSQL at {}: {what}", self.place)
    }
}

impl Lent<'_> {
    /// Ends the transaction that was begun, so that what it wrote is there for all.
    pub(super) async fn commit(mut self) -> Result<(), Problem> {
        raw_sql("COMMIT").execute(&mut *self).await?;
        self.give_back();
        Ok(())
    }

    /// Ends it, so that nothing of it is there.
    pub(super) async fn roll_back(mut self) -> Result<(), Problem> {
        raw_sql("ROLLBACK").execute(&mut *self).await?;
        self.give_back();
        Ok(())
    }

    /// Leaves the connection to others, after everything that was asked over it was answered.
    pub(super) fn give_back(self) {
        let idle = Idle { session: self.session, since: Instant::now() };
        self.home.idle.lock().push(idle);
    }
}

impl Deref for Lent<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.session.connection
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.session.connection
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold a password.
        let mut text = formatter.debug_struct("Connections");
        text.field("place", &self.place).field("schema", &self.schema).finish_non_exhaustive()
    }
}
