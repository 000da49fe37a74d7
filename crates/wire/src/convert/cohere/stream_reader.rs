//! A provider's stream, event by event.

use super::message_reader::is_nothing;
use super::{citation_reader, logprobs, stop};
use crate::convert::Format;
use crate::convert::codec::StreamReader;
use crate::convert::form::{Delta, Foreign, Opening, Place, Step};
use crate::formats::{EventKind, Usage, cohere};
use crate::framing::Frame;
use crate::json::{Text, Value};

/// The data that ends the stream after `message-end`.
const DONE: &[u8] = b"[DONE]";

#[derive(Default)]
pub(super) struct Reader {
    begun: bool,
    open: Option<Open>,
    parts: u32,
    has_calls: bool,
    ended: bool,
}

/// The part that is open. A text stays so beyond its end, for its citations may come after it.
#[derive(Debug, Clone, Copy)]
struct Open {
    part: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Plan,
    /// A call, and whether any of its arguments has come.
    Call(bool),
    Foreign,
}

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: Steps<'_>) -> EventKind {
        if frame.is_comment_only() {
            return EventKind::Comment;
        }
        let data = frame.data();
        if data.trim_ascii() == DONE {
            return EventKind::End;
        }
        if data.is_empty() {
            return EventKind::Other;
        }
        let Ok(event) = Value::parse(&data) else { return EventKind::Malformed };
        let in_event = frame.event().and_then(|name| std::str::from_utf8(name).ok());
        let in_data = event.get("type").and_then(Value::as_str);
        self.event(in_data.as_deref().or(in_event).unwrap_or_default(), &event, steps)
    }

    fn finish(&mut self, steps: Steps<'_>) {
        self.close(steps);
    }
}

impl Reader {
    fn event(&mut self, name: &str, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        if self.ended {
            return EventKind::Other;
        }
        match name {
            "message-start" => self.begin(event, steps),
            "content-start" => self.start_content(event, steps),
            "content-delta" => self.add_content(event, steps),
            "content-end" => self.end_content(steps),
            "tool-plan-delta" => self.add_plan(event, steps),
            "tool-call-start" => self.start_call(event, steps),
            "tool-call-delta" => self.add_input(event, steps),
            "tool-call-end" => self.end_call(steps),
            "citation-start" => self.cite(event, steps),
            "citation-end" => EventKind::Preamble,
            "message-end" => self.end(event, steps),
            _ => match cohere::error_of(event) {
                Some(error) => EventKind::Error(error),
                None => EventKind::Other,
            },
        }
    }

    fn begin(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        if !std::mem::replace(&mut self.begun, true) {
            let id = event.present("id").and_then(Value::text);
            steps(Step::Begin { id, model: None, created: None });
        }
        EventKind::Preamble
    }

    fn start_content(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        self.close(steps);
        let Some(content) = event.at(&["delta", "message", "content"]) else { return EventKind::Preamble };
        match content.get("type").and_then(Value::as_str).as_deref() {
            Some("text") => drop(self.start(Kind::Text, Opening::Text, steps)),
            Some("thinking") => drop(self.start(Kind::Thinking, Opening::Thought { id: None }, steps)),
            Some(kind) => {
                let kind = Text::from(kind.to_owned());
                let foreign = Foreign { format: Format::Cohere, kind, raw: content.raw() };
                self.start(Kind::Foreign, Opening::Foreign(foreign), steps);
                return EventKind::Content;
            }
            // Without a type it follows from what comes.
            None => {}
        }
        self.add_words(content, steps)
    }

    fn add_content(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let kind = match event.at(&["delta", "message", "content"]) {
            Some(content) => self.add_words(content, steps),
            None => EventKind::Preamble,
        };
        let chances = event.present("logprobs").map(logprobs::read).unwrap_or_default();
        if chances.is_empty() {
            return kind;
        }
        let place = self.place(Kind::Text, steps);
        steps(Step::Delta(place, Delta::Logprobs(chances)));
        EventKind::Content
    }

    fn add_words(&mut self, content: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let filled = |key: &str| content.present(key).and_then(Value::text).filter(|text| !text.is_empty());
        let (thinking, text) = (filled("thinking"), filled("text"));
        if thinking.is_none() && text.is_none() {
            return EventKind::Preamble;
        }
        if let Some(thinking) = thinking {
            let place = self.place(Kind::Thinking, steps);
            steps(Step::Delta(place, Delta::Thinking(thinking)));
        }
        if let Some(text) = text {
            let place = self.place(Kind::Text, steps);
            steps(Step::Delta(place, Delta::Text(text)));
        }
        EventKind::Content
    }

    fn end_content(&mut self, steps: Steps<'_>) -> EventKind {
        if self.open.is_some_and(|open| open.kind != Kind::Text) {
            self.close(steps);
        }
        EventKind::Preamble
    }

    fn add_plan(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let plan = event.at(&["delta", "message", "tool_plan"]).and_then(Value::text);
        let Some(plan) = plan.filter(|plan| !plan.is_empty()) else { return EventKind::Preamble };
        let place = self.place(Kind::Plan, steps);
        steps(Step::Delta(place, Delta::Text(plan)));
        EventKind::Content
    }

    fn start_call(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        self.close(steps);
        let call = event.at(&["delta", "message", "tool_calls"]);
        let text = |path: &[&str]| call.and_then(|call| call.at(path)?.text());
        let opening = Opening::ToolCall {
            id: text(&["id"]).unwrap_or_else(|| Text::from(format!("call_{}", self.parts))),
            name: text(&["function", "name"]).unwrap_or(Text::from("")),
            is_free_text: false,
        };
        self.has_calls = true;
        self.start(Kind::Call(false), opening, steps);
        self.input(call, steps);
        EventKind::Content
    }

    fn add_input(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        self.input(event.at(&["delta", "message", "tool_calls"]), steps)
    }

    fn input(&mut self, call: Option<&Value<'_>>, steps: Steps<'_>) -> EventKind {
        let input = call.and_then(|call| call.at(&["function", "arguments"])?.text());
        let Some(Open { part, kind: Kind::Call(has_input) }) = self.open else { return EventKind::Other };
        let Some(input) = input.filter(|input| has_input || !is_nothing(input)) else {
            return EventKind::Preamble;
        };
        self.open = Some(Open { part, kind: Kind::Call(true) });
        steps(Step::Delta(Place { choice: 0, part }, Delta::Input(input)));
        EventKind::Content
    }

    /// A call without arguments gets the object that every other format has for it.
    fn end_call(&mut self, steps: Steps<'_>) -> EventKind {
        if let Some(Open { kind: Kind::Call(_), .. }) = self.open {
            self.close(steps);
        }
        EventKind::Preamble
    }

    fn cite(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let Some(Open { part, kind: kind @ (Kind::Text | Kind::Plan) }) = self.open else {
            return EventKind::Preamble;
        };
        let citation = event.at(&["delta", "message", "citations"]);
        let citation = citation.filter(|citation| citation_reader::is_of(citation, kind == Kind::Plan));
        let citations = citation.map(citation_reader::read).unwrap_or_default();
        if citations.is_empty() {
            return EventKind::Preamble;
        }
        for citation in citations {
            steps(Step::Delta(Place { choice: 0, part }, Delta::Citation(citation)));
        }
        EventKind::Content
    }

    fn end(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        if let Some(usage) = event.at(&["delta", "usage"]).and_then(Usage::of_cohere) {
            steps(Step::Usage(usage));
        }
        self.ended = true;
        if let Some(error) = cohere::failure_of(event) {
            return EventKind::Error(error);
        }
        self.close(steps);
        let reason = event.at(&["delta", "finish_reason"]).and_then(Value::text);
        steps(Step::Finish { choice: 0, stop: stop::read(reason, self.has_calls) });
        EventKind::End
    }

    /// The open part of this kind; opens one when another is open, or none.
    fn place(&mut self, kind: Kind, steps: Steps<'_>) -> Place {
        if let Some(Open { part, kind: open }) = self.open
            && open == kind
        {
            return Place { choice: 0, part };
        }
        self.close(steps);
        let opening = if kind == Kind::Thinking { Opening::Thought { id: None } } else { Opening::Text };
        self.start(kind, opening, steps)
    }

    fn start(&mut self, kind: Kind, opening: Opening<'_>, steps: Steps<'_>) -> Place {
        let place = Place { choice: 0, part: self.parts };
        self.parts = self.parts.saturating_add(1);
        self.open = Some(Open { part: place.part, kind });
        steps(Step::Open(place, opening));
        place
    }

    fn close(&mut self, steps: Steps<'_>) {
        let Some(Open { part, kind }) = self.open.take() else { return };
        let place = Place { choice: 0, part };
        if kind == Kind::Call(false) {
            steps(Step::Delta(place, Delta::Input(Text::from("{}"))));
        }
        steps(Step::Close(place));
    }
}
