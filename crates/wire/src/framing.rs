//! Streams cut into frames, whatever cuts them: blank lines of server-sent events, or the lengths of Amazon's messages.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use crate::{amazon, sse};

/// What cuts a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Framing {
    /// Server-sent events (`text/event-stream`).
    #[default]
    ServerSentEvents,
    /// Amazon's binary messages (`application/vnd.amazon.eventstream`).
    AmazonEventStream,
}

/// A push splitter for one stream.
#[derive(Debug)]
pub enum Splitter {
    /// Of server-sent events.
    Sse(sse::Splitter),
    /// Of Amazon's messages.
    Amazon(amazon::Splitter),
}

/// One frame of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A server-sent event.
    Sse(sse::Frame<'a>),
    /// One of Amazon's messages.
    Amazon(amazon::Frame<'a>),
}

/// Whole frames, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The bytes of all frames, as they came; a slice of the chunk where no earlier bytes had to be joined.
    pub bytes: Bytes,
    /// Where each frame ends in `bytes`.
    pub ends: SmallVec<[usize; 8]>,
    framing: Framing,
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

/// The stream cannot be cut further; the splitter takes no more bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{cause}")]
pub struct Broken {
    /// What is wrong.
    pub cause: Cause,
    /// The frames before it that this chunk completed.
    pub before: Box<Batch>,
}

/// Why a stream cannot be cut further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// A frame is larger than allowed.
    #[error("an event of the stream exceeds {frame_bytes_max} bytes")]
    TooLarge {
        /// The most bytes a frame may have.
        frame_bytes_max: usize,
    },
    /// A frame's lengths or checksums contradict it.
    #[error("a message of the stream is damaged")]
    Damaged,
}

/// The bytes of an unfinished frame. A second chunk makes them a growing buffer, so that a large frame in many small
/// chunks is not copied once for each.
#[derive(Debug)]
pub(crate) enum Rest {
    Slice(Bytes),
    Joined(BytesMut),
}

impl Splitter {
    /// A splitter at the start of a stream, for frames of at most `frame_bytes_max` bytes.
    #[must_use]
    pub fn new(framing: Framing, frame_bytes_max: usize) -> Self {
        match framing {
            Framing::ServerSentEvents => Self::Sse(sse::Splitter::new(frame_bytes_max)),
            Framing::AmazonEventStream => Self::Amazon(amazon::Splitter::new(frame_bytes_max)),
        }
    }

    /// Takes the next chunk of the stream and gives the frames that it completes.
    ///
    /// # Errors
    /// When a frame exceeds the limit or is damaged; the error holds the frames before it.
    pub fn push(&mut self, chunk: Bytes) -> Result<Batch, Broken> {
        match self {
            Self::Sse(splitter) => splitter.push(chunk),
            Self::Amazon(splitter) => splitter.push(chunk),
        }
    }

    /// Ends the stream and gives what was not delivered.
    pub fn finish(&mut self) -> Tail {
        match self {
            Self::Sse(splitter) => splitter.finish(),
            Self::Amazon(splitter) => splitter.finish(),
        }
    }
}

impl<'a> Frame<'a> {
    /// A frame of a stream that is cut so. Of Amazon's messages only those that a splitter has verified.
    #[must_use]
    pub fn of(framing: Framing, bytes: &'a [u8]) -> Self {
        match framing {
            Framing::ServerSentEvents => Self::Sse(sse::Frame::new(bytes)),
            Framing::AmazonEventStream => Self::Amazon(amazon::Frame { bytes }),
        }
    }

    /// The frame as it came, to be forwarded.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Sse(frame) => frame.bytes,
            Self::Amazon(frame) => frame.bytes,
        }
    }

    /// The name of the event; none without one.
    #[must_use]
    pub fn event(&self) -> Option<&'a [u8]> {
        match self {
            Self::Sse(frame) => frame.event(),
            Self::Amazon(frame) => frame.event(),
        }
    }

    /// What the event carries; empty without anything.
    #[must_use]
    pub fn data(&self) -> Cow<'a, [u8]> {
        match self {
            Self::Sse(frame) => frame.data(),
            Self::Amazon(frame) => Cow::Borrowed(frame.data()),
        }
    }

    /// Whether the frame carries nothing for a reader: comments and blank lines only.
    #[must_use]
    pub fn is_comment_only(&self) -> bool {
        match self {
            Self::Sse(frame) => frame.is_comment_only(),
            Self::Amazon(_) => false,
        }
    }
}

impl<'a> From<sse::Frame<'a>> for Frame<'a> {
    fn from(frame: sse::Frame<'a>) -> Self {
        Self::Sse(frame)
    }
}

impl Batch {
    pub(crate) fn new(bytes: Bytes, ends: SmallVec<[usize; 8]>, framing: Framing) -> Self {
        Self { bytes, ends, framing, opens_stream: false }
    }

    /// The same, as the first of its stream, which a byte order mark may precede.
    pub(crate) fn opening(self, opens_stream: bool) -> Self {
        Self { opens_stream, ..self }
    }

    /// Whether no frame was completed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The frames, in order.
    #[must_use]
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
        Some(match self.batch.framing {
            Framing::ServerSentEvents if opens_stream => Frame::Sse(sse::Frame::opening(bytes)),
            framing => Frame::of(framing, bytes),
        })
    }
}

impl Rest {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Joined(bytes) => bytes.len(),
        }
    }

    pub(crate) fn append(&mut self, chunk: Bytes) {
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

    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Joined(bytes) => bytes.freeze(),
        }
    }
}

impl Default for Rest {
    fn default() -> Self {
        Self::Slice(Bytes::new())
    }
}

impl From<Bytes> for Rest {
    fn from(bytes: Bytes) -> Self {
        Self::Slice(bytes)
    }
}
