//! Records between requests and the thread that writes them.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Most bytes that wait to be written: what a disk may fall behind by.
pub(super) const QUEUED_BYTES_MAX: usize = 16 << 20;
/// Records are written together that come within this time: a thread that wakes up for each of them would cost more than they do.
const GATHERED_FOR: Duration = Duration::from_millis(20);

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Batch>,
    changed: Condvar,
}

/// Some records, and what became of those that came meanwhile.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Lines, each with its line break.
    pub(super) bytes: Vec<u8>,
    /// How many.
    pub(super) records: u64,
    /// For how many there was no room.
    pub(super) lost: u64,
    /// Whether nothing more will come.
    pub(super) is_last: bool,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.records == 0 && self.lost == 0 && !self.is_last
    }
}

impl Queue {
    /// Appends a record, unless there is no room.
    pub(super) fn append(&self, record: &[u8]) {
        let mut waiting = self.waiting.lock();
        let is_first = waiting.is_empty();
        if waiting.is_last || waiting.bytes.len() + record.len() >= QUEUED_BYTES_MAX {
            waiting.lost += 1;
        } else {
            waiting.bytes.extend_from_slice(record);
            waiting.bytes.push(b'\n');
            waiting.records += 1;
        }
        drop(waiting);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.waiting.lock().is_last = true;
        self.changed.notify_one();
    }

    /// What came, as soon as something has, into a batch that is empty; waits for it no longer than `patience`, for ever without one.
    pub(super) fn take(&self, into: &mut Batch, patience: Option<Duration>) {
        let mut waiting = self.waiting.lock();
        match patience {
            None => self.changed.wait_while(&mut waiting, |waiting| waiting.is_empty()),
            Some(patience) => {
                self.changed.wait_while_for(&mut waiting, |waiting| waiting.is_empty(), patience);
            }
        }
        if !waiting.is_empty() {
            self.changed.wait_while_for(&mut waiting, |waiting| !waiting.is_last, GATHERED_FOR);
        }
        let is_last = waiting.is_last;
        std::mem::swap(&mut *waiting, into);
        waiting.is_last = is_last;
    }
}
