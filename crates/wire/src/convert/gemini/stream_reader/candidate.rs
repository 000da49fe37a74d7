//! One candidate of a stream: which of its parts is open, told from what the pieces hold.

use crate::convert::form::{Delta, Foreign, Media, Opening, Part, Place, Seal, Source, Step};
use crate::convert::gemini::call_ids::AnswerIds;
use crate::convert::gemini::part_reader::{self, RawPart};
use crate::convert::gemini::{citations, logprobs, stop};
use crate::convert::read::Path;
use crate::json::{Text, Value};

#[derive(Debug, Default)]
pub(super) struct Candidate {
    open: Option<Open>,
    parts: u32,
    has_calls: bool,
    ended: bool,
}

/// The part that goes on. A text stays so beyond its proof, for its sources come last.
#[derive(Debug)]
struct Open {
    part: u32,
    kind: Kind,
    /// The proof of the thinking before a text, which is told after it.
    seal: Option<Seal<'static>>,
    /// Whether all of a text is ASCII, so that its bytes are its characters.
    is_ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Audio,
}

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl Candidate {
    /// One of which nothing comes any more.
    pub(super) fn ended() -> Self {
        Self { ended: true, ..Self::default() }
    }

    /// Takes a piece; says whether it holds something for a reader, none where it is not what the format says.
    pub(super) fn chunk(
        &mut self,
        number: u32,
        candidate: &Value<'_>,
        ids: &mut AnswerIds,
        steps: Steps<'_>,
    ) -> Option<bool> {
        if self.ended {
            return Some(false);
        }
        let mut says = false;
        for part in candidate.at(&["content", "parts"]).map(Value::elements).unwrap_or_default() {
            says |= self.part(number, part, ids, steps)?;
        }
        says |= self.beside(number, candidate, steps);
        let reason = candidate.present("finishReason").filter(|reason| reason.has_substance());
        if let Some(reason) = reason.and_then(Value::text) {
            self.close(number, steps);
            self.ended = true;
            steps(Step::Finish { choice: number, stop: stop::read(reason, self.has_calls) });
            says = true;
        }
        Some(says)
    }

    /// Closes what is open, and tells the proof that was held back.
    pub(super) fn close(&mut self, number: u32, steps: Steps<'_>) {
        let Some(Open { part, seal, .. }) = self.open.take() else { return };
        steps(Step::Close(Place { choice: number, part }));
        if let Some(seal) = seal {
            self.bare(number, seal, steps);
        }
    }

    fn part(&mut self, number: u32, part: &Value<'_>, ids: &mut AnswerIds, steps: Steps<'_>) -> Option<bool> {
        let mut raw = RawPart::of(part);
        if let Some(call) = raw.call() {
            return self.call(number, call, raw.seal, ids, steps);
        }
        if let Some(text) = raw.text() {
            let kind = if raw.is_thought { Kind::Thought } else { Kind::Text };
            return Some(self.text(number, kind, text, raw.seal, steps));
        }
        let seal = raw.seal.take();
        let read = part_reader::read(part, raw, &Path::ROOT).ok()?;
        let mut says = seal.is_some();
        for part in read {
            says |= self.whole(number, part, steps);
        }
        if let Some(seal) = seal {
            self.close(number, steps);
            self.bare(number, seal, steps);
        }
        Some(says)
    }

    fn text(
        &mut self,
        number: u32,
        kind: Kind,
        text: Text<'_>,
        seal: Option<Seal<'_>>,
        steps: Steps<'_>,
    ) -> bool {
        let says = seal.is_some() || !text.is_empty();
        if !text.is_empty() {
            let place = self.place(number, kind, steps);
            if let Some(open) = &mut self.open {
                open.is_ascii &= text.plain().is_ascii();
            }
            let added = if kind == Kind::Thought { Delta::Thinking(text) } else { Delta::Text(text) };
            steps(Step::Delta(place, added));
        }
        match (&mut self.open, seal) {
            (_, None) => {}
            (Some(Open { part, kind: Kind::Thought, .. }), Some(seal)) if kind == Kind::Thought => {
                steps(Step::Delta(Place { choice: number, part: *part }, Delta::Seal(seal)));
                self.close(number, steps);
            }
            (Some(open @ Open { kind: Kind::Text, seal: None, .. }), Some(seal)) => {
                let data = Text::from(seal.data.into_plain().into_owned());
                open.seal = Some(Seal { data, ..seal });
            }
            (_, Some(seal)) => {
                self.close(number, steps);
                self.bare(number, seal, steps);
            }
        }
        says
    }

    fn call(
        &mut self,
        number: u32,
        call: &Value<'_>,
        seal: Option<Seal<'_>>,
        ids: &mut AnswerIds,
        steps: Steps<'_>,
    ) -> Option<bool> {
        let call = part_reader::call(call, &Path::ROOT).ok()?;
        self.close(number, steps);
        self.has_calls = true;
        let place = self.next(number);
        let id = ids.next(call.id);
        steps(Step::Open(place, Opening::ToolCall { id, name: call.name, is_free_text: false }));
        if let Some(seal) = seal {
            steps(Step::Delta(place, Delta::Seal(seal)));
        }
        steps(Step::Delta(place, Delta::Input(call.input)));
        steps(Step::Close(place));
        Some(true)
    }

    /// A part that comes as a whole; says whether the form can tell it.
    fn whole(&mut self, number: u32, part: Part<'_>, steps: Steps<'_>) -> bool {
        match part {
            Part::Audio(Media { source: Source::Inline(data), .. }) => {
                let place = self.place(number, Kind::Audio, steps);
                steps(Step::Delta(place, Delta::Audio(data)));
                true
            }
            Part::Image(Media { source: Source::Inline(base64), media_type, .. }) => {
                self.at_once(number, Opening::Image { media_type, base64 }, steps)
            }
            Part::Foreign(Foreign { format, kind, raw }) => {
                self.at_once(number, Opening::Foreign(Foreign { format, kind, raw }), steps)
            }
            _ => false,
        }
    }

    fn at_once(&mut self, number: u32, opening: Opening<'_>, steps: Steps<'_>) -> bool {
        self.close(number, steps);
        let place = self.next(number);
        steps(Step::Open(place, opening));
        steps(Step::Close(place));
        true
    }

    /// A proof without words of its own.
    fn bare(&mut self, number: u32, seal: Seal<'_>, steps: Steps<'_>) {
        let place = self.next(number);
        steps(Step::Open(place, Opening::Thought { id: None }));
        steps(Step::Delta(place, Delta::Seal(seal)));
        steps(Step::Close(place));
    }

    /// What stands beside the content: sources, and how likely tokens were.
    fn beside(&mut self, number: u32, candidate: &Value<'_>, steps: Steps<'_>) -> bool {
        let (found, chances) = (citations::read(candidate), logprobs::read(candidate));
        if found.is_empty() && chances.is_empty() {
            return false;
        }
        let place = self.place(number, Kind::Text, steps);
        let is_ascii = self.open.as_ref().is_some_and(|open| open.is_ascii);
        for source in found {
            let mut citation = source.citation;
            citation.span = source.bytes.filter(|_| is_ascii);
            steps(Step::Delta(place, Delta::Citation(citation)));
        }
        if !chances.is_empty() {
            steps(Step::Delta(place, Delta::Logprobs(chances)));
        }
        true
    }

    /// The open part of this kind; opens one when another is open, or none.
    fn place(&mut self, number: u32, kind: Kind, steps: Steps<'_>) -> Place {
        if let Some(open) = self.open.as_ref().filter(|open| open.kind == kind) {
            return Place { choice: number, part: open.part };
        }
        self.close(number, steps);
        let place = self.next(number);
        let opening = match kind {
            Kind::Text => Opening::Text,
            Kind::Thought => Opening::Thought { id: None },
            Kind::Audio => Opening::Audio { id: None },
        };
        steps(Step::Open(place, opening));
        self.open = Some(Open { part: place.part, kind, seal: None, is_ascii: true });
        place
    }

    fn next(&mut self, number: u32) -> Place {
        let part = self.parts;
        self.parts = self.parts.saturating_add(1);
        Place { choice: number, part }
    }
}
