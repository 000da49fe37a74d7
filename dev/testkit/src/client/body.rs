//! What a client sends: whole with its length, or in pieces without, and perhaps never to its end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of a call.
#[derive(Debug)]
pub(crate) struct RequestBody {
    pieces: VecDeque<Bytes>,
    has_length: bool,
    stalls: bool,
}

impl RequestBody {
    pub(super) fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    pub(super) fn whole(bytes: Bytes) -> Self {
        let pieces = Some(bytes).filter(|bytes| !bytes.is_empty()).into_iter().collect();
        Self { pieces, has_length: true, stalls: false }
    }

    pub(super) fn pieces(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self { pieces: pieces.into_iter().collect(), has_length: false, stalls: false }
    }

    pub(super) fn stall(&mut self) {
        self.stalls = true;
        self.has_length = false;
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            // Nobody wakes it: the call ends when it is dropped or answered.
            None if self.stalls => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.has_length
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.pieces.iter().map(|piece| piece.len() as u64).sum();
        if self.has_length { SizeHint::with_exact(bytes) } else { SizeHint::default() }
    }
}
