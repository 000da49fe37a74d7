//! Cuts a stream at the ends of its messages and verifies them. A message is forwarded as it came.

use bytes::Bytes;
use smallvec::SmallVec;

use super::{PRELUDE_BYTES, TRAILER_BYTES, number_at};
use crate::batch::{Batch, Broken, Cause, Framing, Rest, Tail};

/// A push splitter for one event stream. Every cut of the same bytes into chunks gives the same messages.
#[derive(Debug)]
pub struct Splitter {
    frame_bytes_max: usize,
    rest: Rest,
    failed: Option<Cause>,
}

impl Splitter {
    /// A splitter at the start of a stream, for messages of at most `frame_bytes_max` bytes.
    #[must_use]
    pub fn new(frame_bytes_max: usize) -> Self {
        Self { frame_bytes_max, rest: Rest::default(), failed: None }
    }

    /// Takes the next chunk of the stream and gives the messages that it completes.
    ///
    /// # Errors
    /// When a message exceeds the limit or is damaged; the error holds the messages before it.
    pub fn push(&mut self, chunk: Bytes) -> Result<Batch, Broken> {
        if let Some(cause) = self.failed {
            return Err(Broken { cause, before: Box::default() });
        }
        self.rest.append(chunk);
        let (ends, fault) = self.messages();
        let whole = ends.last().copied().unwrap_or(0);
        let batch = Batch::new(self.rest.take(whole), ends, Framing::AmazonEventStream);
        match fault {
            Some(cause) => {
                self.failed = Some(cause);
                Err(Broken { cause, before: Box::new(batch) })
            }
            None => Ok(batch),
        }
    }

    /// Where the messages end that are there, and why what follows them is none.
    fn messages(&self) -> (SmallVec<[usize; 8]>, Option<Cause>) {
        let held = self.rest.as_slice();
        let mut ends = SmallVec::new();
        let mut at = 0;
        loop {
            match self.length_at(held, at) {
                Ok(Some(length)) if at + length <= held.len() => {
                    if let Err(cause) = verify(held, at, length) {
                        return (ends, Some(cause));
                    }
                    at += length;
                    ends.push(at);
                }
                Ok(_) => return (ends, None),
                Err(cause) => return (ends, Some(cause)),
            }
        }
    }

    /// Ends the stream and gives what was not delivered: half a message, which nobody can read.
    pub fn finish(&mut self) -> Tail {
        Tail { bytes: std::mem::take(&mut self.rest).into_bytes(), is_frame: false }
    }

    /// The length of the message at `at`, once its prelude is there.
    fn length_at(&self, held: &[u8], at: usize) -> Result<Option<usize>, Cause> {
        let Some(prelude) = held.get(at..at + PRELUDE_BYTES) else { return Ok(None) };
        let checksum = crc32fast::hash(prelude.get(..8).unwrap_or_default());
        let length = number_at(prelude, 0).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        let headers =
            number_at(prelude, 4).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX);
        let fits = headers <= length.saturating_sub(PRELUDE_BYTES + TRAILER_BYTES);
        if number_at(prelude, 8) != Some(checksum) || length < PRELUDE_BYTES + TRAILER_BYTES || !fits {
            return Err(Cause::Damaged);
        }
        if length > self.frame_bytes_max {
            return Err(Cause::TooLarge { frame_bytes_max: self.frame_bytes_max });
        }
        Ok(Some(length))
    }
}

fn verify(held: &[u8], at: usize, length: usize) -> Result<(), Cause> {
    let message = held.get(at..at + length - TRAILER_BYTES).unwrap_or_default();
    let checksum = number_at(held, at + length - TRAILER_BYTES);
    if checksum == Some(crc32fast::hash(message)) { Ok(()) } else { Err(Cause::Damaged) }
}
