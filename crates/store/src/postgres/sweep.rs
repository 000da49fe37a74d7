//! Forgetting: what has expired, and the oldest when there is little room left.

use std::time::SystemTime;

use sqlx::{PgConnection, query, query_scalar};

use super::room::Room;
use crate::kept::micros;

/// Responses that one step forgets: few, since it has to be done within the time of one call.
const SWEPT_MAX: i64 = 100;
/// "SWEE": the lock that lets one replica at a time do it, so that not each of them makes the same room.
const LOCK: i32 = 0x5357_4545;

/// One step. Says how many responses it forgot.
pub(super) async fn sweep(
    step: &mut PgConnection,
    now: SystemTime,
    room: &Room,
) -> Result<usize, sqlx::Error> {
    if !query_scalar(include_str!("sweep/lock.sql")).bind(LOCK).fetch_one(&mut *step).await? {
        return Ok(0);
    }
    let expired = query(include_str!("sweep/expired.sql")).bind(micros(now)).bind(SWEPT_MAX);
    let mut forgotten = expired.execute(&mut *step).await?.rows_affected();
    if forgotten == 0 && room.add_up(step).await? > room.wanted() {
        let oldest = query(include_str!("sweep/oldest.sql")).bind(SWEPT_MAX);
        forgotten = oldest.execute(step).await?.rows_affected();
    }
    Ok(forgotten.try_into().unwrap_or(usize::MAX))
}
