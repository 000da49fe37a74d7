//! What outlives a request: implementations of the domain's storage ports.

mod audit;
mod journal;
mod kept;
mod memory;
mod postgres;
mod redis;
mod remembered;
mod shared;
mod snapshot;
mod sqlite;

pub use journal::{FolderJournal, JournalFiles, JournalFolder, JournalParts};
pub use memory::{MemoryAudit, MemoryRegistry, MemoryState, MemoryStore};
pub use postgres::{PostgresAudit, PostgresDatabase, PostgresRegistry, PostgresState, PostgresStore};
pub use redis::{ClientCertificate, RedisState, RedisTls};
pub use remembered::RememberedRegistry;
pub use shared::{PlaceError, shared_state_at};
pub use snapshot::{SnapshotFile, SnapshotProblem};
pub use sqlite::{OpenError, OpenProblem, SqliteAudit, SqliteFile, SqliteRegistry, SqliteState, SqliteStore};
