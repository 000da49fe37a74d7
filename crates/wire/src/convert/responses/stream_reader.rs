//! A provider's stream, event by event. Compatible servers leave out much of what OpenAI sends: a delta may come without the
//! item that it belongs to, an item without any delta, and the output only with the last event.

mod item;

use std::borrow::Cow;

use self::item::{ItemState, Parts, tell};
use super::{answer_reader, stop};
use crate::convert::codec::StreamReader;
use crate::convert::form::Step;
use crate::formats::{EventKind, ProviderError, Usage};
use crate::framing::Frame;
use crate::json::Value;

/// Most items that are open at once; OpenAI opens one after the other.
const ITEMS_MAX: usize = 256;

#[derive(Default)]
pub(super) struct Reader {
    begun: bool,
    /// The open items, by the number that their events give them.
    items: Vec<(u64, ItemState)>,
    parts: Parts,
    finished: bool,
}

/// Where the steps of a stream go.
type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: Steps<'_>) -> EventKind {
        if frame.is_comment_only() {
            return EventKind::Comment;
        }
        let data = frame.data();
        match data.trim_ascii() {
            b"[DONE]" => return EventKind::End,
            b"" => return EventKind::Other,
            _ => {}
        }
        let Ok(event) = Value::parse(&data) else { return EventKind::Malformed };
        self.event(&name_of(frame, &event), &event, steps)
    }

    fn finish(&mut self, steps: Steps<'_>) {
        for (_, mut item) in std::mem::take(&mut self.items) {
            item.close(steps);
        }
    }
}

impl Reader {
    fn event(&mut self, name: &str, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        match name {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.begin(event.get("response"), steps);
                EventKind::Preamble
            }
            "response.output_item.added" => self.add(event, steps),
            "response.output_item.done" => self.done(event, steps),
            "response.completed" | "response.incomplete" => self.complete(event, steps),
            "response.failed" => {
                let response = event.get("response");
                if let Some(usage) = response.and_then(Usage::of_response) {
                    steps(Step::Usage(usage));
                }
                let error = response.and_then(|response| response.get("error"));
                EventKind::Error(error.map(ProviderError::of).unwrap_or_default())
            }
            "error" => EventKind::Error(ProviderError::of(event)),
            name => match name.strip_prefix("response.") {
                Some(name) => self.piece(name, event, steps),
                None => unknown(event),
            },
        }
    }

    fn begin(&mut self, response: Option<&Value<'_>>, steps: Steps<'_>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let text = |key: &str| response.and_then(|response| response.present(key)?.text());
        let created = response.and_then(|response| response.get("created_at")?.as_u64());
        steps(Step::Begin { id: text("id"), model: text("model"), created });
    }

    fn add(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let Some(item) = event.get("item") else { return EventKind::Other };
        let mut state = ItemState::of(item);
        let opened = state.open_call(item, &mut self.parts, steps);
        if self.items.len() < ITEMS_MAX {
            self.items.push((index_of(event), state));
        }
        if opened { EventKind::Content } else { EventKind::Preamble }
    }

    /// Any event of one item: a delta, or the whole of something.
    fn piece(&mut self, name: &str, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let index = index_of(event);
        let place = match self.items.iter().position(|(known, _)| *known == index) {
            Some(place) => place,
            None => match ItemState::implied_by(name) {
                Some(state) if self.items.len() < ITEMS_MAX => {
                    self.items.push((index, state));
                    self.items.len() - 1
                }
                _ => return unknown(event),
            },
        };
        match self.items.get_mut(place).and_then(|(_, item)| item.event(name, event, &mut self.parts, steps))
        {
            Some(true) => EventKind::Content,
            Some(false) => EventKind::Preamble,
            None => unknown(event),
        }
    }

    fn done(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let Some(item) = event.get("item") else { return EventKind::Other };
        let index = index_of(event);
        let known = self.items.iter().position(|(known, _)| *known == index);
        let mut state = known.map_or_else(|| ItemState::of(item), |place| self.items.remove(place).1);
        let says = state.complete(item, &mut self.parts, steps);
        if says { EventKind::Content } else { EventKind::Preamble }
    }

    fn complete(&mut self, event: &Value<'_>, steps: Steps<'_>) -> EventKind {
        let response = event.get("response");
        self.begin(response, steps);
        self.finish(steps);
        let Some(response) = response.filter(|_| !self.finished) else { return EventKind::End };
        self.finished = true;
        if self.parts.is_empty() {
            let output = response.present("output").map(Value::elements).unwrap_or_default();
            let Ok(parts) = answer_reader::parts(output) else { return EventKind::Malformed };
            parts.into_iter().for_each(|part| tell(part, &mut self.parts, steps));
        }
        if let Some(usage) = Usage::of_response(response) {
            steps(Step::Usage(usage));
        }
        if let Some(tier) = response.present("service_tier").and_then(Value::text) {
            steps(Step::ServiceTier(tier));
        }
        let stop = stop::read(response, self.parts.calls, self.parts.refuses);
        steps(Step::Finish { choice: 0, stop });
        EventKind::End
    }
}

/// What an event is called: in its data, or beside them.
pub(super) fn name_of<'e>(frame: Frame<'e>, event: &Value<'e>) -> Cow<'e, str> {
    let beside = || frame.event().and_then(|name| std::str::from_utf8(name).ok()).map(Cow::Borrowed);
    event.get("type").and_then(Value::as_str).or_else(beside).unwrap_or_default()
}

fn index_of(event: &Value<'_>) -> u64 {
    event.get("output_index").and_then(Value::as_u64).unwrap_or(0)
}

/// What an event that is not known is: an error where it holds one, as gateways write it between.
fn unknown(event: &Value<'_>) -> EventKind {
    match event.get("error").is_some_and(Value::has_substance) {
        true => EventKind::Error(ProviderError::of(event)),
        false => EventKind::Other,
    }
}
