//! What outlives a request: implementations of the domain's storage ports.

mod audit;
mod memory;
mod postgres;
mod redis;
mod shared;
mod sqlite;

pub use memory::{MemoryAudit, MemoryRegistry, MemoryState, MemoryStore};
pub use postgres::{PostgresAudit, PostgresDatabase, PostgresRegistry, PostgresState};
pub use redis::RedisState;
pub use shared::{PlaceError, shared_state_at};
pub use sqlite::{OpenError, OpenProblem, SqliteAudit, SqliteFile, SqliteRegistry, SqliteState, SqliteStore};

/// The longest chain of responses that is followed.
const LINKS_MAX: usize = 10_000;
