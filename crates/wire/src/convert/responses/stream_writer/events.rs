//! Events as they are written: named, numbered in their order, each with the item that it is about.

use crate::json::{ArrayWriter, ObjectWriter, object};

/// Where an item stands in the output.
#[derive(Debug)]
pub(super) struct ItemPlace {
    /// Its number, from 0.
    pub(super) index: u64,
    /// Its id.
    pub(super) id: String,
}

/// Where events go.
pub(super) struct Sink<'s> {
    /// Events so far.
    pub(super) events: &'s mut u64,
    pub(super) out: &'s mut Vec<u8>,
}

impl Sink<'_> {
    /// Writes an event, its name in the data and beside it.
    pub(super) fn event(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.out.extend_from_slice(b"event: ");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\ndata: ");
        let number = *self.events;
        *self.events += 1;
        object(self.out, |event| {
            event.str("type", name);
            event.number("sequence_number", number);
            write(event);
        });
        self.out.extend_from_slice(b"\n\n");
    }

    /// Writes an event about an item.
    pub(super) fn of_item(
        &mut self,
        name: &str,
        place: &ItemPlace,
        write: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        self.event(name, |event| {
            event.str("item_id", &place.id);
            event.number("output_index", place.index);
            write(event);
        });
    }

    /// Writes that an item begins.
    pub(super) fn added(&mut self, place: &ItemPlace, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.event("response.output_item.added", |event| {
            event.number("output_index", place.index);
            event.object("item", write);
        });
    }

    /// Writes that an item is done, and gives it back as JSON.
    pub(super) fn done(&mut self, place: &ItemPlace, write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
        let mut item = Vec::new();
        object(&mut item, write);
        self.event("response.output_item.done", |event| {
            event.number("output_index", place.index);
            event.raw("item", text_of(&item));
        });
        item
    }
}

/// Adds JSON to a list of it.
pub(super) fn add_to_list(list: &mut Vec<u8>, json: &[u8]) {
    if !list.is_empty() {
        list.push(b',');
    }
    list.extend_from_slice(json);
}

/// Writes the elements of a list of JSON.
pub(super) fn write_list(array: &mut ArrayWriter<'_>, list: &[u8]) {
    if !list.is_empty() {
        array.raw(text_of(list));
    }
}

/// What the writers of this crate have written is UTF-8; an unreachable failure would leave nothing.
fn text_of(json: &[u8]) -> &str {
    std::str::from_utf8(json).unwrap_or("null")
}
