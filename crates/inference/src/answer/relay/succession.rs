//! Who goes on with a stream that breaks off, and what its client has heard until then.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use domain::{ErrorCode, Failure, FailureClass, TimeoutStage};
use wire::convert::{ClientContext, Format, StreamSource, StreamTranslation};
use wire::framing::{Framing, Splitter};

use super::super::passage::{Passage, Translated, Withheld};
use super::RelayStart;
use crate::ending::Ending;
use crate::refusal::Refusal;

/// Most bytes of text that are kept of an answer so that somebody can go on with it.
const SAID_BYTES_MAX: usize = 256 << 10;

/// Finds out who goes on with a stream, by further calls for the same request.
pub(crate) trait Successor: Send {
    /// The client's format.
    fn format(&self) -> Format;

    /// The client's side of the answer.
    fn client(&self) -> ClientContext;

    /// Calls whoever may go on with what was said before the failure; none where nobody does. The account of the request goes along.
    fn go_on(self: Box<Self>, said: String, failure: Failure, ending: Box<Ending>) -> Going;
}

/// The wait for whoever goes on.
pub(crate) type Going = Pin<Box<dyn Future<Output = (Box<Ending>, Option<GoneOn>)> + Send>>;

/// A stream that goes on with another.
pub(crate) struct GoneOn {
    pub(crate) start: Box<RelayStart>,
    /// Whether it may begin with what was said.
    pub(crate) repeats: bool,
    /// Who answers, as `provider/model`.
    pub(crate) by: String,
    /// Who finds the next.
    pub(crate) successor: Box<dyn Successor>,
}

/// Who goes on with a stream.
pub(super) struct Succession {
    /// None while it is at work.
    successor: Option<Box<dyn Successor>>,
    format: Format,
    /// Follows what the client gets, until it is what makes it.
    follower: Option<Follower>,
}

struct Follower {
    translated: Box<Translated>,
    splitter: Splitter,
}

/// The wait for whoever goes on.
pub(super) struct Interlude {
    pub(super) answer: Going,
    pub(super) why: Interruption,
}

/// Why a stream does not come to its end.
pub(super) enum Interruption {
    /// It ran into a limit.
    TimedOut(TimeoutStage),
    /// It broke off.
    Broken(String),
    /// The provider gave up.
    Theirs(Box<Withheld>),
}

impl Interruption {
    /// What the client is told, of what the provider did not say itself.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::TimedOut(stage) => {
                let message = format!("the provider's stream ran into {}", stage.setting());
                Refusal::new(ErrorCode::StreamTimedOut, message)
            }
            Self::Broken(message) => Refusal::new(ErrorCode::StreamBroken, message.clone()),
            Self::Theirs(_) => Refusal::new(ErrorCode::StreamBroken, "the provider gave up"),
        }
    }

    /// What the route decides on.
    fn failure(&self) -> Failure {
        let class = match self {
            Self::TimedOut(stage) => FailureClass::Timeout(*stage),
            Self::Broken(_) => FailureClass::Broken,
            Self::Theirs(_) => FailureClass::Provider,
        };
        Failure::without_status(class, self.refusal().message)
    }
}

impl Succession {
    /// Who goes on with a stream of which the client has not got anything yet.
    pub(super) fn of(successor: Box<dyn Successor>) -> Self {
        let format = successor.format();
        let framing = format.event_stream().framing();
        let following = StreamTranslation::following(format, &successor.client(), SAID_BYTES_MAX);
        let translated = Box::new(Translated::new(following, framing));
        let follower = Some(Follower { translated, splitter: Splitter::new(framing, usize::MAX) });
        Self { successor: Some(successor), format, follower }
    }

    /// The client gets a piece.
    pub(super) fn hear(&mut self, piece: &Bytes) {
        if let Some(Follower { translated, splitter }) = &mut self.follower
            && let Ok(batch) = splitter.push(piece.clone())
        {
            translated.follow(&batch);
        }
    }

    /// Calls whoever goes on; the account comes back with the answer. It is left where nobody could go on.
    pub(super) fn begin(
        &mut self,
        passage: &Passage,
        why: Interruption,
        ending: &mut Option<Box<Ending>>,
    ) -> Result<Interlude, Interruption> {
        let said = match (&self.follower, passage) {
            (Some(follower), _) => follower.translated.said(),
            (None, Passage::Translated(translated)) => translated.said(),
            (None, Passage::Same(_)) => None,
        };
        let Some(said) = said.map(str::to_owned).filter(|_| self.successor.is_some()) else {
            return Err(why);
        };
        match (self.successor.take(), ending.take()) {
            (Some(successor), Some(ending)) => {
                let answer = successor.go_on(said, why.failure(), ending);
                Ok(Interlude { answer, why })
            }
            _ => Err(why),
        }
    }

    /// Another provider goes on: what makes the client's stream of its, in place of what did up to now.
    pub(super) fn succeed(
        &mut self,
        before: Passage,
        next: (StreamSource, Framing),
        repeats: bool,
    ) -> Passage {
        let used = before.seen().usage;
        let mut translated = match (self.follower.take(), before) {
            (Some(follower), _) => follower.translated,
            (None, Passage::Translated(translated)) => translated,
            // Nothing follows it, so nobody was asked to go on.
            (None, same @ Passage::Same(_)) => return same,
        };
        translated.go_on(next, repeats, &used);
        let mut passage = Passage::Translated(translated);
        passage.withhold_errors();
        passage
    }

    /// Another one may go on after this.
    pub(super) fn renew(&mut self, successor: Box<dyn Successor>) {
        self.successor = Some(successor);
    }

    /// What tells the reader of the stream that another goes on, where the format's clients bear it: a comment (WHATWG, "Server-sent events").
    /// Those of Google take every line for an event, and Amazon's messages have none.
    pub(super) fn mark(&self, by: &str) -> Option<Bytes> {
        let bears_comments = self.format != Format::Gemini
            && self.format.event_stream().framing() == Framing::ServerSentEvents;
        let by: String = by.chars().filter(char::is_ascii_graphic).collect();
        bears_comments.then(|| format!(": x-tollgate-resumed: {by}\n\n").into())
    }
}
