//! The audit log in the file of everything else that is kept.

use std::path::Path;

use domain::audit::{AuditEntry, AuditFilter, Head, SealedRecord};
use domain::ports::audit_log::{AuditError, AuditLog, AuditPage, Extent, Pending};
use sqlx::{SqliteConnection, SqlitePool, query, query_as};

use super::file::Connections;
use super::{SqliteStore, WRITE};
use crate::audit::{PageInMaking, READ_MAX, number, place, surplus};

/// Keeps records in a file.
#[derive(Debug)]
pub struct SqliteAudit {
    connections: Connections,
    path: Box<Path>,
    records_max: u64,
}

impl SqliteStore {
    /// The audit log of this file, over the same connections; it keeps so many records. Closed with the store.
    #[must_use]
    pub fn audit_log(&self, records_max: u64) -> SqliteAudit {
        SqliteAudit {
            connections: self.connections.clone(),
            path: self.file.path.as_path().into(),
            records_max,
        }
    }
}

impl SqliteAudit {
    /// Does something with the file.
    fn on_file<'a, T: Send + 'a>(
        &'a self,
        act: impl Future<Output = Result<T, Trouble>> + Send + 'a,
    ) -> Pending<'a, T> {
        Box::pin(async {
            act.await.map_err(|trouble| match trouble {
                Trouble::Log(error) => error,
                Trouble::Database(error) => {
                    AuditError(format!("the database `{}`: {error}", self.path.display()))
                }
            })
        })
    }
}

impl AuditLog for SqliteAudit {
    fn append(&self, entries: Vec<AuditEntry>) -> Pending<'_, Head> {
        self.on_file(append(&self.connections.writer, entries, self.records_max))
    }

    fn page<'a>(&'a self, after: u64, filter: &'a AuditFilter, records_max: usize) -> Pending<'a, AuditPage> {
        self.on_file(page(&self.connections.readers, after, filter, records_max))
    }

    fn extent(&self) -> Pending<'_, Extent> {
        self.on_file(async {
            let mut view = self.connections.readers.begin().await?;
            Ok(extent(&mut view).await?)
        })
    }
}

/// What went wrong.
#[derive(Debug)]
enum Trouble {
    Database(sqlx::Error),
    Log(AuditError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<AuditError> for Trouble {
    fn from(error: AuditError) -> Self {
        Self::Log(error)
    }
}

async fn append(writer: &SqlitePool, entries: Vec<AuditEntry>, records_max: u64) -> Result<Head, Trouble> {
    let mut step = writer.begin_with(WRITE).await?;
    let Extent { base, mut head } = extent(&mut step).await?;
    for entry in &entries {
        let record = head.seal(entry).map_err(|error| AuditError(error.to_string()))?;
        head = record.head;
        let append = query(include_str!("audit/append.sql")).bind(number(head.sequence));
        let append = append.bind(head.hash.as_bytes().as_slice()).bind(&*record.text);
        append.execute(&mut *step).await?;
    }
    let surplus = surplus(head.sequence - base.sequence, records_max);
    if surplus > 0 {
        let last = number(base.sequence + surplus);
        query(include_str!("audit/move_base.sql")).bind(last).execute(&mut *step).await?;
        query(include_str!("audit/forget.sql")).bind(last).execute(&mut *step).await?;
    }
    step.commit().await?;
    Ok(head)
}

async fn page(
    readers: &SqlitePool,
    after: u64,
    filter: &AuditFilter,
    records_max: usize,
) -> Result<AuditPage, Trouble> {
    let mut view = readers.begin().await?;
    let head = extent(&mut view).await?.head;
    let mut page = PageInMaking::new(filter, records_max);
    let mut looked_at = after;
    while looked_at < head.sequence && !page.is_full() {
        let read = query_as(include_str!("audit/page.sql")).bind(number(looked_at)).bind(READ_MAX);
        let rows: Vec<(i64, Vec<u8>, String)> = read.fetch_all(&mut *view).await?;
        if rows.is_empty() {
            break;
        }
        for (sequence, hash, text) in rows {
            if !page.is_full() {
                let head = place(sequence, &hash)?;
                looked_at = head.sequence;
                page.look_at(SealedRecord { head, text: text.into() })?;
            }
        }
    }
    Ok(page.finish(looked_at >= head.sequence))
}

async fn extent(connection: &mut SqliteConnection) -> Result<Extent, sqlx::Error> {
    let base = query_as(include_str!("audit/base.sql")).fetch_one(&mut *connection).await?;
    let last: Option<(i64, Vec<u8>)> =
        query_as(include_str!("audit/last.sql")).fetch_optional(connection).await?;
    let head_of = |(sequence, hash): (i64, Vec<u8>)| place(sequence, &hash);
    let base = head_of(base)?;
    Ok(Extent { base, head: last.map(head_of).transpose()?.unwrap_or(base) })
}
