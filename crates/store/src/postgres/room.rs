//! How much room is left for responses and conversations.

use std::time::Duration;

use parking_lot::Mutex;
use sqlx::{PgConnection, query_scalar};
use tokio::time::Instant;

use super::connections::Problem;
use crate::shared::count;

/// For how long what was measured is gone by, with what this process has added since. What other replicas add meanwhile may be too much.
const TRUSTED: Duration = Duration::from_secs(1);
/// The part that is kept free for what comes between two sweeps: one in so many.
const FREE_PART: i64 = 10;

/// What may be kept, and what is.
#[derive(Debug)]
pub(super) struct Room {
    bytes_max: i64,
    used: Mutex<Option<Used>>,
}

#[derive(Debug, Clone, Copy)]
struct Used {
    bytes: i64,
    measured: Instant,
}

impl Room {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self { bytes_max: bytes_max.try_into().unwrap_or(i64::MAX), used: Mutex::new(None) }
    }

    /// Most bytes that stay after a sweep.
    pub(super) fn wanted(&self) -> i64 {
        self.bytes_max - self.bytes_max / FREE_PART
    }

    /// Takes so many bytes of the room.
    ///
    /// # Errors
    /// When there are not so many.
    pub(super) async fn take(&self, step: &mut PgConnection, bytes: usize) -> Result<(), Problem> {
        let known = *self.used.lock();
        let used = match known.filter(|used| used.measured.elapsed() < TRUSTED) {
            Some(used) => used,
            None => {
                let measured = Instant::now();
                let bytes = query_scalar(include_str!("room/used.sql")).fetch_one(step).await?;
                Used { bytes, measured }
            }
        };
        let bytes = used.bytes.saturating_add(count(bytes));
        if bytes > self.bytes_max {
            return Err(Problem::Full { bytes_max: self.bytes_max });
        }
        *self.used.lock() = Some(Used { bytes, ..used });
        Ok(())
    }

    /// Makes one number of all changes of it; says which.
    pub(super) async fn add_up(&self, step: &mut PgConnection) -> Result<i64, sqlx::Error> {
        query_scalar(include_str!("room/add_up.sql")).fetch_one(step).await
    }
}
