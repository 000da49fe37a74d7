//! One item of a stream: which of its parts is open, and what was told of it.

use crate::convert::form::{Delta, Opening, Part, Place, Source, Step, Thought, ToolCall};
use crate::convert::read::Path;
use crate::convert::responses::{answer_reader, content_reader, item_reader};

use crate::json::{Text, Value};

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

/// The parts that were told so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    count: u32,
    /// Whether among them is a call for the client.
    pub(super) calls: bool,
    /// Whether the model declines.
    pub(super) refuses: bool,
}

impl Parts {
    /// Whether nothing was told.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn next(&mut self) -> Place {
        let part = self.count;
        self.count = self.count.saturating_add(1);
        Place { choice: 0, part }
    }

    fn open(&mut self, opening: Opening<'_>, steps: Steps<'_>) -> Place {
        self.calls |= matches!(opening, Opening::ToolCall { .. });
        self.refuses |= matches!(opening, Opening::Refusal);
        let place = self.next();
        steps(Step::Open(place, opening));
        place
    }
}

/// What an item is, as far as its pieces are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Call,
    FreeTextCall,
    /// It is told when it is whole.
    Whole,
}

#[derive(Debug)]
pub(super) struct ItemState {
    kind: Kind,
    id: Option<String>,
    open: Option<Open>,
    /// The parts of its content that have been opened.
    contents: u64,
    /// Whether anything was told of it.
    says: bool,
}

/// The open part of an item.
#[derive(Debug, Clone, Copy)]
struct Open {
    content: u64,
    place: Place,
    /// Whether anything was said in it.
    says: bool,
}

impl ItemState {
    /// An item that begins.
    pub(super) fn of(item: &Value<'_>) -> Self {
        let kind = match item.get("type").and_then(Value::as_str).as_deref() {
            Some("message") => Kind::Message,
            Some("reasoning") => Kind::Reasoning,
            Some("function_call") => Kind::Call,
            Some("custom_tool_call") => Kind::FreeTextCall,
            _ => Kind::Whole,
        };
        let id = item.present("id").and_then(Value::as_str).map(std::borrow::Cow::into_owned);
        Self { kind, id, open: None, contents: 0, says: false }
    }

    /// The item that an event belongs to, when it was not announced; none for an event that says nothing.
    pub(super) fn implied_by(event: &str) -> Option<Self> {
        let kind = match event.split('.').next()? {
            "output_text" | "refusal" | "content_part" => Kind::Message,
            "reasoning_text" | "reasoning_summary_text" | "reasoning_summary_part" => Kind::Reasoning,
            _ => return None,
        };
        Some(Self { kind, id: None, open: None, contents: 0, says: false })
    }

    /// Opens the part of a call, which is known as soon as the item begins.
    pub(super) fn open_call(&mut self, item: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) -> bool {
        if !matches!(self.kind, Kind::Call | Kind::FreeTextCall) || self.open.is_some() {
            return false;
        }
        // What of the input stands here already comes again when the item is done.
        let Ok((_, said)) = item_reader::read(item, &Path::ROOT) else { return false };
        for part in said {
            if let Part::ToolCall(ToolCall { id, name, is_free_text, .. }) = part {
                let place = parts.open(Opening::ToolCall { id, name, is_free_text }, steps);
                self.open = Some(Open { content: 0, place, says: false });
            }
        }
        self.open.is_some()
    }

    /// Takes an event of this item. Says whether it holds something for a reader; none when it is not known.
    pub(super) fn event(
        &mut self,
        name: &str,
        event: &Value<'_>,
        parts: &mut Parts,
        steps: Steps<'_>,
    ) -> Option<bool> {
        let delta = || event.get("delta").and_then(Value::text).filter(|text| !text.is_empty());
        Some(match (self.kind, name) {
            (Kind::Message | Kind::Reasoning, "content_part.added") => self.added(event, parts, steps),
            (Kind::Message, "output_text.delta") => self.text(event, delta(), parts, steps),
            (Kind::Message, "output_text.annotation.added") => self.annotation(event, parts, steps),
            (Kind::Message, "output_text.done") => self.rest(event, "text", Opening::Text, parts, steps),
            (Kind::Message, "refusal.delta") => {
                self.say(event, Opening::Refusal, delta().map(Delta::Text), parts, steps)
            }
            (Kind::Message, "refusal.done") => self.rest(event, "refusal", Opening::Refusal, parts, steps),
            (Kind::Message, "content_part.done") => {
                self.close(steps);
                false
            }
            (Kind::Reasoning, "reasoning_text.delta") => {
                self.think(delta().map(Delta::Thinking), parts, steps)
            }
            (Kind::Reasoning, "reasoning_summary_text.delta") => {
                let paragraph = event.get("summary_index").and_then(Value::as_u64).unwrap_or(0);
                let part = u32::try_from(paragraph).unwrap_or(u32::MAX);
                self.think(delta().map(|text| Delta::Summary { part, text }), parts, steps)
            }
            (Kind::Call, "function_call_arguments.delta")
            | (Kind::FreeTextCall, "custom_tool_call_input.delta") => self.input(delta(), steps),
            (Kind::Call, "function_call_arguments.done") => self.missed_input(event, "arguments", steps),
            (Kind::FreeTextCall, "custom_tool_call_input.done") => self.missed_input(event, "input", steps),
            (Kind::Reasoning, name) if is_end_of_thinking(name) => false,
            _ => return None,
        })
    }

    /// Takes the item as it is in the end: whatever was not told of it is told now.
    pub(super) fn complete(&mut self, item: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) -> bool {
        match self.kind {
            Kind::Message => self.complete_message(item, parts, steps),
            Kind::Reasoning => self.complete_reasoning(item, parts, steps),
            Kind::Call | Kind::FreeTextCall => {
                let key = if self.kind == Kind::Call { "arguments" } else { "input" };
                self.open_call(item, parts, steps);
                self.missed_input(item, key, steps);
            }
            Kind::Whole => {
                for part in whole(item) {
                    tell(part, parts, steps);
                    self.says = true;
                }
            }
        }
        self.close(steps);
        self.says
    }

    /// Closes the open part.
    pub(super) fn close(&mut self, steps: Steps<'_>) {
        if let Some(open) = self.open.take() {
            steps(Step::Close(open.place));
        }
    }

    fn added(&mut self, event: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) -> bool {
        let part = event.get("part");
        let text =
            |key: &str| part.and_then(|part| part.present(key)?.text()).filter(|text| !text.is_empty());
        match part.and_then(|part| part.get("type")?.as_str()).as_deref() {
            Some("output_text") => {
                self.say(event, Opening::Text, text("text").map(Delta::Text), parts, steps)
            }
            Some("refusal") => {
                self.say(event, Opening::Refusal, text("refusal").map(Delta::Text), parts, steps)
            }
            Some("reasoning_text") => self.think(text("text").map(Delta::Thinking), parts, steps),
            _ => false,
        }
    }

    fn text(
        &mut self,
        event: &Value<'_>,
        delta: Option<Text<'_>>,
        parts: &mut Parts,
        steps: Steps<'_>,
    ) -> bool {
        let said = self.say(event, Opening::Text, delta.map(Delta::Text), parts, steps);
        let chances = answer_reader::logprobs(event);
        let told = (!chances.is_empty()).then_some(Delta::Logprobs(chances));
        self.say(event, Opening::Text, told, parts, steps) || said
    }

    fn annotation(&mut self, event: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) -> bool {
        let citation = event.present("annotation").map(content_reader::citation);
        self.say(event, Opening::Text, citation.map(Delta::Citation), parts, steps)
    }

    /// The whole of a text, where no piece of it came before.
    fn rest(
        &mut self,
        event: &Value<'_>,
        key: &str,
        opening: Opening<'_>,
        parts: &mut Parts,
        steps: Steps<'_>,
    ) -> bool {
        let content = content_of(event);
        let is_told = match self.open {
            Some(open) => open.content == content && open.says,
            None => content < self.contents,
        };
        let text = event.get(key).and_then(Value::text).filter(|text| !is_told && !text.is_empty());
        text.is_some_and(|text| self.say(event, opening, Some(Delta::Text(text)), parts, steps))
    }

    /// Says something in the part of the content that an event names, which is opened for it.
    fn say(
        &mut self,
        event: &Value<'_>,
        opening: Opening<'_>,
        delta: Option<Delta<'_>>,
        parts: &mut Parts,
        steps: Steps<'_>,
    ) -> bool {
        let content = content_of(event);
        let place = match self.open {
            Some(open) if open.content == content => open.place,
            _ => {
                self.close(steps);
                let place = parts.open(opening, steps);
                self.contents = self.contents.max(content.saturating_add(1));
                self.open = Some(Open { content, place, says: false });
                place
            }
        };
        self.tell(place, delta, steps)
    }

    fn think(&mut self, delta: Option<Delta<'_>>, parts: &mut Parts, steps: Steps<'_>) -> bool {
        let place = match self.open {
            Some(open) => open.place,
            None => {
                let id = self.id.as_deref().map(Text::from);
                let place = parts.open(Opening::Thought { id }, steps);
                self.open = Some(Open { content: 0, place, says: false });
                place
            }
        };
        self.tell(place, delta, steps)
    }

    fn input(&mut self, delta: Option<Text<'_>>, steps: Steps<'_>) -> bool {
        let Some(open) = self.open else { return false };
        self.tell(open.place, delta.map(Delta::Input), steps)
    }

    fn missed_input(&mut self, event: &Value<'_>, key: &str, steps: Steps<'_>) -> bool {
        let whole = event.get(key).and_then(Value::text).filter(|text| !self.says && !text.is_empty());
        self.input(whole, steps)
    }

    fn tell(&mut self, place: Place, delta: Option<Delta<'_>>, steps: Steps<'_>) -> bool {
        let Some(delta) = delta else { return false };
        self.says = true;
        if let Some(open) = &mut self.open {
            open.says = true;
        }
        steps(Step::Delta(place, delta));
        true
    }

    fn complete_message(&mut self, item: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) {
        let Ok((_, said)) = item_reader::read(item, &Path::ROOT) else { return };
        let told = usize::try_from(self.contents).unwrap_or(usize::MAX);
        for part in said.into_iter().skip(told) {
            self.close(steps);
            tell(part, parts, steps);
            self.says = true;
        }
    }

    fn complete_reasoning(&mut self, item: &Value<'_>, parts: &mut Parts, steps: Steps<'_>) {
        let Ok((_, said)) = item_reader::read(item, &Path::ROOT) else { return };
        // The seal comes at last, whatever was told before.
        let is_told = self.says;
        for part in said {
            let Part::Thought(thought) = part else { continue };
            let (_, deltas) = thinking(thought);
            for delta in deltas.into_iter().filter(|delta| !is_told || matches!(delta, Delta::Seal(_))) {
                self.think(Some(delta), parts, steps);
            }
        }
    }
}

fn content_of(event: &Value<'_>) -> u64 {
    event.get("content_index").and_then(Value::as_u64).unwrap_or(0)
}

/// Events that only repeat what was said.
fn is_end_of_thinking(name: &str) -> bool {
    matches!(
        name,
        "content_part.done"
            | "reasoning_text.done"
            | "reasoning_summary_text.done"
            | "reasoning_summary_part.added"
            | "reasoning_summary_part.done"
    )
}

/// The parts of an item that is told when it is whole.
fn whole<'a>(item: &Value<'a>) -> Vec<Part<'a>> {
    item_reader::read(item, &Path::ROOT).map(|(_, parts)| parts).unwrap_or_default()
}

/// Tells a whole part.
pub(super) fn tell(part: Part<'_>, parts: &mut Parts, steps: Steps<'_>) {
    let (opening, deltas) = match part {
        Part::Text { text, citations, .. } => {
            let cited = citations.into_iter().map(Delta::Citation);
            (Opening::Text, std::iter::once(Delta::Text(text)).chain(cited).collect())
        }
        Part::Refusal(text) => (Opening::Refusal, vec![Delta::Text(text)]),
        Part::ToolCall(call) => {
            let ToolCall { id, name, input, is_free_text, .. } = call;
            (Opening::ToolCall { id, name, is_free_text }, vec![Delta::Input(input)])
        }
        Part::Thought(thought) => thinking(thought),
        Part::Image(media) => match media.source {
            Source::Inline(base64) => (Opening::Image { media_type: media.media_type, base64 }, Vec::new()),
            _ => return,
        },
        Part::Foreign(foreign) => (Opening::Foreign(foreign), Vec::new()),
        Part::Audio(_) | Part::Video(_) | Part::Document(_) | Part::ToolResult(_) => return,
    };
    let place = parts.open(opening, steps);
    deltas.into_iter().for_each(|delta| steps(Step::Delta(place, delta)));
    steps(Step::Close(place));
}

fn thinking<'a>(thought: Thought<'a>) -> (Opening<'a>, Vec<Delta<'a>>) {
    let mut deltas: Vec<Delta<'a>> =
        (0..).zip(thought.summary).map(|(part, text)| Delta::Summary { part, text }).collect();
    deltas.extend(thought.text.map(Delta::Thinking));
    deltas.extend(thought.seal.map(Delta::Seal));
    (Opening::Thought { id: thought.id }, deltas)
}
