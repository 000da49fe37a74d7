//! The audit log in memory: of a process that keeps nothing, and the model that the other store is compared with.

use std::collections::VecDeque;
use std::future::ready;

use domain::audit::{AuditEntry, AuditFilter, Head, SealedRecord};
use domain::ports::audit_log::{AuditError, AuditLog, AuditPage, Extent, Pending};
use parking_lot::Mutex;

use crate::audit::{PageInMaking, surplus};

/// Keeps records in memory.
#[derive(Debug)]
pub struct MemoryAudit {
    records_max: u64,
    chain: Mutex<Chain>,
}

#[derive(Debug)]
struct Chain {
    base: Head,
    records: VecDeque<SealedRecord>,
}

impl MemoryAudit {
    /// A log that keeps so many records.
    #[must_use]
    pub fn new(records_max: u64) -> Self {
        Self { records_max, chain: Mutex::new(Chain { base: Head::EMPTY, records: VecDeque::new() }) }
    }
}

impl Chain {
    fn head(&self) -> Head {
        self.records.back().map_or(self.base, |record| record.head)
    }

    fn append(&mut self, entries: &[AuditEntry], records_max: u64) -> Result<Head, AuditError> {
        let mut head = self.head();
        let sealed = entries.iter().map(|entry| {
            let record = head.seal(entry).map_err(|error| AuditError(error.to_string()))?;
            head = record.head;
            Ok(record)
        });
        let sealed: Vec<_> = sealed.collect::<Result<_, AuditError>>()?;
        self.records.extend(sealed);
        let surplus = surplus(head.sequence - self.base.sequence, records_max);
        let mut forgotten = self.records.drain(..usize::try_from(surplus).unwrap_or(0));
        if let Some(last) = forgotten.next_back() {
            self.base = last.head;
        }
        Ok(head)
    }

    fn page(&self, after: u64, filter: &AuditFilter, records_max: usize) -> Result<AuditPage, AuditError> {
        let mut page = PageInMaking::new(filter, records_max);
        let skipped = usize::try_from(after.saturating_sub(self.base.sequence)).unwrap_or(usize::MAX);
        let mut rest = self.records.iter().skip(skipped).peekable();
        while let Some(record) = rest.next_if(|_| !page.is_full()) {
            page.look_at(record.clone())?;
        }
        Ok(page.finish(rest.peek().is_none()))
    }
}

impl AuditLog for MemoryAudit {
    fn append(&self, entries: Vec<AuditEntry>) -> Pending<'_, Head> {
        Box::pin(ready(self.chain.lock().append(&entries, self.records_max)))
    }

    fn page<'a>(&'a self, after: u64, filter: &'a AuditFilter, records_max: usize) -> Pending<'a, AuditPage> {
        Box::pin(ready(self.chain.lock().page(after, filter, records_max)))
    }

    fn extent(&self) -> Pending<'_, Extent> {
        let chain = self.chain.lock();
        Box::pin(ready(Ok(Extent { base: chain.base, head: chain.head() })))
    }
}
