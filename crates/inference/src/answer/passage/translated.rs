//! Frames of the provider's format in, frames of the client's format out, each as soon as it can be said.

use bytes::Bytes;
use wire::convert::{StreamSource, StreamTranslation};
use wire::formats::{EventKind, ProviderError, Usage, WireError};
use wire::framing::{Batch, Frame, Framing, Tail};

use super::{Pieces, Seen, Withheld};
use crate::provider_words::error_in;
use crate::redaction::Redaction;

/// A stream between sides of different formats.
pub(crate) struct Translated {
    stream: StreamTranslation,
    framing: Framing,
    /// What is ready for the client and was not passed on.
    out: Vec<u8>,
    /// Whether errors are held back.
    withholds: bool,
    seen: Seen,
}

impl Translated {
    pub(crate) fn new(stream: StreamTranslation, framing: Framing) -> Self {
        Self { stream, framing, out: Vec::new(), withholds: false, seen: Seen::default() }
    }

    pub(super) fn framing(&self) -> Framing {
        self.framing
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn hold(&mut self, frame: Frame<'_>) -> EventKind {
        self.take(frame)
    }

    pub(super) fn release(&mut self, pieces: Pieces<'_>) {
        pieces(Bytes::from(std::mem::take(&mut self.out)));
    }

    pub(super) fn withhold_errors(&mut self) {
        self.withholds = true;
    }

    pub(super) fn take_withheld(&mut self) -> Option<Box<Withheld>> {
        self.seen.withheld.take()
    }

    pub(super) fn source(&self) -> StreamSource {
        self.stream.source().clone()
    }

    /// Follows what the client gets from elsewhere.
    pub(crate) fn follow(&mut self, batch: &Batch) {
        for frame in batch.frames() {
            self.stream.follow(frame, &mut self.out);
        }
        self.out.clear();
    }

    /// What was said, where another provider could go on with it.
    pub(crate) fn said(&self) -> Option<&str> {
        self.stream.said().filter(|_| !self.is_over())
    }

    /// Another provider goes on, whose stream is cut so; the one before has used so much.
    pub(crate) fn go_on(&mut self, (source, framing): (StreamSource, Framing), repeats: bool, used: &Usage) {
        self.stream.go_on(source, repeats, used);
        self.framing = framing;
        self.seen = Seen::default();
    }

    pub(super) fn tell_withheld(&mut self, error: &ProviderError, redaction: &Redaction, pieces: Pieces<'_>) {
        self.tell(error, redaction);
        self.release(pieces);
    }

    pub(super) fn pass(&mut self, batch: &Batch, redaction: &Redaction, pieces: Pieces<'_>) {
        for frame in batch.frames() {
            if self.is_over() {
                break;
            }
            let kind = self.take(frame);
            self.note(kind, redaction);
        }
        self.release(pieces);
    }

    pub(super) fn pass_tail(&mut self, tail: &Tail, redaction: &Redaction, pieces: Pieces<'_>) {
        if self.is_over() {
            return;
        }
        // Nothing more comes of which an error could be held back for.
        self.withholds = false;
        let kind = self.take(Frame::of(self.framing, &tail.bytes));
        // Half an event is none.
        if kind != EventKind::Malformed || tail.is_frame {
            self.note(kind, redaction);
        }
        self.release(pieces);
    }

    pub(super) fn end(&mut self, pieces: Pieces<'_>) {
        self.stream.end(&mut self.out);
        self.release(pieces);
    }

    pub(super) fn fail(&mut self, error: &WireError<'_>, pieces: Pieces<'_>) {
        if !std::mem::replace(&mut self.seen.failed, true) {
            self.stream.error(error, &mut self.out);
        }
        self.release(pieces);
    }

    /// Whether the client's stream has ended, so that nothing may follow.
    fn is_over(&self) -> bool {
        self.seen.ended || self.seen.failed || self.seen.broken || self.seen.withheld.is_some()
    }

    fn take(&mut self, frame: Frame<'_>) -> EventKind {
        let heard = self.stream.frame(frame, &mut self.out);
        self.seen.finished |= heard.finished;
        self.seen.usage = *self.stream.usage();
        if heard.kind == EventKind::End {
            self.seen.ended = true;
            self.stream.end(&mut self.out);
        }
        heard.kind
    }

    fn note(&mut self, kind: EventKind, redaction: &Redaction) {
        match kind {
            EventKind::Error(error) if self.withholds => {
                self.seen.withheld = Some(Box::new(Withheld { error, event: None }));
            }
            EventKind::Error(error) => self.tell(&error, redaction),
            EventKind::Malformed => self.seen.broken = true,
            _ => {}
        }
    }

    /// The provider's own error, in the client's format.
    fn tell(&mut self, error: &ProviderError, redaction: &Redaction) {
        self.seen.failed = true;
        let message = redaction.message(error.message.as_deref().unwrap_or("no message"));
        self.stream.error(&error_in(error, None, &message), &mut self.out);
    }
}
