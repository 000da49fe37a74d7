//! A client's stream, piece by piece: each event is an answer of its own that holds what came since the last one, and the last
//! one why the answer ends and what it used. Calls come whole, as Google's do.

use super::answer_writer::{SOUND, write_bytes, write_head, write_usage};
use super::citations::{self, Support};
use super::{logprobs, stop, thoughts};
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Citation, Delta, Media, Opening, Place, Seal, Source, Step, Stop};
use crate::convert::messages::block_writer::object_or_empty;
use crate::formats::{EventStream, Usage, WireError};
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) struct Writer {
    client: ClientContext,
    id: Option<Text<'static>>,
    model: Option<Text<'static>>,
    choices: Vec<Choice>,
    usage: Usage,
    tier: Option<Text<'static>>,
}

#[derive(Default)]
struct Choice {
    /// The calls that are not complete.
    calls: Vec<Call>,
    /// The parts that are thinking.
    thoughts: Vec<u32>,
    /// How many bytes of text there were, and whether each was a character.
    text_bytes: u64,
    is_ascii: bool,
    sources: Vec<Found>,
    stop: Option<Stop<'static>>,
}

struct Call {
    part: u32,
    id: Text<'static>,
    name: Text<'static>,
    is_free_text: bool,
    input: String,
    seal: Option<Text<'static>>,
}

/// A source, and from which byte of the text up to which it is for.
struct Found {
    citation: Citation<'static>,
    bytes: (u64, u64),
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self {
            client: client.clone(),
            id: None,
            model: None,
            choices: Vec::new(),
            usage: Usage::default(),
            tier: None,
        }
    }

    fn choice(&mut self, number: u32) -> &mut Choice {
        let place = usize::try_from(number).unwrap_or(0);
        if self.choices.len() <= place {
            self.choices.resize_with(place + 1, || Choice { is_ascii: true, ..Choice::default() });
        }
        &mut self.choices[place]
    }

    fn open(&mut self, place: Place, opening: Opening<'_>, out: &mut Vec<u8>) {
        let choice = self.choice(place.choice);
        match opening {
            Opening::Thought { .. } => choice.thoughts.push(place.part),
            Opening::ToolCall { id, name, is_free_text } => choice.calls.push(Call {
                part: place.part,
                id: owned(id),
                name: owned(name),
                is_free_text,
                input: String::new(),
                seal: None,
            }),
            Opening::Image { media_type, base64 } => {
                let image = Media { source: Source::Inline(base64), media_type, detail: None, cache: None };
                self.parts(place.choice, out, |parts| write_bytes(parts, &image, "image/png"));
            }
            Opening::Foreign(foreign) if foreign.format == Format::Gemini => {
                self.parts(place.choice, out, |parts| parts.raw(foreign.raw));
            }
            Opening::Text | Opening::Refusal | Opening::Audio { .. } | Opening::Foreign(_) => {}
        }
    }

    fn add(&mut self, place: Place, delta: Delta<'_>, out: &mut Vec<u8>) {
        let number = place.choice;
        match delta {
            Delta::Text(text) => {
                self.choice(number).count(&text.plain());
                self.parts(number, out, |parts| parts.object(|part| part.text("text", &text)));
            }
            Delta::Thinking(text) | Delta::Summary { text, .. } => self.parts(number, out, |parts| {
                parts.object(|part| {
                    part.text("text", &text);
                    part.bool("thought", true);
                });
            }),
            Delta::Seal(seal) => self.seal(place, &seal, out),
            Delta::Input(text) => {
                if let Some(call) = self.choice(number).call(place.part) {
                    call.input.push_str(&text.plain());
                }
            }
            Delta::Citation(citation) => self.choice(number).cite(citation),
            Delta::Logprobs(chances) => {
                self.event(out, number, |candidate| logprobs::write(candidate, &chances));
            }
            Delta::Audio(data) => {
                let sound =
                    Media { source: Source::Inline(data), media_type: None, detail: None, cache: None };
                self.parts(number, out, |parts| write_bytes(parts, &sound, SOUND));
            }
        }
    }

    fn seal(&mut self, place: Place, seal: &Seal<'_>, out: &mut Vec<u8>) {
        let signature = thoughts::signature(seal);
        if let Some(call) = self.choice(place.choice).call(place.part) {
            call.seal = Some(owned(signature));
            return;
        }
        self.parts(place.choice, out, |parts| {
            parts.object(|part| {
                part.str("text", "");
                part.bool("thought", true);
                part.text("thoughtSignature", &signature);
            });
        });
    }

    fn close(&mut self, place: Place, out: &mut Vec<u8>) {
        let calls = &mut self.choice(place.choice).calls;
        let Some(at) = calls.iter().position(|call| call.part == place.part) else { return };
        let call = calls.remove(at);
        self.parts(place.choice, out, |parts| parts.object(|part| call.write(part)));
    }

    /// Writes a piece that holds parts.
    fn parts(&mut self, number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ArrayWriter<'_>)) {
        self.event(out, number, |candidate| {
            candidate.object("content", |content| {
                content.array("parts", write);
                content.str("role", "model");
            });
        });
    }

    /// Writes a piece of one candidate.
    fn event(&mut self, out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.choice(number);
        out.extend_from_slice(b"data: ");
        object(out, |chunk| {
            chunk.array("candidates", |candidates| {
                candidates.object(|candidate| {
                    write(candidate);
                    candidate.number("index", u64::from(number));
                });
            });
            write_head(chunk, self.id.as_ref(), self.model.as_ref(), &self.client);
        });
        out.extend_from_slice(b"\n\n");
    }
}

impl Choice {
    fn call(&mut self, part: u32) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.part == part)
    }

    fn count(&mut self, text: &str) {
        self.text_bytes = self.text_bytes.saturating_add(text.len() as u64);
        self.is_ascii &= text.is_ascii();
    }

    /// A source that does not say where is for all that was said.
    fn cite(&mut self, citation: Citation<'_>) {
        let bytes = citation.span.filter(|_| self.is_ascii).unwrap_or((0, self.text_bytes));
        let citation = Citation {
            url: citation.url.map(owned),
            title: citation.title.map(owned),
            quote: citation.quote.map(owned),
            ..Citation::default()
        };
        self.sources.push(Found { citation, bytes });
    }

    /// Writes the end of a candidate.
    fn write_end(&self, candidate: &mut ObjectWriter<'_>, number: u64) {
        candidate.raw("content", r#"{"role":"model"}"#);
        candidate.str("finishReason", stop::name(self.stop.as_ref()));
        candidate.number("index", number);
        let sources = self.sources.iter();
        let supports: Vec<Support<'_, '_>> = sources.map(Found::support).collect();
        citations::write(candidate, &supports);
    }
}

impl Found {
    fn support(&self) -> Support<'_, 'static> {
        Support { part: 0, bytes: self.bytes, text: None, citation: &self.citation }
    }
}

impl Call {
    fn write(&self, part: &mut ObjectWriter<'_>) {
        part.object("functionCall", |function| {
            function.text("id", &self.id);
            function.text("name", &self.name);
            if self.is_free_text {
                function.object("args", |args| args.str("input", &self.input));
            } else {
                function.raw("args", object_or_empty(&self.input));
            }
        });
        part.text_if("thoughtSignature", self.seal.as_ref());
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, .. } => {
                self.id = id.map(owned);
                self.model = model.map(owned);
            }
            Step::Open(place, opening) => self.open(place, opening, out),
            Step::Delta(place, delta) => self.add(place, delta, out),
            Step::Close(place) => self.close(place, out),
            Step::Finish { choice, stop } => self.choice(choice).stop = Some(stop.into_owned()),
            Step::Usage(usage) => self.usage = usage,
            Step::ServiceTier(tier) => self.tier = Some(owned(tier)),
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.choice(0);
        out.extend_from_slice(b"data: ");
        object(out, |chunk| {
            chunk.array("candidates", |candidates| {
                for (number, choice) in (0..).zip(&self.choices) {
                    candidates.object(|candidate| choice.write_end(candidate, number));
                }
            });
            chunk.object("usageMetadata", |usage| write_usage(usage, &self.usage, self.tier.as_ref()));
            write_head(chunk, self.id.as_ref(), self.model.as_ref(), &self.client);
        });
        out.extend_from_slice(b"\n\n");
    }

    fn seals_calls(&self) -> bool {
        true
    }

    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&EventStream::Gemini.format().error_event(error, 0));
    }
}

/// The same, borrowed from nothing.
fn owned(text: Text<'_>) -> Text<'static> {
    Text::from(text.into_plain().into_owned())
}
