//! Cuts a stream at its blank lines. A frame is forwarded as it came, so the cut keeps every byte, line ends included.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::batch::{Batch, Broken, Cause, Framing, Rest, Tail};

/// A push splitter for one event stream.
///
/// Lines end with `\n`, `\r\n` or `\r`, mixed at will. Every cut of the same bytes into chunks gives the same frames;
/// for this a frame that ends in `\r` at the end of a chunk waits for the next byte, which may belong to it.
#[derive(Debug)]
pub struct Splitter {
    frame_bytes_max: usize,
    line: Line,
    rest: Rest,
    /// Whether a frame has been delivered.
    started: bool,
    failed: bool,
}

/// Where in a line the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Start,
    Inside,
    /// After a `\r`, which ended a line; a `\n` may follow.
    AfterReturn {
        was_blank: bool,
    },
}

impl Splitter {
    /// A splitter at the start of a stream, for frames of at most `frame_bytes_max` bytes, line ends included.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self { frame_bytes_max, line: Line::Start, rest: Rest::default(), started: false, failed: false }
    }

    /// Takes the next chunk of the stream and gives the frames that it completes.
    ///
    /// # Errors
    /// When a frame exceeds the limit, finished or not; the error holds the frames before it.
    pub fn push(&mut self, chunk: Bytes) -> Result<Batch, Broken> {
        if self.failed {
            return Err(self.too_large(Batch::default()));
        }
        let held = self.rest.len();
        let mut ends = SmallVec::new();
        self.find_ends(&chunk, held, &mut ends);
        let allowed = self.allowed(&ends);
        let all_allowed = allowed == ends.len();
        ends.truncate(allowed);
        let batch = self.take(chunk, ends);
        if !all_allowed || self.rest.len() > self.frame_bytes_max {
            self.failed = true;
            return Err(self.too_large(batch));
        }
        Ok(batch)
    }

    /// Ends the stream and gives what was not delivered.
    pub fn finish(&mut self) -> Tail {
        let is_frame = !self.failed && self.line == Line::AfterReturn { was_blank: true };
        self.line = Line::Start;
        Tail { bytes: std::mem::take(&mut self.rest).into_bytes(), is_frame }
    }

    /// Finds the frames that end in the chunk; the positions count from the start of the held bytes.
    fn find_ends(&mut self, chunk: &[u8], held: usize, ends: &mut SmallVec<[usize; 8]>) {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            match (self.line, byte) {
                (Line::AfterReturn { was_blank }, _) => {
                    at += usize::from(byte == b'\n');
                    self.line = Line::Start;
                    if was_blank {
                        ends.push(held + at);
                    }
                }
                (Line::Start, b'\n') => {
                    at += 1;
                    ends.push(held + at);
                }
                (Line::Start, b'\r') => {
                    at += 1;
                    self.line = Line::AfterReturn { was_blank: true };
                }
                (Line::Start | Line::Inside, _) => at = self.skip_line(chunk, at),
            }
        }
    }

    /// Skips a line that is not blank, with the first byte of its end.
    fn skip_line(&mut self, chunk: &[u8], from: usize) -> usize {
        let Some(length) = memchr::memchr2(b'\n', b'\r', &chunk[from..]) else {
            self.line = Line::Inside;
            return chunk.len();
        };
        let end = from + length;
        self.line = if chunk[end] == b'\n' { Line::Start } else { Line::AfterReturn { was_blank: false } };
        end + 1
    }

    /// How many frames, from the first, are within the limit.
    fn allowed(&self, ends: &[usize]) -> usize {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        ends.iter().zip(starts).take_while(|(end, start)| *end - start <= self.frame_bytes_max).count()
    }

    /// Cuts the held bytes and the chunk at the last end.
    fn take(&mut self, chunk: Bytes, ends: SmallVec<[usize; 8]>) -> Batch {
        let Some(&last) = ends.last() else {
            self.rest.append(chunk);
            return Batch::default();
        };
        let cut = last - self.rest.len();
        let mut whole = std::mem::replace(&mut self.rest, Rest::from(chunk.slice(cut..)));
        whole.append(chunk.slice(..cut));
        let opens_stream = !std::mem::replace(&mut self.started, true);
        Batch::new(whole.into_bytes(), ends, Framing::ServerSentEvents).opening(opens_stream)
    }

    fn too_large(&self, before: Batch) -> Broken {
        let cause = Cause::TooLarge { frame_bytes_max: self.frame_bytes_max };
        Broken { cause, before: Box::new(before) }
    }
}

#[cfg(test)]
mod tests;
