//! Frames as they come, watched for usage, errors and the end.

use bytes::Bytes;
use wire::convert::{Format, StreamSource};
use wire::formats::{EventKind, EventStream, WireError};
use wire::framing::{Batch, Frame, Framing, Tail};

use super::{Pieces, Seen, Withheld};
use crate::redaction::Redaction;

/// A stream between sides of the same format.
pub(crate) struct SameFormat {
    stream: EventStream,
    /// Whether the usage chunk was asked for by Tollgate and is taken out of the client's stream.
    strip_usage: bool,
    /// Whether errors are held back.
    withholds: bool,
    seen: Seen,
    /// Events sent to the client, which Responses numbers.
    events: u64,
}

impl SameFormat {
    pub(crate) fn new(stream: EventStream, strip_usage: bool) -> Self {
        Self { stream, strip_usage, withholds: false, seen: Seen::default(), events: 0 }
    }

    pub(super) fn framing(&self) -> Framing {
        self.stream.framing()
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn hold(&self, frame: Frame<'_>) -> EventKind {
        self.stream.format().inspect(frame).kind
    }

    pub(super) fn withhold_errors(&mut self) {
        self.withholds = true;
    }

    pub(super) fn take_withheld(&mut self) -> Option<Box<Withheld>> {
        self.seen.withheld.take()
    }

    pub(super) fn tell(&mut self, withheld: Withheld, pieces: Pieces<'_>) {
        self.seen.failed = true;
        withheld.event.into_iter().for_each(pieces);
    }

    pub(super) fn source(&self) -> Option<StreamSource> {
        Format::ALL.into_iter().find(|format| format.event_stream() == self.stream).map(StreamSource::of)
    }

    /// All of a batch but usage chunks that nobody asked for, and errors without the credential.
    pub(super) fn pass(&mut self, batch: &Batch, redaction: &Redaction, pieces: Pieces<'_>) {
        let mut from = 0;
        let mut at = 0;
        for frame in batch.frames() {
            let next = at + frame.bytes().len();
            let kind = self.note(frame);
            if let (EventKind::Error(error), true) = (&kind, self.withholds) {
                pieces(batch.bytes.slice(from..at));
                let event = Some(redaction.bytes(batch.bytes.slice(at..next)));
                self.seen.withheld = Some(Box::new(Withheld { error: error.clone(), event }));
                return;
            }
            let instead = match kind {
                EventKind::Usage if self.strip_usage => Some(Bytes::new()),
                EventKind::Error(_) => Some(redaction.bytes(batch.bytes.slice(at..next))),
                _ => None,
            };
            if let Some(instead) = instead {
                pieces(batch.bytes.slice(from..at));
                pieces(instead);
                from = next;
            }
            at = next;
        }
        pieces(batch.bytes.slice(from..at));
    }

    pub(super) fn pass_tail(&mut self, tail: Tail, redaction: &Redaction, pieces: Pieces<'_>) {
        let was_finished = self.seen.finished;
        // Nothing more comes of which this could be held back for.
        self.withholds = false;
        let kind = self.note(Frame::of(Framing::ServerSentEvents, &tail.bytes));
        if kind == EventKind::Usage && self.strip_usage {
            return;
        }
        let is_failure = matches!(kind, EventKind::Error(_));
        let is_last = kind == EventKind::End || is_failure || (self.seen.finished && !was_finished);
        if tail.is_frame || is_last {
            pieces(if is_failure { redaction.bytes(tail.bytes) } else { tail.bytes });
        }
        if is_failure && !tail.is_frame {
            // Without it a client would not see the error, and take the stream for whole.
            pieces(Bytes::from_static(b"\n\n"));
        }
    }

    pub(super) fn fail(&mut self, error: &WireError<'_>, pieces: Pieces<'_>) {
        if !std::mem::replace(&mut self.seen.failed, true) {
            pieces(self.stream.format().error_event(error, self.events));
        }
    }

    /// Takes note of what a frame says.
    fn note(&mut self, frame: Frame<'_>) -> EventKind {
        let said = self.stream.format().glance(frame);
        if let Some(usage) = &said.usage {
            self.seen.usage.merge(usage);
        }
        self.events += u64::from(said.kind != EventKind::Comment);
        self.seen.finished |= said.finished;
        match said.kind {
            EventKind::End => self.seen.ended = true,
            EventKind::Error(_) => self.seen.failed = !self.withholds,
            _ => {}
        }
        said.kind
    }
}
