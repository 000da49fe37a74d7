//! A provider's SSE stream on its way to the client: frames as they come, watched for usage, errors and the end.
//!
//! The stream ends exactly once. A clean end needs the format's own last event; anything else ends with the format's
//! error event.

mod silence;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::{ErrorCode, TimeoutStage};
use http_body::Body;
use providers::transport::IncomingBody;
use telemetry::meters::Outcome;
use wire::formats::{EventKind, EventStream};
use wire::framing::{Batch, Frame, Framing, Splitter, Tail};

pub(crate) use silence::Silence;

use crate::dialect::usage_of;
use crate::ending::Ending;
use crate::redaction::Redaction;
use crate::refusal::Refusal;

/// A stream whose first content has arrived.
pub(crate) struct RelayStart {
    pub(crate) stream: EventStream,
    pub(crate) splitter: Splitter,
    /// What was read so far, in whole frames.
    pub(crate) held: Vec<Batch>,
    pub(crate) rest: IncomingBody,
    /// Whether the usage chunk was asked for by Tollgate and is taken out of the client's stream.
    pub(crate) strip_usage: bool,
    pub(crate) silence: Silence,
    pub(crate) redaction: Redaction,
}

/// The relay.
pub(crate) struct StreamRelay {
    stream: EventStream,
    splitter: Splitter,
    ready: VecDeque<Bytes>,
    rest: IncomingBody,
    strip_usage: bool,
    silence: Silence,
    redaction: Redaction,
    ending: Ending,
    usage: wire::formats::Usage,
    /// Events sent to the client, which Responses numbers.
    events: u64,
    /// The format's last event was seen.
    ended: bool,
    /// A finish reason was seen: providers that never send the last event may end here.
    finished: bool,
    /// The provider sent the format's error event itself.
    failed: bool,
    closed: bool,
}

impl StreamRelay {
    pub(crate) fn new(start: RelayStart, ending: Ending) -> Self {
        let mut relay = Self {
            stream: start.stream,
            splitter: start.splitter,
            ready: VecDeque::with_capacity(start.held.len()),
            rest: start.rest,
            strip_usage: start.strip_usage,
            silence: start.silence,
            redaction: start.redaction,
            ending,
            usage: wire::formats::Usage::default(),
            events: 0,
            ended: false,
            finished: false,
            failed: false,
            closed: false,
        };
        start.held.iter().for_each(|batch| relay.pass(batch));
        // Nothing new, but a frame too large that came right behind the first content is told now.
        relay.heard(Bytes::new());
        relay
    }

    pub(super) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                return Poll::Ready(Some(data));
            }
            if self.closed {
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.rest).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => self.heard(frame.into_data().unwrap_or_default()),
                Poll::Ready(Some(Err(error))) => self.broke(&error.to_string()),
                Poll::Ready(None) => self.upstream_ended(),
                Poll::Pending => match self.silence.poll_broken(context) {
                    Poll::Ready(stage) => self.fell_silent(stage),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn heard(&mut self, data: Bytes) {
        self.silence.heard();
        match self.splitter.push(data) {
            Ok(batch) => self.pass(&batch),
            Err(error) => {
                self.pass(&error.before);
                self.broke(&error.to_string());
            }
        }
    }

    /// Queues a batch for the client, all of it but usage chunks that nobody asked for, and errors without the
    /// credential.
    fn pass(&mut self, batch: &Batch) {
        let mut from = 0;
        let mut at = 0;
        for frame in batch.frames() {
            let next = at + frame.bytes().len();
            let event = batch.bytes.slice(at..next);
            let instead = match self.note(frame) {
                EventKind::Usage if self.strip_usage => Some(Bytes::new()),
                EventKind::Error(_) => Some(self.redaction.bytes(event)),
                _ => None,
            };
            if let Some(instead) = instead {
                self.queue(batch.bytes.slice(from..at));
                self.queue(instead);
                from = next;
            }
            at = next;
        }
        self.queue(batch.bytes.slice(from..at));
    }

    /// Takes note of what a frame says.
    fn note(&mut self, frame: Frame<'_>) -> EventKind {
        let seen = self.stream.format().glance(frame);
        if let Some(usage) = &seen.usage {
            self.usage.merge(usage);
        }
        self.events += u64::from(seen.kind != EventKind::Comment);
        self.finished |= seen.finished;
        match seen.kind {
            EventKind::End => self.ended = true,
            EventKind::Error(_) => self.failed = true,
            _ => {}
        }
        seen.kind
    }

    fn queue(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.ready.push_back(bytes);
        }
    }

    /// The provider closed its stream: cleanly when the format's end was seen, or as good as.
    fn upstream_ended(&mut self) {
        let tail = self.splitter.finish();
        // Half a message of Amazon's says nothing.
        if !tail.bytes.is_empty() && self.stream.framing() == Framing::ServerSentEvents {
            self.pass_tail(tail);
        }
        if self.failed {
            self.close(Outcome::Failed);
        } else if self.ended || self.finished {
            self.close(Outcome::Done);
        } else {
            self.broke("the provider closed its stream before the end of the answer");
        }
    }

    /// What stands after the last blank line. Some servers leave that line out after their last event; anything else is
    /// half an event and not passed on.
    fn pass_tail(&mut self, tail: Tail) {
        let was_finished = self.finished;
        let kind = self.note(Frame::of(Framing::ServerSentEvents, &tail.bytes));
        if kind == EventKind::Usage && self.strip_usage {
            return;
        }
        let is_failure = matches!(kind, EventKind::Error(_));
        let is_last = kind == EventKind::End || is_failure || (self.finished && !was_finished);
        if tail.is_frame || is_last {
            self.queue(if is_failure { self.redaction.bytes(tail.bytes) } else { tail.bytes });
        }
        if is_failure && !tail.is_frame {
            // Without it a client would not see the error, and take the stream for whole.
            self.queue(Bytes::from_static(b"\n\n"));
        }
    }

    fn fell_silent(&mut self, stage: TimeoutStage) {
        if self.ended {
            // All was said; only the provider's connection lingers.
            return self.close(Outcome::Done);
        }
        let message = format!("the provider's stream ran into {}", stage.setting());
        self.fail(&Refusal::new(ErrorCode::StreamTimedOut, message));
    }

    fn broke(&mut self, message: &str) {
        if self.ended {
            return self.close(Outcome::Done);
        }
        self.fail(&Refusal::new(ErrorCode::StreamBroken, message));
    }

    /// Ends the stream with the format's own error event, unless the provider has sent one.
    fn fail(&mut self, refusal: &Refusal) {
        if !self.failed {
            let error = refusal.wire_error(self.ending.origin.id.as_str());
            self.ready.push_back(self.stream.format().error_event(&error, self.events));
        }
        self.close(Outcome::Failed);
    }

    fn close(&mut self, outcome: Outcome) {
        self.closed = true;
        self.ending.used(usage_of(&self.usage));
        self.ending.end(outcome);
    }
}

impl Drop for StreamRelay {
    /// A client that leaves has used what was reported so far; one that leaves after the last event has it all.
    fn drop(&mut self) {
        self.ending.used(usage_of(&self.usage));
        if self.ended {
            self.ending.end(Outcome::Done);
        }
    }
}
