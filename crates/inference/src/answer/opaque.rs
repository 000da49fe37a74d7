//! Bodies that are passed on unread: pass-through, and answers too large to hold.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use providers::transport::IncomingBody;
use smallvec::SmallVec;
use telemetry::meters::Outcome;

use super::body::AnswerBroken;
use super::relay::Silence;
use crate::ending::Ending;

/// Pieces read already, then the rest as it comes.
pub(crate) struct OpaqueRelay {
    held: SmallVec<[Bytes; 2]>,
    rest: IncomingBody,
    silence: Silence,
    ending: Ending,
    done: bool,
}

impl OpaqueRelay {
    /// `held` in order; `idle` is the longest silence allowed.
    pub(crate) fn new(
        mut held: SmallVec<[Bytes; 2]>,
        rest: IncomingBody,
        idle: Option<Duration>,
        ending: Ending,
    ) -> Self {
        held.reverse();
        Self { held, rest, silence: Silence::new(idle, None), ending, done: false }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        if let Some(piece) = self.held.pop() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.done {
            return Poll::Ready(None);
        }
        let Poll::Ready(frame) = Pin::new(&mut self.rest).poll_frame(context) else {
            ready!(self.silence.poll_broken(context));
            return self.fail();
        };
        self.silence.heard();
        match frame {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(_)) => self.fail(),
            None => {
                self.done = true;
                self.ending.end(Outcome::Done);
                Poll::Ready(None)
            }
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let held: u64 = self.held.iter().map(|piece| piece.len() as u64).sum();
        match self.rest.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(held + rest),
            None => SizeHint::default(),
        }
    }

    fn fail(&mut self) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        self.done = true;
        self.ending.end(Outcome::Failed);
        Poll::Ready(Some(Err(AnswerBroken)))
    }
}
