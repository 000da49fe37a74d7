//! A client's stream, event by event: `message_start`, blocks one after the other, `message_delta`, `message_stop`
//! ("Streaming Messages", "Event types").

use super::answer_writer::{has_place, write_citation, write_head, write_usage};
use super::stop;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Delta, Opening, Place, Seal, Step, Stop};
use crate::convert::{Format, seal};
use crate::formats::{EventStream, Usage, WireError};
use crate::json::{ObjectWriter, Text, array, object};

pub(super) struct Writer {
    client: ClientContext,
    begun: bool,
    /// The parts of the first choice that became blocks, in order; a block's number is its place.
    blocks: Vec<Block>,
    stop: Option<Stop<'static>>,
    usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    part: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    /// Thinking of which nothing was said yet: it may turn out to be only a seal.
    Unspoken,
    Redacted,
    Call,
    FreeTextCall,
    Foreign,
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self { client: client.clone(), begun: false, blocks: Vec::new(), stop: None, usage: Usage::default() }
    }

    fn begin(&mut self, id: Option<&Text<'_>>, model: Option<&Text<'_>>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let (client, usage) = (&self.client, &self.usage);
        event(out, "message_start", |event| {
            event.object("message", |message| {
                write_head(message, id, model, client);
                message.array("content", |_| {});
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |object| write_usage(object, usage));
            });
        });
    }

    fn open(&mut self, place: Place, opening: Opening<'_>, out: &mut Vec<u8>) {
        let part = place.part;
        match opening {
            Opening::Text | Opening::Refusal => self.start(part, Kind::Text, out, |block| {
                block.str("type", "text");
                block.str("text", "");
            }),
            Opening::Thought { .. } => self.blocks.push(Block { part, kind: Kind::Unspoken }),
            Opening::ToolCall { id, name, is_free_text } => {
                let kind = if is_free_text { Kind::FreeTextCall } else { Kind::Call };
                self.start(part, kind, out, |block| {
                    block.str("type", "tool_use");
                    block.text("id", &id);
                    block.text("name", &name);
                    block.object("input", |_| {});
                });
                if is_free_text {
                    self.delta(part, out, |delta| {
                        delta.str("type", "input_json_delta");
                        delta.str("partial_json", "{\"input\":\"");
                    });
                }
            }
            Opening::Foreign(foreign) if foreign.format == Format::Messages => {
                self.begin(None, None, out);
                self.blocks.push(Block { part, kind: Kind::Foreign });
                let index = self.blocks.len() as u64 - 1;
                event(out, "content_block_start", |event| {
                    event.number("index", index);
                    event.raw("content_block", foreign.raw);
                });
            }
            // Anthropic's messages hold no pictures and no sound of the model, and nothing that only others know.
            Opening::Audio { .. } | Opening::Image { .. } | Opening::Foreign(_) => {}
        }
    }

    fn start(&mut self, part: u32, kind: Kind, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.begin(None, None, out);
        let index = match self.blocks.iter().position(|block| block.part == part) {
            Some(place) => {
                self.blocks[place].kind = kind;
                place as u64
            }
            None => {
                self.blocks.push(Block { part, kind });
                self.blocks.len() as u64 - 1
            }
        };
        event(out, "content_block_start", |event| {
            event.number("index", index);
            event.object("content_block", write);
        });
    }

    fn delta(&mut self, part: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let Some(index) = self.blocks.iter().position(|block| block.part == part) else { return };
        event(out, "content_block_delta", |event| {
            event.number("index", index as u64);
            event.object("delta", write);
        });
    }

    fn add(&mut self, place: Place, delta: Delta<'_>, out: &mut Vec<u8>) {
        let part = place.part;
        match delta {
            Delta::Text(text) => self.delta(part, out, |delta| {
                delta.str("type", "text_delta");
                delta.text("text", &text);
            }),
            Delta::Thinking(text) | Delta::Summary { text, .. } => {
                self.speak(part, out);
                self.delta(part, out, |delta| {
                    delta.str("type", "thinking_delta");
                    delta.text("thinking", &text);
                });
            }
            Delta::Seal(seal) => self.seal(part, &seal, out),
            Delta::Input(text) => self.input(part, &text, out),
            Delta::Citation(citation) if has_place(&citation) => {
                let mut list = Vec::new();
                array(&mut list, |array| write_citation(array, &citation));
                let citation = list.get(1..list.len() - 1).and_then(|bytes| std::str::from_utf8(bytes).ok());
                self.delta(part, out, |delta| {
                    delta.str("type", "citations_delta");
                    delta.raw_if("citation", citation);
                });
            }
            Delta::Citation(_) | Delta::Logprobs(_) | Delta::Audio(_) => {}
        }
    }

    /// Opens a block of thinking before the first word of it.
    fn speak(&mut self, part: u32, out: &mut Vec<u8>) {
        if self.kind(part) == Some(Kind::Unspoken) {
            self.start(part, Kind::Thinking, out, |block| {
                block.str("type", "thinking");
                block.str("thinking", "");
                block.str("signature", "");
            });
        }
    }

    fn seal(&mut self, part: u32, seal: &Seal<'_>, out: &mut Vec<u8>) {
        let data = seal::to_client(seal, Format::Messages);
        match self.kind(part) {
            Some(Kind::Unspoken) if seal.is_redacted => self.start(part, Kind::Redacted, out, |block| {
                block.str("type", "redacted_thinking");
                block.text("data", &data);
            }),
            Some(Kind::Unspoken | Kind::Thinking) => {
                self.speak(part, out);
                self.delta(part, out, |delta| {
                    delta.str("type", "signature_delta");
                    delta.text("signature", &data);
                });
            }
            _ => {}
        }
    }

    fn input(&mut self, part: u32, text: &Text<'_>, out: &mut Vec<u8>) {
        let is_free_text = self.kind(part) == Some(Kind::FreeTextCall);
        self.delta(part, out, |delta| {
            delta.str("type", "input_json_delta");
            if is_free_text {
                // A piece of a text within a string of JSON within a string of JSON.
                let mut inner = Vec::new();
                text.write_inner(&mut inner);
                delta.str("partial_json", &String::from_utf8_lossy(&inner));
            } else {
                delta.text("partial_json", text);
            }
        });
    }

    fn close(&mut self, part: u32, out: &mut Vec<u8>) {
        match self.kind(part) {
            // Nothing was said and nothing sealed.
            Some(Kind::Unspoken) => return self.blocks.retain(|block| block.part != part),
            Some(Kind::FreeTextCall) => self.delta(part, out, |delta| {
                delta.str("type", "input_json_delta");
                delta.str("partial_json", "\"}");
            }),
            Some(_) => {}
            None => return,
        }
        let Some(index) = self.blocks.iter().position(|block| block.part == part) else { return };
        event(out, "content_block_stop", |event| event.number("index", index as u64));
    }

    fn kind(&self, part: u32) -> Option<Kind> {
        self.blocks.iter().find(|block| block.part == part).map(|block| block.kind)
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, .. } => self.begin(id.as_ref(), model.as_ref(), out),
            // A message is one answer; others were refused with the request.
            Step::Open(place, opening) if place.choice == 0 => self.open(place, opening, out),
            Step::Delta(place, delta) if place.choice == 0 => self.add(place, delta, out),
            Step::Close(place) if place.choice == 0 => self.close(place.part, out),
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
        self.begin(None, None, out);
        let (stop, usage) = (self.stop.as_ref(), &self.usage);
        event(out, "message_delta", |event| {
            event.object("delta", |delta| stop::write(delta, stop));
            event.object("usage", |object| write_usage(object, usage));
        });
        event(out, "message_stop", |_| {});
    }

    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&EventStream::Messages.format().error_event(error, 0));
    }
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
