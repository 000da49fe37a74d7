//! Sessions: connections with a process of the server for themselves. What pools transactions gives that process to others in between, so that they meet
//! what was set here and this one what was set there, another schema for example. It cannot be asked what it does, so that is found out.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, raw_sql};

use super::connections::Problem;

/// Opens sessions, and knows those that are open.
pub(super) struct Sessions {
    /// What is set in each of them, and the question for the process that has it.
    beginning: Box<str>,
    processes: Processes,
}

/// The processes of the server that have sessions, each with the time at which it began, since numbers come again.
type Processes = Arc<Mutex<HashSet<String>>>;

/// A connection with what holds in it.
pub(super) struct Session {
    /// First, so that the process is given up before others can be given it.
    _seat: Seat,
    pub(super) connection: PgConnection,
}

/// The place of a session among the processes.
struct Seat {
    process: String,
    processes: Processes,
}

impl Sessions {
    /// In a schema whose name was looked at, in which no statement takes longer than `time_limit`.
    pub(super) fn new(schema: &str, time_limit: Duration) -> Self {
        let (limit, process) = (time_limit.as_millis().max(1), include_str!("session/process.sql"));
        // What nobody waits for any more is not worked on either, and whoever is cut off from the server holds none of its locks for long.
        let beginning = format!(
            "SET search_path = \"{schema}\"; SET statement_timeout = {limit}; \
             SET idle_in_transaction_session_timeout = {limit}; \
             SET default_transaction_isolation = 'read committed'; {process}"
        );
        Self { beginning: beginning.into(), processes: Arc::default() }
    }

    /// Opens one.
    ///
    /// # Errors
    /// When the server is not there, or its process has another session.
    pub(super) async fn open(&self, options: &PgConnectOptions) -> Result<Session, Problem> {
        let mut connection = options.connect().await?;
        // To its end, so that a pooler has the process back.
        let rows = raw_sql(AssertSqlSafe(&*self.beginning)).fetch_all(&mut connection).await?;
        let process = rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?;
        Ok(Session { _seat: self.seat(process)?, connection })
    }

    /// Whether a session is what it seems, while one is open that does nothing: a pooler of transactions gives the next one the same
    /// process, unless others come in between.
    ///
    /// # Errors
    /// When it is not.
    pub(super) async fn prove(&self, options: &PgConnectOptions) -> Result<(), Problem> {
        match self.open(options).await {
            Err(problem @ Problem::Pooled) => Err(problem),
            // There may be no further connection to be had.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn seat(&self, process: String) -> Result<Seat, Problem> {
        if !self.processes.lock().insert(process.clone()) {
            return Err(Problem::Pooled);
        }
        Ok(Seat { process, processes: Arc::clone(&self.processes) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.processes.lock().remove(&self.process);
    }
}
