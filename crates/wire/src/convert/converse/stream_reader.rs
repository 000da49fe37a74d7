//! A provider's stream, message by message. Only calls and pictures say that they begin; texts and thinking begin with their
//! first words (API reference, `ConverseStreamOutput`).

mod picture;

use super::{block_reader, citations, stop, thoughts};
use crate::convert::codec::StreamReader;
use crate::convert::form::{Delta, Foreign, Opening, Place, Step};
use crate::convert::{Format, seal};
use crate::formats::{EventKind, Usage, converse};
use crate::framing::Frame;
use crate::json::{Text, Value};
use picture::Picture;

/// Most blocks of one answer that are open at once.
const OPEN_MAX: usize = 256;

#[derive(Default)]
pub(super) struct Reader {
    open: Vec<Block>,
    picture: Option<Picture>,
    parts: u32,
    has_calls: bool,
    finished: bool,
    has_metadata: bool,
}

/// A block that is not complete.
struct Block {
    /// The number that its messages give it.
    index: u64,
    part: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
    /// What only the same format knows.
    Foreign,
}

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: Steps<'_>) -> EventKind {
        if let Some(error) = converse::failure_of(frame) {
            return EventKind::Error(error);
        }
        let data = frame.data();
        let Ok(event) = Value::parse(&data) else { return EventKind::Malformed };
        let kind = match frame.event().unwrap_or_default() {
            b"messageStart" => {
                steps(Step::Begin { id: None, model: None, created: None });
                Some(EventKind::Preamble)
            }
            b"contentBlockStart" => self.start(&event, steps),
            b"contentBlockDelta" => self.delta(&event, steps),
            b"contentBlockStop" => Some(self.stop(index_of(&event), steps)),
            b"messageStop" => self.message_stop(&event, steps),
            b"metadata" => Some(self.metadata(&event, steps)),
            _ => Some(EventKind::Other),
        };
        kind.unwrap_or(EventKind::Malformed)
    }

    fn finish(&mut self, steps: Steps<'_>) {
        for block in std::mem::take(&mut self.open) {
            close(&block, steps);
        }
    }
}

impl Reader {
    /// A block begins; none where it is not what the format says.
    fn start(&mut self, event: &Value<'_>, steps: Steps<'_>) -> Option<EventKind> {
        let start = event.present("start").filter(|start| start.has_substance());
        let Some(start) = start else { return Some(EventKind::Preamble) };
        let index = index_of(event);
        if let Some(image) = start.present("image") {
            self.picture = Some(Picture::new(index, image));
            return Some(EventKind::Preamble);
        }
        let (kind, opening) = match start.present("toolUse").filter(|call| block_reader::is_for_client(call))
        {
            Some(call) => (Kind::Call, call_of(call)?),
            None => (Kind::Foreign, Opening::Foreign(foreign(start))),
        };
        self.has_calls |= kind == Kind::Call;
        self.open(index, kind, opening, steps)?;
        Some(EventKind::Content)
    }

    fn delta(&mut self, event: &Value<'_>, steps: Steps<'_>) -> Option<EventKind> {
        let (index, delta) = (index_of(event), event.present("delta")?);
        if let Some(image) = delta.present("image") {
            self.picture.as_mut().filter(|picture| picture.index == index)?.add(image)?;
            return Some(EventKind::Preamble);
        }
        let Some((kind, content)) = content_of(delta) else { return Some(EventKind::Preamble) };
        let place = match (kind, self.known(index)) {
            (_, Some((_, Kind::Foreign))) => return Some(EventKind::Preamble),
            (kind, Some((place, known))) if kind == known => place,
            (Kind::Call | Kind::Foreign, _) => return None,
            (kind, _) => {
                self.stop(index, steps);
                let opening = if kind == Kind::Text { Opening::Text } else { Opening::Thought { id: None } };
                self.open(index, kind, opening, steps)?
            }
        };
        steps(Step::Delta(place, content));
        Some(EventKind::Content)
    }

    /// A block is complete, and with it a picture, which the form takes whole.
    fn stop(&mut self, index: u64, steps: Steps<'_>) -> EventKind {
        if let Some(at) = self.open.iter().position(|block| block.index == index) {
            close(&self.open.remove(at), steps);
        }
        match self.picture.take_if(|picture| picture.index == index).and_then(Picture::into_opening) {
            Some(opening) => {
                let place = self.next();
                steps(Step::Open(place, opening));
                steps(Step::Close(place));
                EventKind::Content
            }
            None => EventKind::Preamble,
        }
    }

    fn message_stop(&mut self, event: &Value<'_>, steps: Steps<'_>) -> Option<EventKind> {
        let reason = event.present("stopReason")?.text()?;
        if std::mem::replace(&mut self.finished, true) {
            return Some(EventKind::Other);
        }
        self.finish(steps);
        let fields = event.present("additionalModelResponseFields");
        let sequence = fields.and_then(|fields| fields.at(&["delta", "stop_sequence"])).and_then(Value::text);
        steps(Step::Finish { choice: 0, stop: stop::read(reason, sequence, self.has_calls) });
        Some(if self.has_metadata { EventKind::End } else { EventKind::Content })
    }

    /// What an answer used, usually its last message.
    fn metadata(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        self.has_metadata = true;
        if let Some(usage) = Usage::of_metadata(event) {
            steps(Step::Usage(usage));
        }
        if let Some(tier) = event.at(&["serviceTier", "type"]).and_then(Value::text) {
            steps(Step::ServiceTier(tier));
        }
        if self.finished { EventKind::End } else { EventKind::Preamble }
    }

    fn open(&mut self, index: u64, kind: Kind, opening: Opening<'_>, steps: Steps<'_>) -> Option<Place> {
        if self.open.len() >= OPEN_MAX {
            return None;
        }
        let place = self.next();
        self.open.push(Block { index, part: place.part, kind });
        steps(Step::Open(place, opening));
        Some(place)
    }

    fn known(&self, index: u64) -> Option<(Place, Kind)> {
        let block = self.open.iter().find(|block| block.index == index)?;
        Some((Place { choice: 0, part: block.part }, block.kind))
    }

    fn next(&mut self) -> Place {
        let part = self.parts;
        self.parts = self.parts.saturating_add(1);
        Place { choice: 0, part }
    }
}

/// What a delta adds, and to which kind of part; none for one that is empty or unknown.
fn content_of<'a>(delta: &Value<'a>) -> Option<(Kind, Delta<'a>)> {
    if let Some(text) = filled(delta, "text") {
        return Some((Kind::Text, Delta::Text(text)));
    }
    if let Some(citation) = delta.present("citation") {
        return Some((Kind::Text, Delta::Citation(citations::citation(citation))));
    }
    if let Some(call) = delta.present("toolUse") {
        return Some((Kind::Call, Delta::Input(filled(call, "input")?)));
    }
    let thinking = delta.present("reasoningContent")?;
    let signature =
        || filled(thinking, "signature").map(|data| seal::from_client(data, Format::Converse, false));
    let redacted = || filled(thinking, "redactedContent").map(thoughts::redacted);
    let added = match filled(thinking, "text") {
        Some(text) => Delta::Thinking(text),
        None => Delta::Seal(signature().or_else(redacted)?),
    };
    Some((Kind::Thought, added))
}

fn call_of<'a>(call: &Value<'a>) -> Option<Opening<'a>> {
    let text = |key: &str| call.present(key)?.text();
    Some(Opening::ToolCall { id: text("toolUseId")?, name: text("name")?, is_free_text: false })
}

fn foreign<'a>(start: &Value<'a>) -> Foreign<'a> {
    let kind = start.members().first().map_or("", |(key, _)| key.as_ref());
    Foreign { format: Format::Converse, kind: Text::from(kind.to_owned()), raw: start.raw() }
}

fn close(block: &Block, steps: Steps<'_>) {
    steps(Step::Close(Place { choice: 0, part: block.part }));
}

/// A string that is not empty.
fn filled<'a>(object: &Value<'a>, key: &str) -> Option<Text<'a>> {
    object.present(key)?.text().filter(|text| !text.is_empty())
}

fn index_of(event: &Value<'_>) -> u64 {
    event.get("contentBlockIndex").and_then(Value::as_u64).unwrap_or(0)
}
