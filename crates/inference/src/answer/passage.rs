//! What the frames of a provider's stream become on their way: the same bytes, or frames of the client's format.

mod same;
mod translated;

use bytes::Bytes;
use wire::convert::StreamSource;
use wire::formats::{EventKind, ProviderError, Usage, WireError};
use wire::framing::{Batch, Frame, Framing, Tail};

pub(crate) use same::SameFormat;
pub(crate) use translated::Translated;

use crate::redaction::Redaction;

/// A stream's way through.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one, and a box would be one more allocation for each"
)]
pub(crate) enum Passage {
    /// Both sides speak the same format.
    Same(SameFormat),
    /// They speak different ones.
    Translated(Box<Translated>),
}

/// What is known of a stream by what has passed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The tokens used, as reported so far.
    pub(crate) usage: Usage,
    /// The format's last event was seen.
    pub(crate) ended: bool,
    /// A finish reason was seen: providers that never send the last event may end here.
    pub(crate) finished: bool,
    /// The client has been sent an error event.
    pub(crate) failed: bool,
    /// The provider sent something that is no event.
    pub(crate) broken: bool,
    /// The provider's error that the client has not been sent, since somebody may go on with the stream.
    pub(crate) withheld: Option<Box<Withheld>>,
}

/// An error event of a provider that was held back.
#[derive(Debug)]
pub(crate) struct Withheld {
    pub(crate) error: ProviderError,
    /// The event, without the credential, where the client can be sent it as it came.
    pub(crate) event: Option<Bytes>,
}

/// Where pieces for the client go, in order.
pub(crate) type Pieces<'p> = &'p mut dyn FnMut(Bytes);

impl Passage {
    /// What cuts the provider's stream.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Self::Same(same) => same.framing(),
            Self::Translated(translated) => translated.framing(),
        }
    }

    /// What is known of the stream.
    pub(crate) fn seen(&self) -> &Seen {
        match self {
            Self::Same(same) => same.seen(),
            Self::Translated(translated) => translated.seen(),
        }
    }

    /// Takes a frame while the stream is held back. What it says decides; what it becomes is kept.
    pub(crate) fn hold(&mut self, frame: Frame<'_>) -> EventKind {
        match self {
            Self::Same(same) => same.hold(frame),
            Self::Translated(translated) => translated.hold(frame),
        }
    }

    /// Lets the frames go that were held back, `held` as they came.
    pub(crate) fn release(&mut self, held: &[Batch], redaction: &Redaction, pieces: Pieces<'_>) {
        match self {
            Self::Same(same) => held.iter().for_each(|batch| same.pass(batch, redaction, pieces)),
            Self::Translated(translated) => translated.release(pieces),
        }
    }

    /// Holds errors of the provider back, up to [`Self::tell`].
    pub(crate) fn withhold_errors(&mut self) {
        match self {
            Self::Same(same) => same.withhold_errors(),
            Self::Translated(translated) => translated.withhold_errors(),
        }
    }

    /// The error that was held back since the last time.
    pub(crate) fn take_withheld(&mut self) -> Option<Box<Withheld>> {
        match self {
            Self::Same(same) => same.take_withheld(),
            Self::Translated(translated) => translated.take_withheld(),
        }
    }

    /// Ends the client's stream with an error that was held back.
    pub(crate) fn tell(&mut self, withheld: Withheld, redaction: &Redaction, pieces: Pieces<'_>) {
        match self {
            Self::Same(same) => same.tell(withheld, pieces),
            Self::Translated(translated) => translated.tell_withheld(&withheld.error, redaction, pieces),
        }
    }

    /// Where the stream comes from, for who goes on with another by it; none of a stream that is no conversation.
    pub(crate) fn source(&self) -> Option<StreamSource> {
        match self {
            Self::Same(same) => same.source(),
            Self::Translated(translated) => Some(translated.source()),
        }
    }

    /// Passes a batch on.
    pub(crate) fn pass(&mut self, batch: &Batch, redaction: &Redaction, pieces: Pieces<'_>) {
        match self {
            Self::Same(same) => same.pass(batch, redaction, pieces),
            Self::Translated(translated) => translated.pass(batch, redaction, pieces),
        }
    }

    /// What stands after the last frame. Some servers leave the blank line out after their last event; anything else is
    /// half an event and not passed on.
    pub(crate) fn pass_tail(&mut self, tail: Tail, redaction: &Redaction, pieces: Pieces<'_>) {
        // Half a message of Amazon's says nothing.
        if tail.bytes.is_empty() || self.framing() != Framing::ServerSentEvents {
            return;
        }
        match self {
            Self::Same(same) => same.pass_tail(tail, redaction, pieces),
            Self::Translated(translated) => translated.pass_tail(&tail, redaction, pieces),
        }
    }

    /// The provider's stream is over as it should be.
    pub(crate) fn end(&mut self, pieces: Pieces<'_>) {
        if let Self::Translated(translated) = self {
            translated.end(pieces);
        }
    }

    /// Ends the client's stream with the format's own error event, unless there was one.
    pub(crate) fn fail(&mut self, error: &WireError<'_>, pieces: Pieces<'_>) {
        match self {
            Self::Same(same) => same.fail(error, pieces),
            Self::Translated(translated) => translated.fail(error, pieces),
        }
    }
}
