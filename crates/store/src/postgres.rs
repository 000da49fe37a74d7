//! What replicas on several machines share, in PostgreSQL: as exact as its transactions are, and kept as safely as its disk.

mod audit;
mod connections;
mod conversations;
mod database;
mod history;
mod items;
mod kept;
mod listener;
mod migrations;
mod registry;
mod responses;
mod room;
mod session;
mod shared;
mod sweep;

pub use audit::PostgresAudit;
pub use database::PostgresDatabase;
pub use kept::PostgresStore;
pub use registry::PostgresRegistry;
pub use shared::PostgresState;

/// Begins what writes: each statement sees what others have written up to then, and waits for who writes the same.
const WRITE: &str = "BEGIN";
/// Begins what reads with several statements: all of them see one moment.
const VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
