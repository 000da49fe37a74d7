//! Cuts a stream at its blank lines. A frame is forwarded as it came, so the cut keeps every byte, line ends included.

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use super::Frame;

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

/// The bytes of the unfinished frame. A second chunk makes them a growing buffer, so that a large frame in many small
/// chunks is not copied once for each.
#[derive(Debug)]
enum Rest {
    Slice(Bytes),
    Joined(BytesMut),
}

/// Whole frames, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The bytes of all frames, as they came; a slice of the chunk where no earlier bytes had to be joined.
    pub bytes: Bytes,
    /// Where each frame ends in `bytes`.
    pub ends: SmallVec<[usize; 8]>,
    opens_stream: bool,
}

/// What is left when the stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The bytes after the last delivered frame.
    pub bytes: Bytes,
    /// Whether the bytes are a whole frame (it ended in a lone `\r`). Else clients discard them, as WHATWG demands.
    pub is_frame: bool,
}

/// A frame is larger than allowed; the splitter takes no more bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("an event of the stream exceeds {frame_bytes_max} bytes")]
pub struct FrameTooLarge {
    /// The most bytes a frame may have.
    pub frame_bytes_max: usize,
    /// The frames before it that this chunk completed.
    pub before: Box<Batch>,
}

impl Splitter {
    /// A splitter at the start of a stream, for frames of at most `frame_bytes_max` bytes, line ends included.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self {
            frame_bytes_max,
            line: Line::Start,
            rest: Rest::Slice(Bytes::new()),
            started: false,
            failed: false,
        }
    }

    /// Takes the next chunk of the stream and gives the frames that it completes.
    ///
    /// # Errors
    /// When a frame exceeds the limit, finished or not; the error holds the frames before it.
    pub fn push(&mut self, chunk: Bytes) -> Result<Batch, FrameTooLarge> {
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
        Tail { bytes: std::mem::replace(&mut self.rest, Rest::Slice(Bytes::new())).into_bytes(), is_frame }
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
        let mut whole = std::mem::replace(&mut self.rest, Rest::Slice(chunk.slice(cut..)));
        whole.append(chunk.slice(..cut));
        let opens_stream = !std::mem::replace(&mut self.started, true);
        Batch { bytes: whole.into_bytes(), ends, opens_stream }
    }

    fn too_large(&self, before: Batch) -> FrameTooLarge {
        FrameTooLarge { frame_bytes_max: self.frame_bytes_max, before: Box::new(before) }
    }
}

impl Rest {
    fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Joined(bytes) => bytes.len(),
        }
    }

    fn append(&mut self, chunk: Bytes) {
        match self {
            Self::Slice(held) if held.is_empty() => *held = chunk,
            Self::Slice(_) if chunk.is_empty() => {}
            Self::Slice(held) => {
                let mut joined = BytesMut::with_capacity(held.len() + chunk.len());
                joined.extend_from_slice(held);
                joined.extend_from_slice(&chunk);
                *self = Self::Joined(joined);
            }
            Self::Joined(joined) => joined.extend_from_slice(&chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Joined(bytes) => bytes.freeze(),
        }
    }
}

impl Batch {
    /// Whether no frame was completed.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The frames, in order.
    pub fn frames(&self) -> Frames<'_> {
        Frames { batch: self, next: 0, start: 0 }
    }
}

/// The frames of a batch.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    batch: &'a Batch,
    next: usize,
    start: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let end = *self.batch.ends.get(self.next)?;
        let bytes = self.batch.bytes.get(self.start..end)?;
        let opens_stream = self.next == 0 && self.batch.opens_stream;
        self.next += 1;
        self.start = end;
        Some(if opens_stream { Frame::opening(bytes) } else { Frame::new(bytes) })
    }
}

#[cfg(test)]
mod tests;
