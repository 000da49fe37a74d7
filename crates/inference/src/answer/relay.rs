//! A provider's stream on its way to the client: each frame passes as soon as it is there.
//!
//! The stream ends exactly once. A clean end needs the format's own last event; anything else ends with the format's
//! error event.

mod succession;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use domain::TimeoutStage;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use providers::transport::{BodyError, IncomingBody};
use telemetry::meters::Outcome;
use wire::array;
use wire::framing::{Batch, Splitter};

pub(crate) use self::succession::{Going, GoneOn, Successor};
use domain::RequestId;

use self::succession::{Interlude, Interruption, Succession};
use super::headers::{COST, RESUMED, cost_value};
use super::passage::Passage;
use crate::ending::Ending;
use crate::patience::{Pace, Silence};
use crate::redaction::Redaction;

/// The body of a stream: pieces, and what follows them.
pub(crate) trait Relay: Send {
    /// The next piece for the client; none at the end.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;

    /// What follows the data, once.
    fn take_trailers(&mut self) -> Option<HeaderMap>;

    /// Keeps what it takes to go on with the stream when it breaks off.
    fn resume_by(&mut self, successor: Box<dyn Successor>);
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
    /// What was read before, up to when the client begins to read.
    held: Vec<Batch>,
    ready: VecDeque<Bytes>,
    rest: IncomingBody,
    silence: Silence,
    pace: Option<Box<Pace>>,
    redaction: Redaction,
    /// The account; none while another call is made to go on with the stream.
    ending: Option<Box<Ending>>,
    succession: Option<Box<Succession>>,
    interlude: Option<Interlude>,
    /// How often another went on.
    resumed: u32,
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
        Self {
            passage: start.passage,
            splitter: start.splitter,
            ready: VecDeque::with_capacity(start.held.len().max(1)),
            held: start.held,
            rest: start.rest,
            silence: start.silence,
            pace: start.pace,
            redaction: start.redaction,
            ending: Some(ending),
            succession: None,
            interlude: None,
            resumed: 0,
            array,
            closed: false,
            tells_cost,
        }
    }

    /// Whether the client's events are Tollgate's own, be it since another went on.
    pub(crate) fn is_translated(&self) -> bool {
        matches!(self.passage, Passage::Translated(_))
    }

    /// Lets the client have what was held back. Nobody has seen its errors, so that another may still go on with the stream.
    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.through(|passage, redaction, pieces| passage.release(&held, redaction, pieces));
        // Nothing new, but a frame too large that came right behind the first content is told now.
        self.heard(Bytes::new());
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
                self.broke(error.to_string());
            }
        }
    }

    fn pass(&mut self, batch: &Batch) {
        if let Some(pace) = &mut self.pace {
            pace.heard(batch);
        }
        self.through(|passage, redaction, pieces| passage.pass(batch, redaction, pieces));
        if let Some(withheld) = self.passage.take_withheld() {
            self.interrupted(Interruption::Theirs(withheld));
        } else if self.passage.seen().broken {
            self.broke("the provider's stream holds an event that is not JSON".to_owned());
        } else if self.pace.as_mut().is_some_and(|pace| pace.is_too_slow()) {
            self.fell_silent(TimeoutStage::Throughput);
        }
    }

    /// Lets something through the passage; what comes out is queued.
    fn through(&mut self, pass: impl FnOnce(&mut Passage, &Redaction, &mut dyn FnMut(Bytes))) {
        let Self { passage, redaction, ready, array, succession, .. } = self;
        pass(passage, redaction, &mut |piece| {
            if piece.is_empty() {
                return;
            }
            if let Some(succession) = succession {
                succession.hear(&piece);
            }
            match array {
                Some(array) => array.push(piece, |piece| ready.push_back(piece)),
                None => ready.push_back(piece),
            }
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
            self.broke("the provider closed its stream before the end of the answer".to_owned());
        }
    }

    fn fell_silent(&mut self, stage: TimeoutStage) {
        self.interrupted(Interruption::TimedOut(stage));
    }

    fn broke(&mut self, message: String) {
        self.interrupted(Interruption::Broken(message));
    }

    /// The provider's stream does not come to its end. Another may go on with it.
    fn interrupted(&mut self, why: Interruption) {
        if self.passage.seen().ended {
            // All was said; only the provider's connection lingers, or broke.
            return self.close(Outcome::Done);
        }
        self.account();
        let Self { succession, passage, ending, .. } = self;
        let begun = match succession {
            Some(succession) => succession.begin(passage, why, ending),
            None => Err(why),
        };
        match begun {
            Ok(interlude) => self.interlude = Some(interlude),
            Err(why) => self.fail(why),
        }
    }

    fn fail(&mut self, why: Interruption) {
        let id = self.ending.as_ref().map(|ending| ending.origin.id.clone());
        let refusal = why.refusal();
        let error = refusal.wire_error(id.as_ref().map(RequestId::as_str).unwrap_or_default());
        self.through(|passage, redaction, pieces| match why {
            Interruption::Theirs(withheld) => passage.tell(*withheld, redaction, pieces),
            _ => passage.fail(&error, pieces),
        });
        self.close(Outcome::Failed);
    }

    /// Another provider goes on with the stream, or nobody does.
    fn go_on(&mut self, gone_on: Option<GoneOn>, why: Interruption) {
        let (Some(gone_on), Some(succession)) = (gone_on, &mut self.succession) else {
            return self.fail(why);
        };
        let GoneOn { start, repeats, by, successor } = gone_on;
        let RelayStart { passage, splitter, held, rest, silence, pace, redaction } = *start;
        let Some(source) = passage.source() else { return self.fail(why) };
        let framing = passage.framing();
        let before = std::mem::replace(&mut self.passage, passage);
        self.passage = succession.succeed(before, (source, framing), repeats);
        succession.renew(successor);
        self.ready.extend(succession.mark(&by));
        self.resumed += 1;
        (self.splitter, self.rest, self.redaction) = (splitter, rest, redaction);
        (self.silence, self.pace) = (silence, pace);
        for batch in &held {
            self.through(|passage, redaction, pieces| passage.pass(batch, redaction, pieces));
        }
        self.heard(Bytes::new());
    }

    /// What was used is known when the provider has said that it is done; before, it may have more to charge for.
    fn account(&mut self) {
        let (seen, Some(ending)) = (self.passage.seen(), &mut self.ending) else { return };
        if seen.ended || seen.finished {
            ending.used(&seen.usage);
        } else {
            ending.used_so_far(&seen.usage);
        }
    }

    fn close(&mut self, outcome: Outcome) {
        self.closed = true;
        if let Some(array) = self.array.take() {
            array.finish(|piece| self.ready.push_back(piece));
        }
        self.account();
        if let Some(ending) = &mut self.ending {
            ending.end(outcome);
        }
    }
}

impl Relay for StreamRelay {
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if !self.held.is_empty() {
                self.release();
            }
            if let Some(data) = self.ready.pop_front() {
                return Poll::Ready(Some(data));
            }
            if self.closed {
                return Poll::Ready(None);
            }
            if let Some(interlude) = &mut self.interlude {
                let (ending, gone_on) = ready!(interlude.answer.as_mut().poll(context));
                self.ending = Some(ending);
                if let Some(Interlude { why, .. }) = self.interlude.take() {
                    self.go_on(gone_on, why);
                }
                continue;
            }
            match self.poll_provider(context) {
                Poll::Ready(Some(Ok(frame))) => self.heard(frame.into_data().unwrap_or_default()),
                Poll::Ready(Some(Err(error))) => self.broke(error.to_string()),
                Poll::Ready(None) => self.upstream_ended(),
                Poll::Pending => {
                    let stage = ready!(self.poll_too_long(context));
                    self.fell_silent(stage);
                }
            }
        }
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        let cost = self.ending.as_ref()?.cost().filter(|_| std::mem::take(&mut self.tells_cost))?;
        let resumed = (self.resumed > 0).then(|| (RESUMED, HeaderValue::from(self.resumed)));
        Some([(COST, cost_value(cost))].into_iter().chain(resumed).collect())
    }

    fn resume_by(&mut self, successor: Box<dyn Successor>) {
        self.succession = Some(Box::new(Succession::of(successor)));
        self.passage.withhold_errors();
    }
}

impl Drop for StreamRelay {
    /// A client that leaves has used what was reported so far; one that leaves after the last event has it all.
    fn drop(&mut self) {
        if !self.held.is_empty() {
            self.release();
        }
        self.account();
        if let (true, Some(ending)) = (self.passage.seen().ended, &mut self.ending) {
            ending.end(Outcome::Done);
        }
    }
}
