//! Whole frames, and what is left between them: what every way of cutting a stream gives.

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

/// What cuts a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Framing {
    /// Server-sent events (`text/event-stream`).
    #[default]
    ServerSentEvents,
    /// Amazon's binary messages (`application/vnd.amazon.eventstream`).
    AmazonEventStream,
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

    /// What cut the stream.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether these are the first frames of their stream.
    pub(crate) fn opens_stream(&self) -> bool {
        self.opens_stream
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

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Joined(bytes) => bytes,
        }
    }

    /// Takes the first `length` bytes away, at most all.
    pub(crate) fn take(&mut self, length: usize) -> Bytes {
        let length = length.min(self.len());
        if length == 0 {
            return Bytes::new();
        }
        let mut bytes = std::mem::take(self).into_bytes();
        let taken = bytes.split_to(length);
        *self = Self::Slice(bytes);
        taken
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
