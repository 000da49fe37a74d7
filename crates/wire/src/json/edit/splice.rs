//! Turns changed members into the pieces of the new document.
//!
//! The pieces are kept ranges of the original and new bytes between them. A removed member takes one comma with it:
//! the one before it, or, where nothing before it stays, the one after it.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::json::{Document, Kind, Segments, text};

/// Below this total, one copy is cheaper than sending pieces.
const FLAT_BYTES_MAX: usize = 16 * 1024;

/// Collects the changes of one document.
pub(super) struct Splicer<'d> {
    document: &'d Document,
    changes: SmallVec<[(usize, Option<Bytes>); 4]>,
    appended: Vec<u8>,
}

/// A range of the original that gives way to other bytes.
struct Splice {
    span: Range<usize>,
    new: Bytes,
}

impl<'d> Splicer<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, changes: SmallVec::new(), appended: Vec::new() }
    }

    /// Gives the member or element at `index` another value; each index is changed at most once.
    pub(super) fn replace(&mut self, index: usize, value: Bytes) {
        self.changes.push((index, Some(value)));
    }

    /// Removes the member or element at `index`.
    pub(super) fn remove(&mut self, index: usize) {
        self.changes.push((index, None));
    }

    /// Adds a member after all others. Each appended member carries a comma before it.
    pub(super) fn append(&mut self, key: &str, value: &[u8]) {
        self.appended.push(b',');
        self.appended.extend_from_slice(&text::to_string(key));
        self.appended.push(b':');
        self.appended.extend_from_slice(value);
    }

    pub(super) fn finish(mut self) -> Segments {
        self.changes.sort_unstable_by_key(|(index, _)| *index);
        let splices = self.splices();
        let body = self.document.body();
        let removed: usize = splices.iter().map(|splice| splice.span.len()).sum();
        let added: usize = splices.iter().map(|splice| splice.new.len()).sum();
        let total = (body.len() + added).saturating_sub(removed);
        if total < FLAT_BYTES_MAX { self.flat(&splices, total) } else { self.pieces(splices) }
    }

    /// The spliced ranges in ascending order, none overlapping another.
    fn splices(&mut self) -> SmallVec<[Splice; 4]> {
        let members = &self.document.outline().members;
        let mut splices = SmallVec::new();
        // The members before `index`, as long as all of them are removed.
        let mut removed_prefix = 0;
        for (index, value) in std::mem::take(&mut self.changes) {
            let Some(member) = members.get(index) else {
                continue;
            };
            match value {
                Some(new) => splices.push(Splice { span: member.value.clone(), new }),
                None if index == removed_prefix => {
                    removed_prefix += 1;
                    let end = members.get(index + 1).map_or(member.value.end, |_| self.start_of(index + 1));
                    splices.push(Splice { span: self.start_of(index)..end, new: Bytes::new() });
                }
                None => {
                    let start = members.get(index - 1).map_or(member.value.start, |before| before.value.end);
                    splices.push(Splice { span: start..member.value.end, new: Bytes::new() });
                }
            }
        }
        if !self.appended.is_empty() {
            splices.push(self.appending(removed_prefix));
        }
        splices
    }

    /// Where a member begins: at its key's opening quote, or at the value of an element.
    fn start_of(&self, index: usize) -> usize {
        let outline = self.document.outline();
        match (outline.members.get(index), outline.kind) {
            (Some(member), Kind::Object) => member.key.start.saturating_sub(1),
            (Some(member), _) => member.value.start,
            (None, _) => outline.root.end,
        }
    }

    fn appending(&mut self, removed_prefix: usize) -> Splice {
        let outline = self.document.outline();
        let at = outline.members.last().map_or(outline.root.start + 1, |last| last.value.end);
        let mut new = Bytes::from(std::mem::take(&mut self.appended));
        if removed_prefix == outline.members.len() {
            // Nothing stays before the first appended member, so its comma goes.
            new = new.slice(1..);
        }
        Splice { span: at..at, new }
    }

    fn flat(&self, splices: &[Splice], total: usize) -> Segments {
        let body = self.document.body();
        let mut whole = Vec::with_capacity(total);
        let mut at = 0;
        for splice in splices {
            whole.extend_from_slice(&body.range(at..splice.span.start));
            whole.extend_from_slice(&splice.new);
            at = splice.span.end;
        }
        whole.extend_from_slice(&body.range(at..body.len()));
        Segments::from(Bytes::from(whole))
    }

    fn pieces(&self, splices: SmallVec<[Splice; 4]>) -> Segments {
        let body = self.document.body();
        let mut pieces: SmallVec<[Bytes; 8]> = SmallVec::new();
        let mut at = 0;
        for splice in splices {
            pieces.extend(body.slice(at..splice.span.start));
            pieces.push(splice.new);
            at = splice.span.end;
        }
        pieces.extend(body.slice(at..body.len()));
        pieces.into_iter().collect()
    }
}
