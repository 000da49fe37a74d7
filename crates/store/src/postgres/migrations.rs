//! The tables in the database, brought up to date by whoever connects first.

use sqlx::{AssertSqlSafe, Connection, PgConnection, query, query_scalar, raw_sql};

use super::connections::Problem;

/// What they look like, from version to version; only ever added to.
const MIGRATIONS: [&str; 3] =
    [include_str!("migrations/1.sql"), include_str!("migrations/2.sql"), include_str!("migrations/3.sql")];
/// "TOLL": the lock that lets one at a time do it.
const LOCK: i64 = 0x544F_4C4C;

/// Makes the schema if there is none, and in it what this version needs.
pub(super) async fn migrate(connection: &mut PgConnection, schema: &str) -> Result<(), Problem> {
    let mut step = connection.begin().await?;
    query(include_str!("migrations/lock.sql")).bind(LOCK).execute(&mut *step).await?;
    let exists = query_scalar(include_str!("migrations/schema_exists.sql")).bind(schema);
    if !exists.fetch_one(&mut *step).await? {
        // Who may not make one can be given one. The name was looked at when it was taken.
        raw_sql(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(&mut *step).await?;
    }
    raw_sql(include_str!("migrations/versions.sql")).execute(&mut *step).await?;
    let found: i32 = query_scalar(include_str!("migrations/newest.sql")).fetch_one(&mut *step).await?;
    let known = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if found > known {
        return Err(Problem::Newer { found, known });
    }
    for (migration, version) in MIGRATIONS.iter().zip(1..) {
        if version > found {
            raw_sql(*migration).execute(&mut *step).await?;
            query(include_str!("migrations/note.sql")).bind(version).execute(&mut *step).await?;
        }
    }
    Ok(step.commit().await?)
}
