//! Opening the database: what kind of file it is, and the tables that it needs.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// What the tables look like, from version to version; only ever added to.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
];
/// "TOLL", as `migrations/1.sql` sets it.
const APPLICATION: i64 = 0x544F_4C4C;
/// Nobody but us reads what we wrote.
const MODE: u32 = 0o600;
/// Reads at once; each takes a thread while the process lives.
const READERS_MAX: u32 = 4;
/// How long a request waits for its turn when many write or read; a queue that is longer does not get shorter.
const TURN_WAIT: Duration = Duration::from_secs(10);
/// Above this the log of changes is made shorter again once it has been worked in.
const LOG_BYTES_MAX: &str = "67108864";
/// SQLite's own default.
const PAGE_BYTES: u64 = 4096;
/// The part of a file that is kept free for what comes between two sweeps: one in so many.
const FREE_PART: u64 = 10;

/// Which file to keep things in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteFile {
    /// The file; made when it does not exist, in a folder that does.
    pub path: PathBuf,
    /// Most bytes that it may grow to.
    pub bytes_max: u64,
    /// How long to wait for another process that has locked it.
    pub lock_wait: Duration,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the database `{}` {problem}", path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: OpenProblem,
}

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// The system does not give it to us.
    #[error("cannot be opened: {0}")]
    System(#[from] io::Error),
    /// Another process has locked it.
    #[error("is locked by another process")]
    Locked,
    /// It holds something else, or is broken.
    #[error("is no SQLite database, or damaged")]
    Damaged,
    /// It, or its folder, cannot be written to.
    #[error("cannot be written to")]
    ReadOnly,
    /// It is a database of something else.
    #[error("belongs to another application")]
    Foreign,
    /// A newer version of Tollgate has changed it.
    #[error("was written by a newer Tollgate (its schema is {found}, this version knows {known})")]
    Newer {
        /// The version of its tables.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// SQLite says something else.
    #[error("cannot be opened: {0}")]
    Database(sqlx::Error),
}

/// The connections to a database: all writing is done by one, since SQLite lets only one write at a time and those who
/// would wait for each other inside of it might give up.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
}

impl SqliteFile {
    /// Opens the database, brings its tables up to date and connects.
    pub(super) async fn open(&self) -> Result<Connections, OpenError> {
        self.connect().await.map_err(|problem| OpenError { path: self.path.clone(), problem })
    }

    async fn connect(&self) -> Result<Connections, OpenProblem> {
        make_private(&self.path)?;
        let writing = self.options().pragma("max_page_count", self.pages_max().to_string());
        let writer = pool(1).connect_with(writing).await?;
        migrate(&writer).await?;
        let readers = pool(READERS_MAX).connect_lazy_with(self.options().pragma("query_only", "ON"));
        Ok(Connections { writer, readers })
    }

    /// Most pages that stay in use after a sweep.
    pub(super) fn pages_wanted(&self) -> i64 {
        let pages = self.pages_max() - self.pages_max() / FREE_PART;
        pages.try_into().unwrap_or(i64::MAX)
    }

    fn pages_max(&self) -> u64 {
        (self.bytes_max / PAGE_BYTES).max(1)
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .journal_mode(SqliteJournalMode::Wal)
            // A killed process loses nothing, a power cut at most what was written last, and neither breaks the file.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(self.lock_wait)
            .pragma("journal_size_limit", LOG_BYTES_MAX)
            // What was deleted is overwritten, since it is what people said.
            .pragma("secure_delete", "ON")
            .thread_name(|number| format!("sqlite-{number}"))
    }
}

fn pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(TURN_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        // A connection to a file does not break while nobody uses it.
        .test_before_acquire(false)
}

/// Makes the file if there is none, so that only its owner can read it. SQLite gives its companions the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Brings the tables up to date, each step with its version as a whole.
async fn migrate(writer: &SqlitePool) -> Result<(), OpenProblem> {
    let mut step = writer.begin_with("BEGIN IMMEDIATE").await?;
    let identity = sqlx::query_as(include_str!("file/identity.sql"));
    let (application, found, tables): (i64, i64, i64) = identity.fetch_one(&mut *step).await?;
    if application != APPLICATION && (application, tables) != (0, 0) {
        return Err(OpenProblem::Foreign);
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenProblem::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        sqlx::raw_sql(*migration).execute(&mut *step).await?;
    }
    Ok(step.commit().await?)
}

impl From<sqlx::Error> for OpenProblem {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
        // The lower byte of a code is its kind (SQLite, "Result and Error Codes").
        match code.map(|code| code & 0xFF) {
            Some(5 | 6) => Self::Locked,
            Some(8) => Self::ReadOnly,
            Some(11 | 26) => Self::Damaged,
            _ => Self::Database(error),
        }
    }
}
