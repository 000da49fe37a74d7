//! Forgetting: what has expired, and the oldest when there is little room left.

use std::time::SystemTime;

use sqlx::{SqlitePool, query, query_scalar};

use super::WRITE;
use crate::kept::micros;

/// Responses that one step forgets: few, since nobody else can write meanwhile.
const SWEPT_MAX: i64 = 100;

/// One step. Says how many responses it forgot.
pub(super) async fn sweep(
    writer: &SqlitePool,
    now: SystemTime,
    pages_wanted: i64,
) -> Result<usize, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let expired = query(include_str!("sweep/expired.sql")).bind(micros(now)).bind(SWEPT_MAX);
    let mut forgotten = expired.execute(&mut *step).await?.rows_affected();
    if forgotten == 0 {
        let used: i64 = query_scalar(include_str!("sweep/used_pages.sql")).fetch_one(&mut *step).await?;
        if used > pages_wanted {
            let oldest = query(include_str!("sweep/oldest.sql")).bind(SWEPT_MAX);
            forgotten = oldest.execute(&mut *step).await?.rows_affected();
        }
    }
    step.commit().await?;
    Ok(forgotten.try_into().unwrap_or(usize::MAX))
}
