//! A message of a stream: texts and refusals, one after the other.

use super::events::{ItemPlace, Sink, add_to_list, write_list};
use super::followed::TextPlace;
use crate::convert::form::{Citation, TokenChance};
use crate::convert::responses::output_item::{
    says_where, write_chances, write_citation, write_message, write_refusal, write_text,
};
use crate::convert::responses::response_object::repeat;
use crate::json::{ObjectWriter, Text, Value, array, object};

pub(super) struct Message {
    place: ItemPlace,
    /// The item as another has told the client that it begins, as JSON.
    announced: Option<String>,
    /// The finished contents, as JSON with commas between.
    finished: Vec<u8>,
    /// The contents so far.
    contents: u64,
    open: Option<Content>,
}

/// A text or a refusal that is being said.
struct Content {
    /// The part of the answer that it is.
    part: u32,
    is_refusal: bool,
    /// What was said, escaped.
    text: Vec<u8>,
    citations: Vec<u8>,
    citation_count: u64,
    chances: Vec<u8>,
}

impl Message {
    pub(super) fn begin(place: ItemPlace, sink: &mut Sink<'_>) -> Self {
        sink.added(&place, |item| write_message(item, (&place.id, "in_progress"), |_| {}));
        Self { place, announced: None, finished: Vec::new(), contents: 0, open: None }
    }

    /// What is open is a content of an item that another has begun.
    pub(super) fn adopt(&mut self, place: TextPlace) {
        let TextPlace { index, id, announced, content } = place;
        self.place = ItemPlace { index, id: id.unwrap_or_else(|| std::mem::take(&mut self.place.id)) };
        (self.announced, self.contents) = (announced, content);
    }

    /// The bytes that are kept.
    pub(super) fn kept(&self) -> usize {
        let open = self.open.as_ref();
        self.finished.len() + open.map_or(0, |content| content.text.len() + content.chances.len())
    }

    /// A text or a refusal begins.
    pub(super) fn open(&mut self, part: u32, is_refusal: bool, sink: &mut Sink<'_>) {
        self.close(sink);
        let content = Content {
            part,
            is_refusal,
            text: Vec::new(),
            citations: Vec::new(),
            citation_count: 0,
            chances: Vec::new(),
        };
        self.told(sink, "response.content_part.added", |event| {
            event.object("part", |part| content.write(part))
        });
        self.open = Some(content);
    }

    /// A piece of what is said in a part.
    pub(super) fn say(&mut self, part: u32, text: &Text<'_>, sink: &mut Sink<'_>) {
        let Some(content) = self.open.as_mut().filter(|content| content.part == part) else { return };
        text.write_inner(&mut content.text);
        let is_refusal = content.is_refusal;
        let name = if is_refusal { "response.refusal.delta" } else { "response.output_text.delta" };
        self.told(sink, name, |event| {
            event.text("delta", text);
            if !is_refusal {
                event.array("logprobs", |_| {});
            }
        });
    }

    /// How likely the tokens were that were said last.
    pub(super) fn rate(&mut self, part: u32, chances: &[TokenChance<'_>], sink: &mut Sink<'_>) {
        let Some(content) = self.open.as_mut().filter(|content| content.part == part) else { return };
        let mut list = Vec::new();
        array(&mut list, |array| write_chances(array, chances));
        let elements = list.get(1..list.len().saturating_sub(1)).unwrap_or_default();
        add_to_list(&mut content.chances, elements);
        self.told(sink, "response.output_text.delta", |event| {
            event.str("delta", "");
            event.array("logprobs", |array| write_list(array, elements));
        });
    }

    /// A source of what was said so far.
    pub(super) fn cite(&mut self, part: u32, citation: &Citation<'_>, sink: &mut Sink<'_>) {
        let Some(content) = self.open.as_mut().filter(|content| content.part == part && says_where(citation))
        else {
            return;
        };
        let characters = if citation.span.is_none() { characters_of(&content.text) } else { 0 };
        let mut list = Vec::new();
        array(&mut list, |array| write_citation(array, citation, characters));
        let annotation = list.get(1..list.len().saturating_sub(1)).unwrap_or_default();
        add_to_list(&mut content.citations, annotation);
        let number = content.citation_count;
        content.citation_count += 1;
        self.told(sink, "response.output_text.annotation.added", |event| {
            event.number("annotation_index", number);
            event.raw("annotation", std::str::from_utf8(annotation).unwrap_or("null"));
        });
    }

    /// What is being said is complete.
    pub(super) fn close(&mut self, sink: &mut Sink<'_>) {
        let Some(content) = self.open.take() else { return };
        if content.is_refusal {
            self.told(sink, "response.refusal.done", |event| {
                event.joined("refusal", |out| out.extend_from_slice(&content.text));
            });
        } else {
            self.told(sink, "response.output_text.done", |event| {
                event.joined("text", |out| out.extend_from_slice(&content.text));
                event.array("logprobs", |array| write_list(array, &content.chances));
            });
        }
        self.told(sink, "response.content_part.done", |event| {
            event.object("part", |part| content.write(part))
        });
        let mut whole = Vec::new();
        object(&mut whole, |part| content.write(part));
        add_to_list(&mut self.finished, &whole);
        self.contents += 1;
    }

    /// The message is complete, or as complete as it gets. Gives it as JSON.
    pub(super) fn end(mut self, status: &str, sink: &mut Sink<'_>) -> Vec<u8> {
        self.close(sink);
        let Self { place, announced, finished, .. } = self;
        let announced = announced.as_ref().and_then(|announced| Value::parse(announced.as_bytes()).ok());
        sink.done(&place, |item| match &announced {
            Some(announced) => {
                repeat(item, announced, &["status", "content"]);
                item.str("status", status);
                item.array("content", |content| write_list(content, &finished));
            }
            None => write_message(item, (&place.id, status), |content| write_list(content, &finished)),
        })
    }

    fn told(&self, sink: &mut Sink<'_>, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        sink.of_item(name, &self.place, |event| {
            event.number("content_index", self.contents);
            write(event);
        });
    }
}

impl Content {
    fn write(&self, part: &mut ObjectWriter<'_>) {
        let text = |out: &mut Vec<u8>| out.extend_from_slice(&self.text);
        match self.is_refusal {
            true => write_refusal(part, text),
            false => write_text(
                part,
                text,
                |array| write_list(array, &self.citations),
                |array| write_list(array, &self.chances),
            ),
        }
    }
}

/// The characters of an escaped text.
fn characters_of(escaped: &[u8]) -> u64 {
    let quoted = [b"\"", escaped, b"\""].concat();
    std::str::from_utf8(&quoted).map_or(0, |quoted| Text::Source(quoted).plain().chars().count() as u64)
}
