//! A database with everything that is kept for a fleet.

use std::sync::Arc;
use std::time::Duration;

use super::connections::Connections;
use super::{PostgresAudit, PostgresRegistry, PostgresStore};
use crate::shared::PlaceError;

/// Calls at once. Those of requests that keep what they were answered are among them.
const CONNECTIONS_MAX: usize = 8;

/// A schema of a PostgreSQL database, with the tables of this version. All that is kept in it goes over the same connections.
#[derive(Debug, Clone)]
pub struct PostgresDatabase {
    connections: Arc<Connections>,
}

impl PostgresDatabase {
    /// A database at a URL. The schema is made when it does not exist. Connects when it is first asked for something; no call takes
    /// longer than `time_limit`.
    ///
    /// # Errors
    /// When the URL is none, or the schema cannot be called so.
    pub fn new(url: &str, schema: &str, time_limit: Duration) -> Result<Self, PlaceError> {
        let connections = Connections::new(url, schema, time_limit)?.at_most(CONNECTIONS_MAX);
        Ok(Self { connections: Arc::new(connections) })
    }

    /// Responses and conversations, of which so many bytes are kept.
    #[must_use]
    pub fn responses(&self, bytes_max: u64) -> PostgresStore {
        PostgresStore::new(Arc::clone(&self.connections), bytes_max)
    }

    /// The objects of the control API.
    #[must_use]
    pub fn registry(&self) -> PostgresRegistry {
        PostgresRegistry::new(Arc::clone(&self.connections))
    }

    /// The audit log, which keeps so many records.
    #[must_use]
    pub fn audit_log(&self, records_max: u64) -> PostgresAudit {
        PostgresAudit::new(Arc::clone(&self.connections), records_max)
    }
}
