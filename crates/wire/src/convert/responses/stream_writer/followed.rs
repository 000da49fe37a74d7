//! A stream that its client gets from elsewhere, up to where the writer goes on behind it. What the format repeats at the end, and what it
//! counts, is that of whoever began: the response, its items that are whole, the place of the message that is open, the number of the
//! last event.

use std::borrow::Cow;

use crate::convert::responses::stream_reader::name_of;
use crate::framing::Frame;
use crate::json::Value;

/// What the client was told.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// The number of the next event.
    pub(super) events: u64,
    /// The number of the next item.
    pub(super) items: u64,
    /// The response as it was told last, as JSON.
    response: Option<String>,
    /// The item that was announced and is not done: its number and its JSON.
    item: Option<(u64, String)>,
    /// Whether the place of the open text is known.
    says: bool,
    /// Whether something was told behind which nobody goes on.
    is_closed: bool,
}

/// What an event tells that is told again.
#[derive(Debug)]
pub(super) enum Told {
    /// An item is done: its JSON.
    Whole(String),
    /// A text is said here for the first time.
    Text(TextPlace),
}

/// Where a text is said.
#[derive(Debug)]
pub(super) struct TextPlace {
    /// The number of its item.
    pub(super) index: u64,
    /// The id of its item.
    pub(super) id: Option<String>,
    /// The item as it was announced, as JSON.
    pub(super) announced: Option<String>,
    /// Which content of the item it is.
    pub(super) content: u64,
}

impl Followed {
    /// Takes note of an event.
    pub(super) fn hear(&mut self, frame: Frame<'_>) -> Option<Told> {
        let data = frame.data();
        // Comments, and the `[DONE]` of some servers, are none.
        let event = Value::parse(&data).ok()?;
        let number = event.get("sequence_number").and_then(Value::as_u64).unwrap_or(self.events);
        self.events = number.saturating_add(1);
        match &*name_of(frame, &event) {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.response = event.get("response").map(|response| response.raw().to_owned());
                None
            }
            "response.output_item.added" => self.announced(&event),
            "response.output_item.done" => self.completed(&event),
            "response.content_part.added" if !begins_text(&event) => None,
            "response.content_part.added" | "response.output_text.delta" => self.said(&event),
            // The client takes what was said for all of it.
            "response.output_text.done" | "response.content_part.done" => {
                self.is_closed = true;
                None
            }
            _ => None,
        }
    }

    /// The response as the client was told of it.
    pub(super) fn response(&self) -> Option<Value<'_>> {
        Value::parse(self.response.as_ref()?.as_bytes()).ok()
    }

    /// Whether another can go on here.
    pub(super) fn may_go_on(&self) -> bool {
        !self.is_closed
    }

    fn announced(&mut self, event: &Value<'_>) -> Option<Told> {
        let item = (self.index_of(event), event.get("item")?.raw().to_owned());
        // Of two that are open at once, one would never end.
        self.is_closed |= self.item.replace(item).is_some();
        None
    }

    fn completed(&mut self, event: &Value<'_>) -> Option<Told> {
        let done = self.index_of(event);
        self.item.take_if(|(index, _)| *index == done);
        Some(Told::Whole(event.get("item")?.raw().to_owned()))
    }

    fn said(&mut self, event: &Value<'_>) -> Option<Told> {
        let index = self.index_of(event);
        if std::mem::replace(&mut self.says, true) {
            return None;
        }
        let content = event.get("content_index").and_then(Value::as_u64).unwrap_or(0);
        let announced = self.item.as_ref().filter(|(open, _)| *open == index).map(|(_, json)| json.clone());
        let item = announced.as_ref().and_then(|json| Value::parse(json.as_bytes()).ok());
        let id = event.get("item_id").or_else(|| item.as_ref()?.get("id")).and_then(Value::as_str);
        let id = id.map(Cow::into_owned);
        Some(Told::Text(TextPlace { index, id, announced, content }))
    }

    fn index_of(&mut self, event: &Value<'_>) -> u64 {
        let index = event.get("output_index").and_then(Value::as_u64).unwrap_or(0);
        self.items = self.items.max(index.saturating_add(1));
        index
    }
}

fn begins_text(event: &Value<'_>) -> bool {
    event.at(&["part", "type"]).and_then(Value::as_str).as_deref() == Some("output_text")
}
