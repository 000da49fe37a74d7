//! Writing down what became of requests.

use std::fmt::Debug;

/// Keeps records in the order in which they come. Whoever appends one never waits: what there is no room for is lost, and the journal
/// says how much that was.
pub trait Journal: Debug + Send + Sync {
    /// Appends a record, which is one line without its line break.
    fn append(&self, record: &[u8]);
}

/// What a journal tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalNews<'a> {
    /// So many records are lost.
    Lost(u64),
    /// Nothing can be written any more, and why.
    Failing(&'a str),
    /// It can be written to again.
    Working,
}
