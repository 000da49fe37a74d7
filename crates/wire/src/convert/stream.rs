//! The way back of a streamed answer: the provider's frames in, the client's frames out.

use std::fmt;

use super::codec::{StreamReader, StreamWriter};
use super::form::{Opening, Step};
use super::identifier::ChangedNames;
use crate::formats::{EventKind, Usage, WireError};
use crate::framing::Frame;

/// What a frame of the provider was.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What it is for the relay.
    pub kind: EventKind,
    /// Whether every choice has said why it ends.
    pub finished: bool,
}

/// One stream on its way from a provider's format to a client's.
pub struct StreamTranslation {
    reader: Box<dyn StreamReader>,
    writer: Box<dyn StreamWriter>,
    names: ChangedNames,
    usage: Usage,
    finished: bool,
    ended: bool,
}

impl StreamTranslation {
    pub(super) fn new(
        reader: Box<dyn StreamReader>,
        writer: Box<dyn StreamWriter>,
        names: ChangedNames,
    ) -> Self {
        Self { reader, writer, names, usage: Usage::default(), finished: false, ended: false }
    }

    /// Takes a frame of the provider and appends what the client gets for it. The regular end of the provider's stream
    /// writes nothing yet; [`Self::end`] does.
    pub fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Heard {
        let Self { reader, writer, names, usage, finished, .. } = self;
        let kind = reader.read(frame, &mut |step| pass(step, names, usage, finished, writer.as_mut(), out));
        Heard { kind, finished: *finished }
    }

    /// Ends the client's stream regularly, once.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Self { reader, writer, names, usage, finished, .. } = self;
        reader.finish(&mut |step| pass(step, names, usage, finished, writer.as_mut(), out));
        writer.end(out);
    }

    /// Ends the client's stream with an error, unless it has ended.
    pub fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.writer.error(error, out);
        }
    }

    /// What the provider has reported so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }
}

fn pass(
    step: Step<'_>,
    names: &ChangedNames,
    usage: &mut Usage,
    finished: &mut bool,
    writer: &mut dyn StreamWriter,
    out: &mut Vec<u8>,
) {
    match step {
        Step::Usage(reported) => {
            usage.merge(&reported);
            writer.write(Step::Usage(*usage), out);
        }
        Step::Open(place, Opening::ToolCall { id, name, is_free_text }) => {
            let name = names.restored(name);
            writer.write(Step::Open(place, Opening::ToolCall { id, name, is_free_text }), out);
        }
        Step::Finish { .. } => {
            *finished = true;
            writer.write(step, out);
        }
        step => writer.write(step, out),
    }
}

impl fmt::Debug for StreamTranslation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StreamTranslation")
            .field("usage", &self.usage)
            .field("finished", &self.finished)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
