//! What outlives a request: implementations of the domain's storage ports.

mod memory;
mod shared;
mod sqlite;

pub use memory::{MemoryState, MemoryStore};
pub use sqlite::{OpenError, OpenProblem, SqliteFile, SqliteState, SqliteStore};

/// The longest chain of responses that is followed.
const LINKS_MAX: usize = 10_000;
