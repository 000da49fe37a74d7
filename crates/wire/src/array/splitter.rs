//! The elements of an array as events, each as soon as it is whole.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::batch::{Batch, Broken, Cause, Framing, Tail};

/// What an element becomes: one event with one line of data.
const BEFORE: &[u8] = b"data: ";
const AFTER: &[u8] = b"\n\n";

/// Reads one array of objects. An object alone, which is how an error comes, is read as an array of one. Every cut of the
/// same bytes into chunks gives the same events.
///
/// Elements are cut, not checked: what is in one is for whoever reads the event.
#[derive(Debug)]
pub struct Splitter {
    frame_bytes_max: usize,
    place: Place,
    /// The event of an element that is not whole yet.
    event: Vec<u8>,
    started: bool,
    failed: Option<Cause>,
}

/// Where in the array the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before its bracket.
    Outside,
    /// Before an element, or before the end.
    Between,
    /// Within an element.
    Inside { depth: usize, text: Text, is_alone: bool },
    /// Behind its end.
    Behind,
}

/// Where in a JSON text the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Not,
    Within,
    /// After a backslash.
    Escaped,
}

impl Splitter {
    /// A splitter at the start of a stream, for elements of at most `frame_bytes_max` bytes.
    #[must_use]
    pub fn new(frame_bytes_max: usize) -> Self {
        Self { frame_bytes_max, place: Place::Outside, event: Vec::new(), started: false, failed: None }
    }

    /// Takes the next chunk of the array and gives the events of the elements that it completes.
    ///
    /// # Errors
    /// When an element exceeds the limit, or what comes is no array of objects; the error holds the events before it.
    pub fn push(&mut self, chunk: &Bytes) -> Result<Batch, Broken> {
        if let Some(cause) = self.failed {
            return Err(Broken { cause, before: Box::default() });
        }
        let mut whole = Vec::new();
        let mut ends = SmallVec::new();
        let result = chunk.iter().try_for_each(|byte| {
            if self.step(*byte)? {
                self.event.extend_from_slice(AFTER);
                whole.append(&mut self.event);
                ends.push(whole.len());
            }
            Ok(())
        });
        let batch = self.batch(whole, ends);
        match result {
            Ok(()) => Ok(batch),
            Err(cause) => {
                self.failed = Some(cause);
                Err(Broken { cause, before: Box::new(batch) })
            }
        }
    }

    /// Ends the stream and gives what was not delivered: half an element, which nobody can read.
    pub fn finish(&mut self) -> Tail {
        Tail { bytes: std::mem::take(&mut self.event).into(), is_frame: false }
    }

    fn batch(&mut self, whole: Vec<u8>, ends: SmallVec<[usize; 8]>) -> Batch {
        if ends.is_empty() {
            return Batch::default();
        }
        let opens_stream = !std::mem::replace(&mut self.started, true);
        Batch::new(whole.into(), ends, Framing::ServerSentEvents).opening(opens_stream)
    }

    /// Takes a byte, and says whether it ended an element.
    fn step(&mut self, byte: u8) -> Result<bool, Cause> {
        match (self.place, byte) {
            (Place::Outside | Place::Between | Place::Behind, b' ' | b'\t' | b'\r' | b'\n') => {}
            (Place::Outside, b'[') => self.place = Place::Between,
            (Place::Outside | Place::Between, b'{') => {
                let is_alone = self.place == Place::Outside;
                self.place = Place::Inside { depth: 1, text: Text::Not, is_alone };
                self.event.extend_from_slice(BEFORE);
                self.event.push(byte);
            }
            // A comma too many is not worth a stream.
            (Place::Between, b',') => {}
            (Place::Between, b']') => self.place = Place::Behind,
            (Place::Inside { depth, text, is_alone }, _) => {
                return self.step_inside(byte, depth, text, is_alone);
            }
            (Place::Outside | Place::Between | Place::Behind, _) => return Err(Cause::Damaged),
        }
        Ok(false)
    }

    fn step_inside(&mut self, byte: u8, depth: usize, text: Text, is_alone: bool) -> Result<bool, Cause> {
        let (depth, text) = match (text, byte) {
            // Between tokens they mean nothing, and would end the event's line.
            (Text::Not, b'\r' | b'\n') => return Ok(false),
            // No text holds them (RFC 8259 section 7).
            (_, b'\r' | b'\n') => return Err(Cause::Damaged),
            (Text::Not, b'{' | b'[') => (depth + 1, text),
            (Text::Not, b'}' | b']') => (depth - 1, text),
            (Text::Not, b'"') | (Text::Escaped, _) => (depth, Text::Within),
            (Text::Within, b'"') => (depth, Text::Not),
            (Text::Within, b'\\') => (depth, Text::Escaped),
            (Text::Not | Text::Within, _) => (depth, text),
        };
        self.event.push(byte);
        if self.event.len() > BEFORE.len() + self.frame_bytes_max {
            return Err(Cause::TooLarge { frame_bytes_max: self.frame_bytes_max });
        }
        let is_whole = depth == 0;
        self.place = match is_whole {
            true if is_alone => Place::Behind,
            true => Place::Between,
            false => Place::Inside { depth, text, is_alone },
        };
        Ok(is_whole)
    }
}
