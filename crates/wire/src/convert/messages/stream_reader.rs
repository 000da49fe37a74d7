//! A provider's stream, event by event.

use super::block_reader;
use super::stop;
use crate::convert::codec::StreamReader;
use crate::convert::form::{Delta, Foreign, Opening, Place, Seal, Step};
use crate::convert::{Format, seal};
use crate::formats::{EventKind, ProviderError, Usage};
use crate::framing::Frame;
use crate::json::{Text, Value};

/// Most blocks of one answer that are followed.
const BLOCKS_MAX: usize = 4_096;

#[derive(Default)]
pub(super) struct Reader {
    /// The part of each open block, by the number that its events give it.
    open: Vec<(u64, u32)>,
    parts: u32,
    finished: bool,
}

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: Steps<'_>) -> EventKind {
        if frame.is_comment_only() {
            return EventKind::Comment;
        }
        let data = frame.data();
        let Ok(event) = Value::parse(&data) else { return EventKind::Malformed };
        let in_event = frame.event().and_then(|name| std::str::from_utf8(name).ok());
        let in_data = event.get("type").and_then(Value::as_str);
        match in_data.as_deref().or(in_event).unwrap_or_default() {
            "message_start" => self.start(&event, steps),
            "content_block_start" => self.open(&event, steps),
            "content_block_delta" => self.delta(&event, steps),
            "content_block_stop" => self.close(&event, steps),
            "message_delta" => self.message_delta(&event, steps),
            "message_stop" => EventKind::End,
            "ping" => EventKind::Preamble,
            "error" => EventKind::Error(ProviderError::of(&event)),
            _ => EventKind::Other,
        }
    }

    fn finish(&mut self, steps: Steps<'_>) {
        for (_, part) in std::mem::take(&mut self.open) {
            steps(Step::Close(Place { choice: 0, part }));
        }
    }
}

impl Reader {
    fn start(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let message = event.get("message");
        let text = |key: &str| message.and_then(|message| message.present(key)?.text());
        steps(Step::Begin { id: text("id"), model: text("model"), created: None });
        let usage = message.and_then(|message| message.get("usage"));
        if let Some(usage) = usage.and_then(Usage::of_anthropic) {
            steps(Step::Usage(usage));
        }
        if let Some(tier) = usage.and_then(|usage| usage.present("service_tier")?.text()) {
            steps(Step::ServiceTier(tier));
        }
        EventKind::Preamble
    }

    fn open(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let Some(block) = event.get("content_block").filter(|_| self.open.len() < BLOCKS_MAX) else {
            return EventKind::Preamble;
        };
        let place = Place { choice: 0, part: self.parts };
        self.parts = self.parts.saturating_add(1);
        self.open.push((index_of(event), place.part));
        let text = |key: &str| block.present(key).and_then(Value::text);
        let filled = |key: &str| text(key).filter(|text| !text.is_empty());
        let kind = text("type").unwrap_or(Text::from(""));
        match kind.plain().as_ref() {
            "text" => {
                steps(Step::Open(place, Opening::Text));
                return told(filled("text").map(Delta::Text), place, steps);
            }
            "thinking" => {
                steps(Step::Open(place, Opening::Thought { id: None }));
                return told(filled("thinking").map(Delta::Thinking), place, steps);
            }
            "redacted_thinking" => {
                steps(Step::Open(place, Opening::Thought { id: None }));
                let seal =
                    text("data").map(|data| Seal { format: Format::Messages, data, is_redacted: true });
                return told(seal.map(Delta::Seal), place, steps);
            }
            "tool_use" => steps(Step::Open(
                place,
                Opening::ToolCall {
                    id: text("id").unwrap_or(Text::from("")),
                    name: text("name").unwrap_or(Text::from("")),
                    is_free_text: false,
                },
            )),
            _ => {
                let foreign = Foreign { format: Format::Messages, kind: kind.clone(), raw: block.raw() };
                steps(Step::Open(place, Opening::Foreign(foreign)));
            }
        }
        EventKind::Content
    }

    fn delta(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let (Some(part), Some(delta)) = (self.part(index_of(event)), event.get("delta")) else {
            return EventKind::Other;
        };
        let place = Place { choice: 0, part };
        let text = |key: &str| delta.present(key).and_then(Value::text).filter(|text| !text.is_empty());
        let told = match delta.get("type").and_then(Value::as_str).as_deref() {
            Some("text_delta") => text("text").map(Delta::Text),
            Some("thinking_delta") => text("thinking").map(Delta::Thinking),
            Some("input_json_delta") => text("partial_json").map(Delta::Input),
            Some("signature_delta") => {
                text("signature").map(|data| Delta::Seal(seal::from_client(data, Format::Messages, false)))
            }
            Some("citations_delta") => {
                delta.get("citation").map(|citation| Delta::Citation(block_reader::citation(citation)))
            }
            _ => None,
        };
        if let Some(delta) = told {
            steps(Step::Delta(place, delta));
        }
        EventKind::Content
    }

    fn close(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let index = index_of(event);
        if let Some(at) = self.open.iter().position(|(known, _)| *known == index) {
            let (_, part) = self.open.remove(at);
            steps(Step::Close(Place { choice: 0, part }));
        }
        EventKind::Preamble
    }

    fn message_delta(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        if let Some(usage) = event.get("usage").and_then(Usage::of_anthropic) {
            steps(Step::Usage(usage));
        }
        let text = |key: &str| event.at(&["delta", key]).and_then(Value::text);
        let Some(reason) = text("stop_reason").filter(|_| !self.finished) else { return EventKind::Other };
        self.finished = true;
        self.finish(steps);
        steps(Step::Finish { choice: 0, stop: stop::read(reason, text("stop_sequence")) });
        EventKind::Content
    }

    fn part(&self, index: u64) -> Option<u32> {
        self.open.iter().find(|(known, _)| *known == index).map(|(_, part)| *part)
    }
}

/// A block may begin with something in it.
fn told(delta: Option<Delta<'_>>, place: Place, steps: Steps<'_>) -> EventKind {
    let Some(delta) = delta else { return EventKind::Preamble };
    steps(Step::Delta(place, delta));
    EventKind::Content
}

fn index_of(event: &Value<'_>) -> u64 {
    event.get("index").and_then(Value::as_u64).unwrap_or(0)
}
