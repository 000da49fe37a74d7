//! The audit log in PostgreSQL: one chain, whoever of the replicas writes it.

use std::sync::Arc;

use domain::audit::{AuditEntry, AuditFilter, Head, SealedRecord};
use domain::ports::audit_log::{AuditError, AuditLog, AuditPage, Extent, Pending};
use sqlx::{PgConnection, query, query_as};

use super::connections::{Connections, Problem};
use super::{VIEW, WRITE};
use crate::audit::{PageInMaking, READ_MAX, number, place, surplus};
use crate::shared::text;

/// Keeps records in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresAudit {
    connections: Arc<Connections>,
    records_max: u64,
}

/// The columns of new records: their numbers, hashes and texts.
type Columns = (Vec<i64>, Vec<Vec<u8>>, Vec<Box<[u8]>>);

impl PostgresAudit {
    pub(super) fn new(connections: Arc<Connections>, records_max: u64) -> Self {
        Self { connections, records_max }
    }

    /// Waits for an answer of the database.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        answer: impl Future<Output = Result<T, Problem>> + Send + 'a,
    ) -> Pending<'a, T> {
        self.connections.ask(answer, AuditError)
    }

    async fn append(&self, entries: Vec<AuditEntry>) -> Result<Head, Problem> {
        let mut step = self.connections.begin(WRITE).await?;
        // From here on nobody else appends; the last record is looked for by a statement that begins afterwards.
        let base = query_as(include_str!("audit/lock.sql")).fetch_one(&mut *step).await?;
        let Extent { base, mut head } = extent(&mut step, base).await?;
        let (mut numbers, mut hashes, mut texts): Columns = Default::default();
        for entry in &entries {
            let record = head.seal(entry).map_err(|error| Problem::Record(error.to_string()))?;
            head = record.head;
            numbers.push(number(head.sequence));
            hashes.push(head.hash.as_bytes().to_vec());
            texts.push(record.text.into_boxed_bytes());
        }
        let append = query(include_str!("audit/append.sql")).bind(numbers).bind(hashes);
        append.bind(texts).execute(&mut *step).await?;
        let surplus = surplus(head.sequence - base.sequence, self.records_max);
        if surplus > 0 {
            let last = number(base.sequence + surplus);
            query(include_str!("audit/move_base.sql")).bind(last).execute(&mut *step).await?;
            query(include_str!("audit/forget.sql")).bind(last).execute(&mut *step).await?;
        }
        step.commit().await?;
        Ok(head)
    }

    async fn page(&self, after: u64, filter: &AuditFilter, records_max: usize) -> Result<AuditPage, Problem> {
        let mut view = self.connections.begin(VIEW).await?;
        let head = read_extent(&mut view).await?.head;
        let mut page = PageInMaking::new(filter, records_max);
        let mut looked_at = after;
        while looked_at < head.sequence && !page.is_full() {
            let read = query_as(include_str!("audit/page.sql")).bind(number(looked_at)).bind(READ_MAX);
            let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = read.fetch_all(&mut *view).await?;
            if rows.is_empty() {
                break;
            }
            for (sequence, hash, entry) in rows {
                if !page.is_full() {
                    let head = place(sequence, &hash)?;
                    looked_at = head.sequence;
                    let record = SealedRecord { head, text: text(entry)? };
                    page.look_at(record).map_err(|AuditError(why)| Problem::Record(why))?;
                }
            }
        }
        view.commit().await?;
        Ok(page.finish(looked_at >= head.sequence))
    }

    async fn extent(&self) -> Result<Extent, Problem> {
        let mut view = self.connections.begin(VIEW).await?;
        let extent = read_extent(&mut view).await?;
        view.commit().await?;
        Ok(extent)
    }
}

impl AuditLog for PostgresAudit {
    fn append(&self, entries: Vec<AuditEntry>) -> Pending<'_, Head> {
        self.ask(self.append(entries))
    }

    fn page<'a>(&'a self, after: u64, filter: &'a AuditFilter, records_max: usize) -> Pending<'a, AuditPage> {
        self.ask(self.page(after, filter, records_max))
    }

    fn extent(&self) -> Pending<'_, Extent> {
        self.ask(self.extent())
    }
}

async fn read_extent(view: &mut PgConnection) -> Result<Extent, sqlx::Error> {
    let base = query_as(include_str!("audit/base.sql")).fetch_one(&mut *view).await?;
    extent(view, base).await
}

/// Where the records begin and end, of which the beginning is known.
async fn extent(connection: &mut PgConnection, base: (i64, Vec<u8>)) -> Result<Extent, sqlx::Error> {
    let last: Option<(i64, Vec<u8>)> =
        query_as(include_str!("audit/last.sql")).fetch_optional(connection).await?;
    let base = place(base.0, &base.1)?;
    let head = last.map(|(sequence, hash)| place(sequence, &hash)).transpose()?;
    Ok(Extent { base, head: head.unwrap_or(base) })
}
