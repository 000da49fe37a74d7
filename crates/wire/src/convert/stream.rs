//! The way back of a streamed answer: the provider's frames in, the client's frames out.

use std::fmt;

use super::Format;
use super::client::ClientContext;
use super::codec::{StreamReader, StreamWriter};
use super::form::{Delta, Opening, Place, Seal, Step};
use super::identifier::ChangedNames;
use super::seam::Seam;
use super::transcript::Transcript;
use crate::formats::{EventKind, Usage, WireError};
use crate::framing::Frame;
use crate::json::Text;

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
    source: StreamSource,
    reader: Box<dyn StreamReader>,
    writer: Box<dyn StreamWriter>,
    passage: Passage,
    ended: bool,
}

/// Where a stream comes from.
#[derive(Debug, Clone)]
pub struct StreamSource {
    pub(super) format: Format,
    pub(super) names: ChangedNames,
}

impl StreamSource {
    /// A stream in answer to a request that was not translated.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self { format, names: ChangedNames::default() }
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }
}

/// What is remembered of the steps on their way.
struct Passage {
    names: ChangedNames,
    /// What the providers reported that broke off before.
    before: Usage,
    usage: Usage,
    finished: bool,
    /// The paragraph of a summary that was told last.
    paragraph: Option<(Place, u32)>,
    /// Calls that are open, with the proof of the thinking before them where their writer has no place for it.
    calls: Vec<(Place, Option<Seal<'static>>)>,
    /// How many such proofs were told as thinking of their own.
    seals: u32,
    /// What was said, and how many bytes of it are kept at most, where somebody may go on with it.
    transcript: Option<(Transcript, usize)>,
    /// Where the provider goes on with another's answer.
    seam: Option<Seam>,
}

impl StreamTranslation {
    pub(super) fn new(source: StreamSource, writer: Box<dyn StreamWriter>) -> Self {
        let reader = source.format.codec().stream_reader();
        let passage = Passage {
            names: source.names.clone(),
            before: Usage::default(),
            usage: Usage::default(),
            finished: false,
            paragraph: None,
            calls: Vec::new(),
            seals: 0,
            transcript: None,
            seam: None,
        };
        Self { source, reader, writer, passage, ended: false }
    }

    /// What follows a stream that its client gets from elsewhere, so that another provider can go on where it breaks off. It knows what was
    /// said up to a number of bytes.
    #[must_use]
    pub fn following(format: Format, client: &ClientContext, said_bytes_max: usize) -> Self {
        let mut following = Self::new(StreamSource::of(format), format.codec().stream_writer(client));
        following.passage.transcript = Some((Transcript::Silent, said_bytes_max));
        following
    }

    /// Follows a frame that the client got from elsewhere. What it would have got for it from here goes to `unheard`.
    pub fn follow(&mut self, frame: Frame<'_>, unheard: &mut Vec<u8>) {
        self.frame(frame, unheard);
        self.writer.follow(frame);
    }

    /// What was said, where another provider could go on with it.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        let (transcript, _) = self.passage.transcript.as_ref()?;
        transcript.open().map(|(_, said)| said).filter(|_| !self.ended && self.writer.may_go_on())
    }

    /// Another provider goes on with what was said. `repeats` where it may say that again first; `used` is what the one before has reported.
    pub fn go_on(&mut self, source: StreamSource, repeats: bool, used: &Usage) {
        let Self { reader, passage, .. } = self;
        let Some((place, said)) = passage.transcript.as_ref().and_then(|(transcript, _)| transcript.open())
        else {
            return;
        };
        passage.seam = Some(Seam::new(place, said, repeats));
        passage.before.add(used);
        passage.usage = Usage::default();
        passage.names = source.names.clone();
        *reader = source.format.codec().stream_reader();
        self.source = source;
    }

    /// Where the stream comes from.
    #[must_use]
    pub fn source(&self) -> &StreamSource {
        &self.source
    }

    /// Takes a frame of the provider and appends what the client gets for it. The regular end of the provider's stream
    /// writes nothing yet; [`Self::end`] does.
    pub fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Heard {
        let Self { reader, writer, passage, .. } = self;
        let kind = reader.read(frame, &mut |step| passage.pass(step, writer.as_mut(), out));
        Heard { kind, finished: passage.finished }
    }

    /// Ends the client's stream regularly, once.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Self { reader, writer, passage, .. } = self;
        reader.finish(&mut |step| passage.pass(step, writer.as_mut(), out));
        writer.end(out);
    }

    /// Ends the client's stream with an error, unless it has ended.
    pub fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.writer.error(error, out);
        }
    }

    /// What the provider has reported so far; of several that went on, the last.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.passage.usage
    }
}

impl Passage {
    fn pass(&mut self, step: Step<'_>, writer: &mut dyn StreamWriter, out: &mut Vec<u8>) {
        match self.seam.take() {
            None => self.tell(step, writer, out),
            Some(mut seam) => {
                seam.pass(step, &mut |step| self.tell(step, writer, out));
                self.seam = Some(seam);
            }
        }
    }

    fn tell(&mut self, step: Step<'_>, writer: &mut dyn StreamWriter, out: &mut Vec<u8>) {
        if let Some((transcript, bytes_max)) = &mut self.transcript {
            transcript.note(&step, *bytes_max);
        }
        match step {
            Step::Usage(reported) => {
                self.usage.merge(&reported);
                let mut all = self.before;
                all.add(&self.usage);
                writer.write(Step::Usage(all), out);
            }
            Step::Open(place, Opening::ToolCall { id, name, is_free_text }) => {
                let name = self.names.restored(name);
                if !writer.seals_calls() {
                    self.calls.push((place, None));
                }
                writer.write(Step::Open(place, Opening::ToolCall { id, name, is_free_text }), out);
            }
            Step::Delta(place, Delta::Summary { part, text }) if !writer.sums_up() => {
                let last = self.paragraph.replace((place, part));
                if last.is_some_and(|last| last.0 == place && last.1 != part) {
                    let between = Delta::Thinking(Text::from("\n\n"));
                    writer.write(Step::Delta(place, between), out);
                }
                writer.write(Step::Delta(place, Delta::Thinking(text)), out);
            }
            Step::Delta(place, Delta::Seal(seal)) if self.is_call(place) => self.keep(place, seal),
            Step::Close(place) => {
                writer.write(Step::Close(place), out);
                self.tell_seal(place, writer, out);
            }
            Step::Finish { .. } => {
                self.finished = true;
                writer.write(step, out);
            }
            step => writer.write(step, out),
        }
    }

    fn is_call(&self, place: Place) -> bool {
        self.calls.iter().any(|(call, _)| *call == place)
    }

    fn keep(&mut self, place: Place, seal: Seal<'_>) {
        if let Some((_, kept)) = self.calls.iter_mut().find(|(call, _)| *call == place) {
            *kept = Some(Seal { data: Text::from(seal.data.into_plain().into_owned()), ..seal });
        }
    }

    /// The proof of a call, after it and as a part of its own. Its number is one that no other part has.
    fn tell_seal(&mut self, place: Place, writer: &mut dyn StreamWriter, out: &mut Vec<u8>) {
        let Some(at) = self.calls.iter().position(|(call, _)| *call == place) else { return };
        let (_, Some(seal)) = self.calls.remove(at) else { return };
        self.seals = self.seals.saturating_add(1);
        let place = Place { choice: place.choice, part: u32::MAX - self.seals };
        writer.write(Step::Open(place, Opening::Thought { id: None }), out);
        writer.write(Step::Delta(place, Delta::Seal(seal)), out);
        writer.write(Step::Close(place), out);
    }
}

impl fmt::Debug for StreamTranslation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StreamTranslation")
            .field("usage", &self.passage.usage)
            .field("finished", &self.passage.finished)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
