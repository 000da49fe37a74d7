//! Thinking of a stream: a summary in paragraphs, or the thinking in its own words, and at last its proof.

use super::events::{ItemPlace, Sink, add_to_list, write_list};
use crate::convert::responses::output_item::{write_reasoning, write_summary, write_thinking};
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) struct Reasoning {
    place: ItemPlace,
    /// The part of the answer that it is.
    pub(super) part: u32,
    /// The finished paragraphs of the summary, as JSON with commas between.
    summary: Vec<u8>,
    /// The finished paragraphs so far.
    paragraphs: u64,
    /// The paragraph that is being said: the number that the provider gives it, and its text, escaped.
    paragraph: Option<(u32, Vec<u8>)>,
    /// The thinking in its own words, escaped.
    words: Option<Vec<u8>>,
    /// The proof, as the client holds it.
    pub(super) seal: Option<String>,
}

impl Reasoning {
    pub(super) fn begin(place: ItemPlace, part: u32, sink: &mut Sink<'_>) -> Self {
        sink.added(&place, |item| {
            write_reasoning(item, &place.id, |_| {}, None::<fn(&mut ArrayWriter<'_>)>, None);
        });
        Self { place, part, summary: Vec::new(), paragraphs: 0, paragraph: None, words: None, seal: None }
    }

    /// The bytes that are kept.
    pub(super) fn kept(&self) -> usize {
        let words = self.words.as_ref().map_or(0, Vec::len);
        let paragraph = self.paragraph.as_ref().map_or(0, |(_, text)| text.len());
        self.summary.len() + paragraph + words + self.seal.as_ref().map_or(0, String::len)
    }

    /// A piece of a paragraph of the summary.
    pub(super) fn sum_up(&mut self, number: u32, text: &Text<'_>, sink: &mut Sink<'_>) {
        if self.paragraph.as_ref().is_none_or(|(open, _)| *open != number) {
            self.end_paragraph(sink);
            self.told(
                sink,
                "response.reasoning_summary_part.added",
                "summary_index",
                self.paragraphs,
                |event| {
                    event.object("part", |part| write_summary(part, |_| {}));
                },
            );
            self.paragraph = Some((number, Vec::new()));
        }
        if let Some((_, said)) = &mut self.paragraph {
            text.write_inner(said);
        }
        self.told(sink, "response.reasoning_summary_text.delta", "summary_index", self.paragraphs, |event| {
            event.text("delta", text);
        });
    }

    /// A piece of the thinking in its own words.
    pub(super) fn think(&mut self, text: &Text<'_>, sink: &mut Sink<'_>) {
        if self.words.is_none() {
            self.told(sink, "response.content_part.added", "content_index", 0, |event| {
                event.object("part", |part| write_thinking(part, |_| {}));
            });
        }
        text.write_inner(self.words.get_or_insert_default());
        self.told(sink, "response.reasoning_text.delta", "content_index", 0, |event| {
            event.text("delta", text)
        });
    }

    fn end_paragraph(&mut self, sink: &mut Sink<'_>) {
        let Some((_, text)) = self.paragraph.take() else { return };
        let number = self.paragraphs;
        self.told(sink, "response.reasoning_summary_text.done", "summary_index", number, |event| {
            event.joined("text", |out| out.extend_from_slice(&text));
        });
        let mut whole = Vec::new();
        object(&mut whole, |part| write_summary(part, |out| out.extend_from_slice(&text)));
        self.told(sink, "response.reasoning_summary_part.done", "summary_index", number, |event| {
            event.object("part", |part| write_summary(part, |out| out.extend_from_slice(&text)));
        });
        add_to_list(&mut self.summary, &whole);
        self.paragraphs += 1;
    }

    fn end_words(&mut self, sink: &mut Sink<'_>) {
        let Some(words) = &self.words else { return };
        self.told(sink, "response.reasoning_text.done", "content_index", 0, |event| {
            event.joined("text", |out| out.extend_from_slice(words));
        });
        self.told(sink, "response.content_part.done", "content_index", 0, |event| {
            event.object("part", |part| write_thinking(part, |out| out.extend_from_slice(words)));
        });
    }

    /// The thinking is complete. Gives it as JSON.
    pub(super) fn end(mut self, sink: &mut Sink<'_>) -> Vec<u8> {
        self.end_paragraph(sink);
        self.end_words(sink);
        let Self { place, summary, words, seal, .. } = self;
        let seal = seal.map(Text::from);
        sink.done(&place, |item| {
            let content = words.map(|words| {
                move |array: &mut ArrayWriter<'_>| {
                    array.object(|part| write_thinking(part, |out| out.extend_from_slice(&words)));
                }
            });
            write_reasoning(item, &place.id, |array| write_list(array, &summary), content, seal.as_ref());
        })
    }

    fn told(
        &self,
        sink: &mut Sink<'_>,
        name: &str,
        key: &str,
        number: u64,
        write: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        sink.of_item(name, &self.place, |event| {
            event.number(key, number);
            write(event);
        });
    }
}
