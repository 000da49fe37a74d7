//! Keeping the audit log.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::audit::{AuditEntry, AuditFilter, Head, SealedRecord};

/// An answer of an audit log that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, AuditError>> + Send + 'a>>;

/// Most records that are looked at for one page, so that a filter that nothing matches ends.
pub const LOOKED_AT_MAX: usize = 10_000;

/// Keeps records in the order in which they are sealed, and never changes one. Each method is one step that happens as a whole
/// or not at all.
pub trait AuditLog: Debug + Send + Sync {
    /// Seals entries behind each other and behind what there is, and says where the chain is then. When there are more records than are to
    /// be kept, the oldest are forgotten, but for where the chain was with the last of them.
    fn append(&self, entries: Vec<AuditEntry>) -> Pending<'_, Head>;

    /// The records behind a number that a filter wants, in their order.
    fn page<'a>(&'a self, after: u64, filter: &'a AuditFilter, records_max: usize) -> Pending<'a, AuditPage>;

    /// Where the records begin and end.
    fn extent(&self) -> Pending<'_, Extent>;
}

/// Some records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPage {
    /// The records.
    pub records: Vec<SealedRecord>,
    /// The number after which to go on; absent where nothing is left.
    pub next: Option<u64>,
}

/// Where the records of a log begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where the chain was before the first that is there.
    pub base: Head,
    /// Where it is with the last.
    pub head: Head,
}

/// Why an audit log did not do what it was asked. What was to be recorded must not be done then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log does not work: {0}")]
pub struct AuditError(pub String);
