//! Events as the elements of an array. What an event carries is not looked at.

use std::borrow::Cow;

use bytes::Bytes;

use crate::sse;

const OPENING: &[u8] = b"[";
/// As Google's servers separate elements.
const SEPARATOR: &[u8] = b",\r\n";
const CLOSING: &[u8] = b"\r\n]";
const EMPTY: &[u8] = b"[]";

/// Writes one array. Every cut of the same events into pieces gives the same array.
#[derive(Debug)]
pub struct Writer {
    splitter: sse::Splitter,
    has_elements: bool,
}

impl Default for Writer {
    fn default() -> Self {
        // How large an event may be was decided where it was read.
        Self { splitter: sse::Splitter::new(usize::MAX), has_elements: false }
    }
}

impl Writer {
    /// Takes the next piece of a stream of events, and gives the pieces of the array that it completes. Comments, and
    /// events without data, are no elements.
    pub fn push(&mut self, events: Bytes, mut pieces: impl FnMut(Bytes)) {
        let batch = match self.splitter.push(events) {
            Ok(batch) => batch,
            Err(broken) => *broken.before,
        };
        let mut start = 0;
        for end in batch.ends {
            self.element(&batch.bytes.slice(start..end), &mut pieces);
            start = end;
        }
    }

    /// Closes the array, also an empty one. A last event without the blank line after it is an element like the others.
    pub fn finish(mut self, mut pieces: impl FnMut(Bytes)) {
        let tail = self.splitter.finish();
        self.element(&tail.bytes, &mut pieces);
        pieces(Bytes::from_static(if self.has_elements { CLOSING } else { EMPTY }));
    }

    fn element(&mut self, event: &Bytes, pieces: &mut impl FnMut(Bytes)) {
        let data = sse::Frame::new(event).data();
        if data.is_empty() {
            return;
        }
        let first = !std::mem::replace(&mut self.has_elements, true);
        pieces(Bytes::from_static(if first { OPENING } else { SEPARATOR }));
        pieces(match data {
            Cow::Borrowed(slice) => event.slice_ref(slice),
            Cow::Owned(joined) => Bytes::from(joined),
        });
    }
}
