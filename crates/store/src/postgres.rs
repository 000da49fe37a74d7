//! What replicas share, in PostgreSQL: as exact as its transactions are, and kept as safely as its disk.

mod connections;
mod migrations;
mod shared;

pub use shared::PostgresState;
