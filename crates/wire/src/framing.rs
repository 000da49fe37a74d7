//! Streams cut into frames, whatever cuts them: blank lines of server-sent events, or the lengths of Amazon's messages.

use std::borrow::Cow;

use bytes::Bytes;

pub use crate::batch::{Batch, Broken, Cause, Framing, Tail};
use crate::{amazon, array, sse};

/// A push splitter for one stream.
#[derive(Debug)]
pub enum Splitter {
    /// Of server-sent events.
    Sse(sse::Splitter),
    /// Of Amazon's messages.
    Amazon(amazon::Splitter),
    /// Of the elements of a JSON array, each of which becomes a server-sent event.
    Array(array::Splitter),
}

/// One frame of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A server-sent event.
    Sse(sse::Frame<'a>),
    /// One of Amazon's messages.
    Amazon(amazon::Frame<'a>),
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

    /// A splitter of a JSON array in place of server-sent events, whose frames it gives.
    #[must_use]
    pub fn of_array(frame_bytes_max: usize) -> Self {
        Self::Array(array::Splitter::new(frame_bytes_max))
    }

    /// Takes the next chunk of the stream and gives the frames that it completes.
    ///
    /// # Errors
    /// When a frame exceeds the limit or is damaged; the error holds the frames before it.
    pub fn push(&mut self, chunk: Bytes) -> Result<Batch, Broken> {
        match self {
            Self::Sse(splitter) => splitter.push(chunk),
            Self::Amazon(splitter) => splitter.push(chunk),
            Self::Array(splitter) => splitter.push(&chunk),
        }
    }

    /// Ends the stream and gives what was not delivered.
    pub fn finish(&mut self) -> Tail {
        match self {
            Self::Sse(splitter) => splitter.finish(),
            Self::Amazon(splitter) => splitter.finish(),
            Self::Array(splitter) => splitter.finish(),
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
        let opens_stream = self.next == 0 && self.batch.opens_stream();
        self.next += 1;
        self.start = end;
        Some(match self.batch.framing() {
            Framing::ServerSentEvents if opens_stream => Frame::Sse(sse::Frame::opening(bytes)),
            framing => Frame::of(framing, bytes),
        })
    }
}
