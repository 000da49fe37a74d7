//! A client's stream, message by message: `messageStart`, blocks one after the other, `messageStop`, `metadata` (API
//! reference, `ConverseStream`). Only calls and pictures begin with `contentBlockStart`.

use super::answer_writer::{told_sequence, write_metadata};
use super::media::Kind as MediaKind;
use super::{citations, stop, thoughts};
use crate::amazon;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Delta, Opening, Place, Seal, Step, Stop};
use crate::convert::{Format, seal};
use crate::formats::{EventStream, Usage, WireError};
use crate::json::{ObjectWriter, Text, object};

pub(super) struct Writer {
    client: ClientContext,
    begun: bool,
    /// The parts of the first choice that are open and say something here.
    open: Vec<Block>,
    /// How many blocks there were.
    blocks: u64,
    stop: Option<Stop<'static>>,
    usage: Usage,
    tier: Option<Text<'static>>,
}

struct Block {
    part: u32,
    kind: Kind,
    /// Its number, once it has begun.
    index: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
    FreeTextCall,
    Whole,
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self {
            client: client.clone(),
            begun: false,
            open: Vec::new(),
            blocks: 0,
            stop: None,
            usage: Usage::default(),
            tier: None,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            event(out, "messageStart", |event| event.str("role", "assistant"));
        }
    }

    fn open(&mut self, part: u32, opening: &Opening<'_>, out: &mut Vec<u8>) {
        let kind = match opening {
            // Bedrock's streams hold no sound, but its words.
            Opening::Text | Opening::Refusal | Opening::Audio { .. } => Kind::Text,
            Opening::Thought { .. } => Kind::Thought,
            Opening::ToolCall { is_free_text: false, .. } => Kind::Call,
            Opening::ToolCall { is_free_text: true, .. } => Kind::FreeTextCall,
            Opening::Image { .. } => Kind::Whole,
            Opening::Foreign(foreign) if foreign.format == Format::Converse => Kind::Whole,
            Opening::Foreign(_) => return,
        };
        self.open.push(Block { part, kind, index: None });
        match opening {
            Opening::ToolCall { id, name, .. } => self.start(part, out, |start| {
                start.object("toolUse", |call| {
                    call.text("toolUseId", id);
                    call.text("name", name);
                });
            }),
            Opening::Image { media_type, base64 } => {
                let format = MediaKind::Image.format(media_type.as_ref());
                self.start(part, out, |start| start.object("image", |image| image.str("format", &format)));
                self.delta(part, out, |delta| {
                    delta.object("image", |image| {
                        image.object("source", |source| source.text("bytes", base64))
                    });
                });
            }
            Opening::Foreign(foreign) => {
                let index = self.index_of(part, out);
                event(out, "contentBlockStart", |event| {
                    event.raw("start", foreign.raw);
                    event.number_if("contentBlockIndex", index);
                });
            }
            Opening::Text | Opening::Refusal | Opening::Thought { .. } | Opening::Audio { .. } => {}
        }
        if kind == Kind::FreeTextCall {
            self.input(part, out, "{\"input\":\"");
        }
    }

    fn add(&mut self, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (self.kind(part), delta) {
            (Some(Kind::Text), Delta::Text(text)) => self.delta(part, out, |delta| delta.text("text", text)),
            (Some(Kind::Text), Delta::Citation(citation)) => {
                self.delta(part, out, |delta| citations::write_delta(delta, citation));
            }
            (Some(Kind::Thought), Delta::Thinking(text) | Delta::Summary { text, .. }) => {
                self.thought(part, "text", text, out);
            }
            (Some(Kind::Thought), Delta::Seal(seal)) => self.seal(part, seal, out),
            (Some(Kind::Call), Delta::Input(text)) => self.delta(part, out, |delta| {
                delta.object("toolUse", |call| call.text("input", text));
            }),
            (Some(Kind::FreeTextCall), Delta::Input(text)) => {
                // A piece of a text within a string of JSON within a string of JSON.
                let mut inner = Vec::new();
                text.write_inner(&mut inner);
                self.input(part, out, &String::from_utf8_lossy(&inner));
            }
            _ => {}
        }
    }

    fn seal(&mut self, part: u32, seal: &Seal<'_>, out: &mut Vec<u8>) {
        let has_words = self.open.iter().any(|block| block.part == part && block.index.is_some());
        if seal.is_redacted && !has_words {
            self.thought(part, "redactedContent", &thoughts::redacted_content(seal), out);
        } else {
            self.thought(part, "signature", &seal::to_client(seal, Format::Converse), out);
        }
    }

    fn close(&mut self, part: u32, out: &mut Vec<u8>) {
        if self.kind(part) == Some(Kind::FreeTextCall) {
            self.input(part, out, "\"}");
        }
        let Some(at) = self.open.iter().position(|block| block.part == part) else { return };
        // A part that said nothing has not begun.
        if let Some(index) = self.open.remove(at).index {
            event(out, "contentBlockStop", |event| event.number("contentBlockIndex", index));
        }
    }

    fn start(&mut self, part: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let index = self.index_of(part, out);
        event(out, "contentBlockStart", |event| {
            event.object("start", write);
            event.number_if("contentBlockIndex", index);
        });
    }

    fn delta(&mut self, part: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let Some(index) = self.index_of(part, out) else { return };
        event(out, "contentBlockDelta", |event| {
            event.object("delta", write);
            event.number("contentBlockIndex", index);
        });
    }

    fn thought(&mut self, part: u32, key: &str, text: &Text<'_>, out: &mut Vec<u8>) {
        self.delta(part, out, |delta| delta.object("reasoningContent", |content| content.text(key, text)));
    }

    fn input(&mut self, part: u32, out: &mut Vec<u8>, text: &str) {
        self.delta(part, out, |delta| delta.object("toolUse", |call| call.str("input", text)));
    }

    /// The number of the block of an open part, which begins with this when it has not.
    fn index_of(&mut self, part: u32, out: &mut Vec<u8>) -> Option<u64> {
        self.begin(out);
        let block = self.open.iter_mut().find(|block| block.part == part)?;
        let next = &mut self.blocks;
        Some(*block.index.get_or_insert_with(|| std::mem::replace(next, *next + 1)))
    }

    fn kind(&self, part: u32) -> Option<Kind> {
        self.open.iter().find(|block| block.part == part).map(|block| block.kind)
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { .. } => self.begin(out),
            // An answer is one message; others were refused with the request.
            Step::Open(Place { choice: 0, part }, opening) => self.open(part, &opening, out),
            Step::Delta(Place { choice: 0, part }, delta) => self.add(part, &delta, out),
            Step::Close(Place { choice: 0, part }) => self.close(part, out),
            Step::Finish { choice: 0, stop } => self.stop = Some(stop.into_owned()),
            Step::Usage(usage) => self.usage = usage,
            Step::ServiceTier(tier) => self.tier = Some(Text::from(tier.into_plain().into_owned())),
            Step::Open(..) | Step::Delta(..) | Step::Close(_) | Step::Finish { .. } => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let stop = self.stop.as_ref();
        event(out, "messageStop", |event| {
            event.str("stopReason", stop::name(stop));
            if let Some(sequence) = told_sequence(stop, &self.client) {
                event.object("additionalModelResponseFields", |fields| {
                    fields.object("delta", |delta| delta.text("stop_sequence", sequence));
                });
            }
        });
        event(out, "metadata", |event| write_metadata(event, &self.usage, self.tier.as_ref()));
    }

    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&EventStream::Converse.format().error_event(error, 0));
    }
}

/// Writes a message with its payload.
fn event(out: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    let mut payload = Vec::new();
    object(&mut payload, write);
    amazon::event(out, name, &payload);
}
