//! A client's stream, event by event: `message-start`, contents and calls one after the other, `message-end`, `[DONE]`
//! ("Chat with Streaming").

use super::answer_writer::{count, write_id, write_seal, write_usage};
use super::citation_writer::Documents;
use super::{logprobs, stop};
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Citation, Delta, Opening, Place, Step, Stop};
use crate::formats::{EventStream, Usage, WireError};
use crate::json::{ObjectWriter, Text, object};

pub(super) struct Writer {
    client: ClientContext,
    documents: Documents,
    begun: bool,
    /// The parts of the first choice that became contents or calls.
    parts: Vec<Part>,
    contents: u64,
    calls: u64,
    citations: u64,
    stop: Option<Stop<'static>>,
    usage: Usage,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    part: u32,
    kind: Kind,
    /// Its number among the contents, or among the calls.
    index: u64,
    /// How much of a text was written, in characters: up to there a citation belongs that does not say where.
    characters: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
    Foreign,
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self {
            client: client.clone(),
            documents: Documents::of(client),
            begun: false,
            parts: Vec::new(),
            contents: 0,
            calls: 0,
            citations: 0,
            stop: None,
            usage: Usage::default(),
        }
    }

    fn begin(&mut self, id: Option<&Text<'_>>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        out.extend_from_slice(b"event: message-start\ndata: ");
        object(out, |event| {
            write_id(event, id, &self.client);
            event.str("type", "message-start");
            event.raw(
                "delta",
                r#"{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}"#,
            );
        });
        out.extend_from_slice(b"\n\n");
    }

    fn open(&mut self, place: Place, opening: Opening<'_>, out: &mut Vec<u8>) {
        match opening {
            Opening::Text | Opening::Refusal => self.start(place.part, Kind::Text, out, |message| {
                message.raw("content", r#"{"type":"text","text":""}"#);
            }),
            Opening::Thought { .. } => self.start(place.part, Kind::Thinking, out, |message| {
                message.raw("content", r#"{"type":"thinking","thinking":""}"#);
            }),
            Opening::ToolCall { id, name, .. } => self.start(place.part, Kind::Call, out, |message| {
                message.object("tool_calls", |call| {
                    call.text("id", &id);
                    call.str("type", "function");
                    call.object("function", |function| {
                        function.text("name", &name);
                        function.str("arguments", "");
                    });
                });
            }),
            Opening::Foreign(foreign) if foreign.format == Format::Cohere => {
                self.start(place.part, Kind::Foreign, out, |message| message.raw("content", foreign.raw));
            }
            // Cohere's messages hold no pictures and no sound of the model, and nothing that only others know.
            Opening::Audio { .. } | Opening::Image { .. } | Opening::Foreign(_) => {}
        }
    }

    fn start(&mut self, part: u32, kind: Kind, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.begin(None, out);
        let (name, counter) = match kind {
            Kind::Call => ("tool-call-start", &mut self.calls),
            _ => ("content-start", &mut self.contents),
        };
        let index = *counter;
        *counter += 1;
        self.parts.push(Part { part, kind, index, characters: 0 });
        message_event(out, name, index, write);
    }

    fn add(&mut self, place: Place, delta: Delta<'_>, out: &mut Vec<u8>) {
        let Some(part) = self.parts.iter_mut().find(|part| part.part == place.part) else { return };
        let index = part.index;
        match (part.kind, delta) {
            (Kind::Text, Delta::Text(text)) => {
                part.characters = part.characters.saturating_add(count(&text.plain()));
                add_content(out, index, |content| content.text("text", &text));
            }
            (Kind::Thinking, Delta::Thinking(text) | Delta::Summary { text, .. }) => {
                add_content(out, index, |content| content.text("thinking", &text));
            }
            (Kind::Thinking, Delta::Seal(seal)) => add_content(out, index, |content| {
                content.str("thinking", "");
                write_seal(content, &seal);
            }),
            (Kind::Call, Delta::Input(text)) => message_event(out, "tool-call-delta", index, |message| {
                message.object("tool_calls", |call| {
                    call.object("function", |function| function.text("arguments", &text));
                });
            }),
            (Kind::Text, Delta::Citation(citation)) => {
                let part = *part;
                self.cite(part, &citation, out);
            }
            (Kind::Text, Delta::Logprobs(chances)) => event(out, "content-delta", |event| {
                event.number("index", index);
                event.raw("delta", r#"{"message":{"content":{"text":""}}}"#);
                event.object("logprobs", |item| logprobs::write(item, &chances));
            }),
            _ => {}
        }
    }

    fn cite(&mut self, part: Part, citation: &Citation<'_>, out: &mut Vec<u8>) {
        let index = self.citations;
        self.citations += 1;
        let documents = &self.documents;
        message_event(out, "citation-start", index, |message| {
            message.object("citations", |entry| {
                documents.write(entry, citation, citation.span.unwrap_or((0, part.characters)));
                entry.number("content_index", part.index);
                entry.str("type", "TEXT_CONTENT");
            });
        });
        event(out, "citation-end", |event| event.number("index", index));
    }

    fn close(&mut self, place: Place, out: &mut Vec<u8>) {
        let Some(part) = self.parts.iter().find(|part| part.part == place.part) else { return };
        let name = if part.kind == Kind::Call { "tool-call-end" } else { "content-end" };
        event(out, name, |event| event.number("index", part.index));
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, .. } => self.begin(id.as_ref(), out),
            // A message is one answer; others were refused with the request.
            Step::Open(place, opening) if place.choice == 0 => self.open(place, opening, out),
            Step::Delta(place, delta) if place.choice == 0 => self.add(place, delta, out),
            Step::Close(place) if place.choice == 0 => self.close(place, out),
            Step::Finish { choice: 0, stop } => self.stop = Some(stop.into_owned()),
            Step::Usage(usage) => self.usage = usage,
            Step::Open(..)
            | Step::Delta(..)
            | Step::Close(_)
            | Step::Finish { .. }
            | Step::ServiceTier(_) => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(None, out);
        event(out, "message-end", |event| {
            event.object("delta", |delta| {
                delta.str("finish_reason", stop::name(self.stop.as_ref()));
                delta.object("usage", |usage| write_usage(usage, &self.usage));
            });
        });
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&EventStream::Cohere.format().error_event(error, 0));
    }
}

fn add_content(out: &mut Vec<u8>, index: u64, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    message_event(out, "content-delta", index, |message| message.object("content", write));
}

/// Writes an event of one content, call or citation of the message.
fn message_event(out: &mut Vec<u8>, name: &str, index: u64, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    event(out, name, |event| {
        event.number("index", index);
        event.object("delta", |delta| delta.object("message", write));
    });
}

/// Writes an event, its name in the data and beside it.
fn event(out: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    object(out, |event| {
        event.str("type", name);
        write(event);
    });
    out.extend_from_slice(b"\n\n");
}
