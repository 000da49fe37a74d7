//! A provider's stream on its way to the client: each frame passes as soon as it is there.
//!
//! The stream ends exactly once. A clean end needs the format's own last event; anything else ends with the format's
//! error event.

mod pace;
mod silence;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use domain::{ErrorCode, TimeoutStage};
use http::HeaderMap;
use http_body::Body;
use providers::transport::{BodyError, IncomingBody};
use telemetry::meters::Outcome;
use wire::array;
use wire::framing::{Batch, Splitter};

pub(crate) use pace::Pace;
pub(crate) use silence::Silence;

use super::headers::{COST, cost_value};
use super::passage::Passage;
use crate::ending::Ending;
use crate::redaction::Redaction;
use crate::refusal::Refusal;

/// The body of a stream: pieces, and what follows them.
pub(crate) trait Relay: Send {
    /// The next piece for the client; none at the end.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;

    /// What follows the data, once.
    fn take_trailers(&mut self) -> Option<HeaderMap>;
}

/// A stream whose first content has arrived.
pub(crate) struct RelayStart {
    pub(crate) passage: Passage,
    pub(crate) splitter: Splitter,
    /// What was read so far, in whole frames.
    pub(crate) held: Vec<Batch>,
    pub(crate) rest: IncomingBody,
    pub(crate) silence: Silence,
    /// Where the stream has to say something in its time.
    pub(crate) pace: Option<Box<Pace>>,
    pub(crate) redaction: Redaction,
}

/// The relay.
pub(crate) struct StreamRelay {
    passage: Passage,
    splitter: Splitter,
    ready: VecDeque<Bytes>,
    rest: IncomingBody,
    silence: Silence,
    pace: Option<Box<Pace>>,
    redaction: Redaction,
    ending: Box<Ending>,
    /// Writes the client's events as an array, where that is what it asked for.
    array: Option<array::Writer>,
    closed: bool,
    /// Whether the client is told the cost when the stream is over.
    tells_cost: bool,
}

impl StreamRelay {
    /// The relay of a stream, as an array where there is a writer for it, which ends with a trailer when it is to tell
    /// its cost.
    pub(crate) fn new(
        start: RelayStart,
        ending: Box<Ending>,
        array: Option<array::Writer>,
        tells_cost: bool,
    ) -> Self {
        let mut relay = Self {
            passage: start.passage,
            splitter: start.splitter,
            ready: VecDeque::with_capacity(start.held.len().max(1)),
            rest: start.rest,
            silence: start.silence,
            pace: start.pace,
            redaction: start.redaction,
            ending,
            array,
            closed: false,
            tells_cost,
        };
        relay.through(|passage, redaction, pieces| passage.release(&start.held, redaction, pieces));
        // Nothing new, but a frame too large that came right behind the first content is told now.
        relay.heard(Bytes::new());
        relay
    }

    fn poll_provider(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        let Self { rest, pace, .. } = self;
        match pace {
            None => Pin::new(rest).poll_frame(context),
            Some(pace) => pace.wait_for(context, |context| Pin::new(rest).poll_frame(context)),
        }
    }

    /// Ready with the limit that ran out while the provider was waited for.
    fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<TimeoutStage> {
        if let Poll::Ready(stage) = self.silence.poll_broken(context) {
            return Poll::Ready(stage);
        }
        match &mut self.pace {
            None => Poll::Pending,
            Some(pace) => pace.poll_too_slow(context).map(|()| TimeoutStage::Throughput),
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

    fn pass(&mut self, batch: &Batch) {
        if let Some(pace) = &mut self.pace {
            pace.heard(batch);
        }
        self.through(|passage, redaction, pieces| passage.pass(batch, redaction, pieces));
        if self.passage.seen().broken {
            self.broke("the provider's stream holds an event that is not JSON");
        } else if self.pace.as_mut().is_some_and(|pace| pace.is_too_slow()) {
            self.fell_silent(TimeoutStage::Throughput);
        }
    }

    /// Lets something through the passage; what comes out is queued.
    fn through(&mut self, pass: impl FnOnce(&mut Passage, &Redaction, &mut dyn FnMut(Bytes))) {
        let Self { passage, redaction, ready, array, .. } = self;
        let mut queue = |piece: Bytes| {
            if !piece.is_empty() {
                ready.push_back(piece);
            }
        };
        pass(passage, redaction, &mut |piece| match array {
            Some(array) => array.push(piece, &mut queue),
            None => queue(piece),
        });
    }

    /// The provider closed its stream: cleanly when the format's end was seen, or as good as.
    fn upstream_ended(&mut self) {
        let tail = self.splitter.finish();
        self.through(|passage, redaction, pieces| passage.pass_tail(tail, redaction, pieces));
        let seen = self.passage.seen();
        if seen.failed {
            self.close(Outcome::Failed);
        } else if seen.ended || seen.finished {
            self.through(|passage, _, pieces| passage.end(pieces));
            self.close(Outcome::Done);
        } else {
            self.broke("the provider closed its stream before the end of the answer");
        }
    }

    fn fell_silent(&mut self, stage: TimeoutStage) {
        if self.passage.seen().ended {
            // All was said; only the provider's connection lingers.
            return self.close(Outcome::Done);
        }
        let message = format!("the provider's stream ran into {}", stage.setting());
        self.fail(&Refusal::new(ErrorCode::StreamTimedOut, message));
    }

    fn broke(&mut self, message: &str) {
        if self.passage.seen().ended {
            return self.close(Outcome::Done);
        }
        self.fail(&Refusal::new(ErrorCode::StreamBroken, message));
    }

    fn fail(&mut self, refusal: &Refusal) {
        let id = self.ending.origin.id.clone();
        let error = refusal.wire_error(id.as_str());
        self.through(|passage, _, pieces| passage.fail(&error, pieces));
        self.close(Outcome::Failed);
    }

    /// What was used is known when the provider has said that it is done; before, it may have more to charge for.
    fn account(&mut self) {
        let seen = self.passage.seen();
        if seen.ended || seen.finished {
            self.ending.used(&seen.usage);
        } else {
            self.ending.used_so_far(&seen.usage);
        }
    }

    fn close(&mut self, outcome: Outcome) {
        self.closed = true;
        if let Some(array) = self.array.take() {
            array.finish(|piece| self.ready.push_back(piece));
        }
        self.account();
        self.ending.end(outcome);
    }
}

impl Relay for StreamRelay {
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                return Poll::Ready(Some(data));
            }
            if self.closed {
                return Poll::Ready(None);
            }
            match self.poll_provider(context) {
                Poll::Ready(Some(Ok(frame))) => self.heard(frame.into_data().unwrap_or_default()),
                Poll::Ready(Some(Err(error))) => self.broke(&error.to_string()),
                Poll::Ready(None) => self.upstream_ended(),
                Poll::Pending => {
                    let stage = ready!(self.poll_too_long(context));
                    self.fell_silent(stage);
                }
            }
        }
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        let cost = self.ending.cost().filter(|_| std::mem::take(&mut self.tells_cost))?;
        Some(HeaderMap::from_iter([(COST, cost_value(cost))]))
    }
}

impl Drop for StreamRelay {
    /// A client that leaves has used what was reported so far; one that leaves after the last event has it all.
    fn drop(&mut self) {
        self.account();
        if self.passage.seen().ended {
            self.ending.end(Outcome::Done);
        }
    }
}
