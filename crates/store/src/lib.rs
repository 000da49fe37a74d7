//! What outlives a request: implementations of the domain's storage ports.

mod audit;
mod memory;
mod shared;
mod sqlite;

pub use memory::{MemoryAudit, MemoryState, MemoryStore};
pub use sqlite::{OpenError, OpenProblem, SqliteAudit, SqliteFile, SqliteState, SqliteStore};

/// The longest chain of responses that is followed.
const LINKS_MAX: usize = 10_000;
