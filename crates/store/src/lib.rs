//! What outlives a request: implementations of the domain's storage ports.

mod memory;
mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::{OpenError, OpenProblem, SqliteFile, SqliteStore};

/// The longest chain of responses that is followed.
const LINKS_MAX: usize = 10_000;
