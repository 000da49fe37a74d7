//! The body of every answer: a few pieces, or a relay.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};

use super::held::Held;
use super::opaque::{AnswerBroken, OpaqueRelay};
use super::relay::{Relay, Successor};

/// A response body of the data plane.
pub struct AnswerBody(Kind);

enum Kind {
    Whole(Held),
    Stream(Box<dyn Relay>),
    Opaque(Box<OpaqueRelay>),
    Replayed(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl AnswerBody {
    /// A body that is already there, in pieces.
    pub fn whole(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self::held(pieces.into_iter().collect())
    }

    /// The same, with its share of the byte budget.
    pub(crate) fn held(held: Held) -> Self {
        Self(Kind::Whole(held))
    }

    /// A stream.
    pub(crate) fn stream(relay: impl Relay + 'static) -> Self {
        Self(Kind::Stream(Box::new(relay)))
    }

    /// Whether it is a stream.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.0, Kind::Stream(_))
    }

    /// Keeps what it takes to go on with a stream that breaks off; nothing can go on with anything else.
    pub(crate) fn resume_by(&mut self, successor: Box<dyn Successor>) {
        if let Kind::Stream(relay) = &mut self.0 {
            relay.resume_by(successor);
        }
    }

    /// What was kept of a stream.
    pub(crate) fn replayed(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self(Kind::Replayed(Box::pin(pieces)))
    }

    /// Bytes that are not looked at.
    pub(crate) fn opaque(relay: OpaqueRelay) -> Self {
        Self(Kind::Opaque(Box::new(relay)))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        match &mut self.get_mut().0 {
            Kind::Whole(held) => Poll::Ready(held.pop().map(|piece| Ok(Frame::data(piece)))),
            Kind::Stream(relay) => relay.poll_data(context).map(|data| {
                let trailers = || relay.take_trailers().map(Frame::trailers);
                data.map(Frame::data).or_else(trailers).map(Ok)
            }),
            Kind::Replayed(pieces) => {
                pieces.as_mut().poll_next(context).map(|piece| piece.map(Frame::data).map(Ok))
            }
            Kind::Opaque(relay) => relay.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Kind::Whole(held) if held.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(held) => SizeHint::with_exact(held.bytes()),
            Kind::Stream(_) | Kind::Replayed(_) => SizeHint::default(),
            Kind::Opaque(relay) => relay.size_hint(),
        }
    }
}
