//! What implementations of the audit log share: how a page is made, how many records are kept, and how databases write where the chain is.

use domain::audit::{AuditFilter, AuditHash, Head, SealedRecord};
use domain::ports::audit_log::{AuditError, AuditPage, LOOKED_AT_MAX};

/// Most records that are forgotten at once, when there are more than are to be kept: nobody else can write meanwhile.
const FORGOTTEN_MAX: u64 = 1_000;

/// Records that are read of a database at once.
pub(crate) const READ_MAX: i64 = 500;

/// How many of the oldest records are to be forgotten.
pub(crate) fn surplus(records: u64, records_max: u64) -> u64 {
    records.saturating_sub(records_max.max(1)).min(FORGOTTEN_MAX)
}

/// A page while it is made.
pub(crate) struct PageInMaking<'a> {
    filter: &'a AuditFilter,
    records_max: usize,
    looked_at: usize,
    page: AuditPage,
}

impl<'a> PageInMaking<'a> {
    pub(crate) fn new(filter: &'a AuditFilter, records_max: usize) -> Self {
        Self { filter, records_max, looked_at: 0, page: AuditPage::default() }
    }

    /// Looks at the next record. Nothing more is wanted once the page has a number to go on after.
    pub(crate) fn look_at(&mut self, record: SealedRecord) -> Result<(), AuditError> {
        let sequence = record.head.sequence;
        let entry = record.entry();
        let entry = entry.map_err(|problem| AuditError(format!("record {sequence}: {problem}")))?;
        self.looked_at += 1;
        if self.filter.matches(&entry) {
            self.page.records.push(record);
        }
        let is_full = self.page.records.len() >= self.records_max || self.looked_at >= LOOKED_AT_MAX;
        self.page.next = is_full.then_some(sequence);
        Ok(())
    }

    pub(crate) fn is_full(&self) -> bool {
        self.page.next.is_some()
    }

    /// The page; `is_last` when the record that was looked at last is the last one that there is.
    pub(crate) fn finish(self, is_last: bool) -> AuditPage {
        AuditPage { next: self.page.next.filter(|_| !is_last), ..self.page }
    }
}

/// Where the chain is, as a database has it.
pub(crate) fn place(sequence: i64, hash: &[u8]) -> Result<Head, sqlx::Error> {
    let hash = hash.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))?;
    let sequence =
        sequence.try_into().map_err(|_| sqlx::Error::Decode("a record's number is above 0".into()))?;
    Ok(Head { sequence, hash: AuditHash::from_bytes(hash) })
}

/// A number of a record as databases count.
pub(crate) fn number(sequence: u64) -> i64 {
    sequence.try_into().unwrap_or(i64::MAX)
}
