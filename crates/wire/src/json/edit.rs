//! Edits of a body by splicing: what is not edited stays byte for byte, whitespace, key order and number text included.

mod error;
mod merge;
mod splice;

use bytes::Bytes;
use smallvec::SmallVec;

pub use self::error::EditError;
use self::splice::Splicer;
use super::path::Step;
use super::{Document, Kind, Path, ScanLimits, Scanner, Segments, text};

/// How deep a value may be that is written into a document.
const VALUE_DEPTH_MAX: u16 = 64;

/// Edits of one document, applied together. Later edits see the effect of earlier ones.
#[derive(Debug)]
pub struct Edit<'d> {
    document: &'d Document,
    changes: SmallVec<[Change; 4]>,
}

/// The new state of one top-level member.
#[derive(Debug)]
struct Change {
    slot: Slot,
    /// The new value; none when the member is removed.
    value: Option<Bytes>,
}

#[derive(Debug, PartialEq, Eq)]
enum Slot {
    /// A member of the document, or an element of an array, by index.
    Existing(usize),
    /// A new member with this key.
    Appended(String),
}

impl<'d> Edit<'d> {
    /// No edits yet.
    pub fn new(document: &'d Document) -> Self {
        Self { document, changes: SmallVec::new() }
    }

    /// Gives the member this value, in place; appends the member when it is absent.
    ///
    /// # Errors
    /// When the document is not an object, the key occurs twice, or `raw_json` is not one JSON value.
    pub fn set(&mut self, key: &str, raw_json: &[u8]) -> Result<&mut Self, EditError> {
        check_value(key, raw_json)?;
        self.put(key, Bytes::copy_from_slice(raw_json))
    }

    /// As [`Self::set`], but leaves a member that is present as it is, even when it is `null`.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn default(&mut self, key: &str, raw_json: &[u8]) -> Result<&mut Self, EditError> {
        check_value(key, raw_json)?;
        if self.current(key)?.is_some() {
            return Ok(self);
        }
        self.put(key, Bytes::copy_from_slice(raw_json))
    }

    /// Removes the member with its comma; does nothing when it is absent.
    ///
    /// # Errors
    /// When the document is not an object, or the key occurs twice.
    pub fn remove(&mut self, key: &str) -> Result<&mut Self, EditError> {
        let slot = self.slot(key)?;
        match (&slot, self.changes.iter().position(|change| change.slot == slot)) {
            (Slot::Appended(_), Some(index)) => {
                self.changes.remove(index);
            }
            (Slot::Appended(_), None) => {}
            (Slot::Existing(_), _) => self.change(slot, None),
        }
        Ok(self)
    }

    /// Gives a member of the object in the member `key` this value; creates the object when it is absent or `null`.
    ///
    /// # Errors
    /// As [`Self::set`], and when the member is neither an object nor `null`, or `inner_key` occurs twice in it.
    pub fn set_within(
        &mut self,
        key: &str,
        inner_key: &str,
        raw_json: &[u8],
    ) -> Result<&mut Self, EditError> {
        check_value(inner_key, raw_json)?;
        let value = match self.current(key)? {
            Some(value) if *value != *b"null" => {
                let inner = Document::of_value(value)?;
                let mut edit = Edit::new(&inner);
                edit.put(inner_key, Bytes::copy_from_slice(raw_json)).map_err(|error| error.within(key))?;
                edit.apply().into_bytes()
            }
            _ => object_of_one(inner_key, raw_json),
        };
        self.put(key, value)
    }

    /// Gives a member that objects in the array `key` have this value; does nothing where there is no such array or member.
    ///
    /// # Errors
    /// As [`Self::set`], and when `inner_key` occurs twice in one of the objects.
    pub fn set_in_each(
        &mut self,
        key: &str,
        inner_key: &str,
        raw_json: &[u8],
    ) -> Result<&mut Self, EditError> {
        check_value(inner_key, raw_json)?;
        match self.current(key)? {
            Some(list) => match in_each(list, inner_key, raw_json).map_err(|error| error.within(key))? {
                Some(list) => self.put(key, list),
                None => Ok(self),
            },
            None => Ok(self),
        }
    }

    /// Merges an object into the member: objects merge member by member at every depth, anything else replaces.
    /// Unlike RFC 7396 a `null` is written and does not delete.
    ///
    /// # Errors
    /// As [`Self::set`], and when a merged key occurs twice in the document or in the new value, or holds an unpaired
    /// surrogate.
    pub fn merge(&mut self, key: &str, raw_json: &[u8]) -> Result<&mut Self, EditError> {
        check_value(key, raw_json)?;
        let value = merge::merged(self.current(key)?, Bytes::copy_from_slice(raw_json))?;
        self.put(key, value)
    }

    /// Removes whatever the path leads to; does nothing where it leads nowhere. A path below a top-level member copies
    /// that member, so prefer [`Self::remove`] for whole members.
    ///
    /// # Errors
    /// When the document is not an object, or a key of the path occurs twice in its object.
    pub fn remove_path(&mut self, path: &Path) -> Result<&mut Self, EditError> {
        if path.steps().is_empty() {
            return self.remove(path.key());
        }
        let Some(value) = self.current(path.key())? else {
            return Ok(self);
        };
        match without(value, path.steps()).map_err(|error| error.within(path.key()))? {
            Some(value) => self.put(path.key(), value),
            None => Ok(self),
        }
    }

    /// The edited document. Without edits these are the chunks as they arrived.
    pub fn apply(self) -> Segments {
        if self.changes.is_empty() {
            return self.document.body().chunks().iter().cloned().collect();
        }
        let mut splicer = Splicer::new(self.document);
        for change in self.changes {
            match (change.slot, change.value) {
                (Slot::Existing(index), Some(value)) => splicer.replace(index, value),
                (Slot::Existing(index), None) => splicer.remove(index),
                (Slot::Appended(key), Some(value)) => splicer.append(&key, &value),
                (Slot::Appended(_), None) => {}
            }
        }
        splicer.finish()
    }

    /// The member's value as edited so far.
    fn current(&self, key: &str) -> Result<Option<Bytes>, EditError> {
        let slot = self.slot(key)?;
        if let Some(change) = self.changes.iter().find(|change| change.slot == slot) {
            return Ok(change.value.clone());
        }
        Ok(match slot {
            Slot::Existing(index) => self.original(index),
            Slot::Appended(_) => None,
        })
    }

    fn original(&self, index: usize) -> Option<Bytes> {
        let member = self.document.outline().members.get(index)?;
        Some(self.document.body().contiguous(member.value.clone()))
    }

    fn slot(&self, key: &str) -> Result<Slot, EditError> {
        match self.document.outline().kind {
            Kind::Object => Ok(self
                .document
                .position(key)?
                .map_or_else(|| Slot::Appended(key.to_owned()), Slot::Existing)),
            found => Err(EditError::NotAnObject { path: String::new(), found }),
        }
    }

    fn put(&mut self, key: &str, value: Bytes) -> Result<&mut Self, EditError> {
        let slot = self.slot(key)?;
        self.change(slot, Some(value));
        Ok(self)
    }

    fn change(&mut self, slot: Slot, value: Option<Bytes>) {
        match self.changes.iter_mut().find(|change| change.slot == slot) {
            Some(change) => change.value = value,
            None => self.changes.push(Change { slot, value }),
        }
    }
}

/// The value without what the steps lead to; none when they lead nowhere.
fn without(value: Bytes, steps: &[Step]) -> Result<Option<Bytes>, EditError> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(None);
    };
    let document = Document::of_value(value)?;
    let mut edit = Edit::new(&document);
    for index in children(&document, step)? {
        if rest.is_empty() {
            edit.change(Slot::Existing(index), None);
        } else if let Some(child) = edit.original(index)
            && let Some(child) = without(child, rest)?
        {
            edit.change(Slot::Existing(index), Some(child));
        }
    }
    Ok((!edit.changes.is_empty()).then(|| edit.apply().into_bytes()))
}

/// The indexes of the children that a step leads to.
fn children(document: &Document, step: &Step) -> Result<std::ops::Range<usize>, EditError> {
    let count = document.outline().members.len();
    Ok(match (document.outline().kind, step) {
        (Kind::Object, Step::Key(key)) => document.position(key)?.map_or(0..0, |index| index..index + 1),
        (Kind::Array, Step::Index(index)) if *index < count => *index..*index + 1,
        (Kind::Array, Step::Every) => 0..count,
        _ => 0..0,
    })
}

/// The array with a member of its objects replaced; none when it stays as it is.
fn in_each(list: Bytes, key: &str, raw_json: &[u8]) -> Result<Option<Bytes>, EditError> {
    let list = Document::of_value(list)?;
    let mut edit = Edit::new(&list);
    for index in children(&list, &Step::Every)? {
        let Some(element) = edit.original(index).map(Document::of_value).transpose()? else { continue };
        let present = match element.outline().kind {
            Kind::Object => element.member(key)?,
            _ => None,
        };
        if present.is_some_and(|member| *member.raw() != *raw_json) {
            let mut inner = Edit::new(&element);
            inner.put(key, Bytes::copy_from_slice(raw_json))?;
            edit.change(Slot::Existing(index), Some(inner.apply().into_bytes()));
        }
    }
    Ok((!edit.changes.is_empty()).then(|| edit.apply().into_bytes()))
}

fn object_of_one(key: &str, raw_json: &[u8]) -> Bytes {
    let key = text::to_string(key);
    Bytes::from([b"{", key.as_slice(), b":", raw_json, b"}"].concat())
}

fn check_value(key: &str, raw_json: &[u8]) -> Result<(), EditError> {
    let mut scanner = Scanner::new(ScanLimits { depth_max: VALUE_DEPTH_MAX, members_max: usize::MAX });
    scanner
        .feed(raw_json)
        .and_then(|()| scanner.finish())
        .map(|_| ())
        .map_err(|error| EditError::InvalidValue { key: key.to_owned(), error })
}

#[cfg(test)]
mod tests;
