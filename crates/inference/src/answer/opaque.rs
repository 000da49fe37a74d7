//! Bodies that are passed on unread: pass-through, and answers too large to hold.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use providers::transport::IncomingBody;
use telemetry::meters::Outcome;

use super::held::Held;
use crate::ending::Ending;
use crate::patience::Silence;

/// The answer broke off; the client sees its connection end without a clean end of the body.
#[derive(Debug, thiserror::Error)]
#[error("the provider's answer broke off")]
pub struct AnswerBroken;

/// Pieces read already, then the rest as it comes.
pub(crate) struct OpaqueRelay {
    held: Held,
    rest: IncomingBody,
    silence: Silence,
    ending: Box<Ending>,
    state: State,
}

/// How far the relay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Relaying,
    /// The provider broke off; what came before must leave first, because the connection drops what it has not sent
    /// when it sees the error.
    Breaking,
    Over,
}

impl OpaqueRelay {
    /// `silence` bounds the waits for the rest.
    pub(crate) fn new(held: Held, rest: IncomingBody, silence: Silence, ending: Box<Ending>) -> Self {
        let mut relay = Self { held, rest, silence, ending, state: State::Relaying };
        relay.note_end();
        relay
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        if let Some(piece) = self.held.pop() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.state {
            State::Relaying => {}
            State::Breaking => {
                self.state = State::Over;
                return Poll::Ready(Some(Err(AnswerBroken)));
            }
            State::Over => return Poll::Ready(None),
        }
        let Poll::Ready(frame) = Pin::new(&mut self.rest).poll_frame(context) else {
            ready!(self.silence.poll_broken(context));
            return self.fail(context);
        };
        self.silence.heard();
        match frame {
            Some(Ok(frame)) => {
                self.note_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(_)) => self.fail(context),
            None => {
                self.end();
                Poll::Ready(None)
            }
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self.rest.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(self.held.bytes() + rest),
            None => SizeHint::default(),
        }
    }

    /// Tells the end as soon as it is known: a body of known length is not asked again after its last byte.
    fn note_end(&mut self) {
        if self.rest.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.ending.end(Outcome::Done);
    }

    fn fail(&mut self, context: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        self.state = State::Breaking;
        self.ending.end(Outcome::Failed);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
