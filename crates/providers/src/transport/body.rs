//! What is sent to a provider: nothing, bytes that are already there, or a stream.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use smallvec::SmallVec;

/// Any error of a streamed request body.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A streamed request body.
pub type BoxedBody = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;

/// The body of a request to a provider.
#[derive(Default)]
pub enum OutgoingBody {
    /// None.
    #[default]
    Empty,
    /// Pieces of known length, sent one after the other with a `content-length`; a spliced body is a few slices of
    /// the client's bytes and the new text between them.
    Segments(Segments),
    /// Pieces as they come, with `transfer-encoding: chunked` unless the stream knows its length.
    Stream(BoxedBody),
}

/// The pieces of [`OutgoingBody::Segments`] that are still to be sent.
///
/// Boxed, because requests wait in blocks of 32 inside of each HTTP/2 connection: a byte here would be 32 bytes there.
pub struct Segments(Box<smallvec::IntoIter<[Bytes; 4]>>);

impl OutgoingBody {
    /// A streamed body.
    pub fn stream(body: impl Body<Data = Bytes, Error = BoxError> + Send + 'static) -> Self {
        Self::Stream(Box::pin(body))
    }

    /// All of it, in order; `None` for a stream, of which nothing is known yet.
    #[must_use]
    pub fn pieces(&self) -> Option<&[Bytes]> {
        match self {
            Self::Empty => Some(&[]),
            Self::Segments(segments) => Some(segments.pieces()),
            Self::Stream(_) => None,
        }
    }
}

impl From<Bytes> for OutgoingBody {
    fn from(bytes: Bytes) -> Self {
        let mut segments = SmallVec::new();
        segments.push(bytes);
        Self::from(segments)
    }
}

impl From<SmallVec<[Bytes; 4]>> for OutgoingBody {
    fn from(segments: SmallVec<[Bytes; 4]>) -> Self {
        Self::Segments(Segments(Box::new(segments.into_iter())))
    }
}

impl Segments {
    /// What is left, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.0.as_slice().iter().map(|segment| segment.len() as u64).sum()
    }

    /// What is left, in order; pieces may be empty.
    pub(super) fn pieces(&self) -> &[Bytes] {
        self.0.as_slice()
    }

    /// Leaves out the first `bytes`, which were sent; no more than are left.
    pub(super) fn advance(&mut self, mut bytes: usize) {
        while let Some(first) = self.0.as_mut_slice().first_mut() {
            if bytes < first.len() {
                first.advance(bytes);
                break;
            }
            bytes -= first.len();
            self.0.next();
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Segments(Segments(segments)) => {
                let next = segments.find(|segment| !segment.is_empty());
                Poll::Ready(next.map(|segment| Ok(Frame::data(segment))))
            }
            Self::Stream(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Segments(Segments(segments)) => segments.as_slice().iter().all(Bytes::is_empty),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Segments(segments) => SizeHint::with_exact(segments.length()),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for OutgoingBody {
    /// Prompts are nobody's business in a log, so only the kind and length are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("Empty"),
            Self::Segments(segments) => write!(formatter, "Segments({} bytes)", segments.length()),
            Self::Stream(_) => formatter.write_str("Stream"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use proptest::prelude::*;

    use super::*;

    fn drain(mut body: OutgoingBody) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
            sent.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
        assert!(body.is_end_stream());
        sent
    }

    proptest! {
        #[test]
        fn segments_are_sent_in_order_and_announced_exactly(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..9)
        ) {
            let segments: SmallVec<[Bytes; 4]> = pieces.iter().cloned().map(Bytes::from).collect();
            let body = OutgoingBody::from(segments);
            let whole = pieces.concat();
            prop_assert_eq!(body.size_hint().exact(), Some(whole.len() as u64));
            prop_assert_eq!(drain(body), whole);
        }
    }

    #[test]
    fn a_body_is_small() {
        assert!(size_of::<OutgoingBody>() <= 3 * size_of::<usize>());
    }

    #[test]
    fn an_empty_body_has_ended_and_its_text_shows_no_content() {
        assert!(OutgoingBody::Empty.is_end_stream());
        assert!(OutgoingBody::from(Bytes::new()).is_end_stream());
        let body = OutgoingBody::from(Bytes::from_static(b"a secret prompt"));
        assert_eq!(format!("{body:?}"), "Segments(15 bytes)");
    }
}
