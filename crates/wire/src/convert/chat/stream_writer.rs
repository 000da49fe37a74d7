//! A client's stream, chunk by chunk.

use super::answer_writer::{write_citation, write_image, write_logprobs, write_usage};
use super::reasoning_details;
use super::stop;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Delta, Opening, Place, Seal, Source, Step, Thought};
use crate::formats::{EventStream, Usage, WireError};
use crate::json::{ObjectWriter, Text, object};

pub(super) struct Writer {
    /// What every chunk begins with: id, object, time, model.
    head: Vec<u8>,
    client: ClientContext,
    choices: Vec<ChoiceState>,
    usage: Usage,
}

#[derive(Debug, Default)]
struct ChoiceState {
    begun: bool,
    /// The part of each call, in the order of their numbers.
    calls: Vec<(u32, bool)>,
    thoughts: u64,
    refusals: Vec<u32>,
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self { head: Vec::new(), client: client.clone(), choices: Vec::new(), usage: Usage::default() }
    }

    fn begin(&mut self, id: Option<&Text<'_>>, model: Option<&Text<'_>>, created: Option<u64>) {
        let client = &self.client;
        let (own_id, own_model) = (format!("chatcmpl-{}", client.token), Text::from(client.model.as_str()));
        object(&mut self.head, |chunk| {
            chunk.text("id", id.unwrap_or(&Text::from(own_id)));
            chunk.str("object", "chat.completion.chunk");
            chunk.number("created", created.unwrap_or(client.created));
            chunk.text("model", model.unwrap_or(&own_model));
        });
        // The closing brace comes with each chunk.
        self.head.pop();
    }

    fn choice(&mut self, number: u32) -> &mut ChoiceState {
        let place = usize::try_from(number).unwrap_or(0);
        if self.choices.len() <= place {
            self.choices.resize_with(place + 1, ChoiceState::default);
        }
        &mut self.choices[place]
    }

    /// Writes a chunk with one choice.
    fn chunk(&mut self, number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        if self.head.is_empty() {
            self.begin(None, None, None);
        }
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[");
        object(out, |choice| {
            choice.number("index", u64::from(number));
            write(choice);
        });
        out.push(b']');
        if self.client.stream_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn delta(&mut self, number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.begin_choice(number, out);
        self.chunk(number, out, |choice| {
            choice.object("delta", write);
            choice.null("logprobs");
            choice.null("finish_reason");
        });
    }

    /// OpenAI's first chunk of a choice holds the role and an empty text.
    fn begin_choice(&mut self, number: u32, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.choice(number).begun, true) {
            return;
        }
        self.chunk(number, out, |choice| {
            choice.object("delta", |delta| {
                delta.str("role", "assistant");
                delta.str("content", "");
                delta.null("refusal");
            });
            choice.null("logprobs");
            choice.null("finish_reason");
        });
    }

    fn open(&mut self, place: Place, opening: Opening<'_>, out: &mut Vec<u8>) {
        match opening {
            Opening::ToolCall { id, name, is_free_text } => {
                self.open_call(place, (&id, &name), is_free_text, out)
            }
            Opening::Image { media_type, base64 } => self.delta(place.choice, out, |delta| {
                delta.array("images", |images| {
                    images
                        .object(|image| write_image(image, 0, &Source::Inline(base64), media_type.as_ref()));
                });
            }),
            Opening::Refusal => self.choice(place.choice).refuse(place.part),
            Opening::Text | Opening::Thought { .. } | Opening::Audio { .. } | Opening::Foreign(_) => {}
        }
    }

    fn open_call(
        &mut self,
        place: Place,
        (id, name): (&Text<'_>, &Text<'_>),
        is_free_text: bool,
        out: &mut Vec<u8>,
    ) {
        let index = self.choice(place.choice).add_call(place.part, is_free_text);
        self.delta(place.choice, out, |delta| {
            delta.array("tool_calls", |calls| {
                calls.object(|call| {
                    call.number("index", index);
                    call.text("id", id);
                    let (kind, input) =
                        if is_free_text { ("custom", "input") } else { ("function", "arguments") };
                    call.str("type", kind);
                    call.object(kind, |tool| {
                        tool.text("name", name);
                        tool.str(input, "");
                    });
                });
            });
        });
    }

    fn add(&mut self, place: Place, delta: Delta<'_>, out: &mut Vec<u8>) {
        let number = place.choice;
        match delta {
            Delta::Text(text) => {
                let key = if self.choice(number).is_refusal(place.part) { "refusal" } else { "content" };
                self.delta(number, out, |delta| delta.text(key, &text));
            }
            Delta::Thinking(text) | Delta::Summary { text, .. } => {
                self.delta(number, out, |delta| delta.text("reasoning_content", &text));
            }
            Delta::Seal(seal) => self.seal(place, &seal, out),
            Delta::Input(text) => self.input(place, &text, out),
            Delta::Citation(citation) if citation.url.is_some() => self.delta(number, out, |delta| {
                delta.array("annotations", |array| write_citation(array, &citation));
            }),
            Delta::Citation(_) => {}
            Delta::Logprobs(logprobs) => {
                self.begin_choice(number, out);
                self.chunk(number, out, |choice| {
                    choice.object("delta", |_| {});
                    write_logprobs(choice, &logprobs);
                    choice.null("finish_reason");
                });
            }
            Delta::Audio(data) => self.delta(number, out, |delta| {
                delta.object("audio", |audio| audio.text("data", &data));
            }),
        }
    }

    fn input(&mut self, place: Place, text: &Text<'_>, out: &mut Vec<u8>) {
        let Some((index, is_free_text)) = self.choice(place.choice).call(place.part) else { return };
        let (kind, input) = if is_free_text { ("custom", "input") } else { ("function", "arguments") };
        self.delta(place.choice, out, |delta| {
            delta.array("tool_calls", |calls| {
                calls.object(|call| {
                    call.number("index", index);
                    call.object(kind, |tool| tool.text(input, text));
                });
            });
        });
    }

    fn seal(&mut self, place: Place, seal: &Seal<'_>, out: &mut Vec<u8>) {
        if let Some((index, _)) = self.choice(place.choice).call(place.part) {
            return self.delta(place.choice, out, |delta| {
                delta.array("tool_calls", |calls| {
                    calls.object(|call| {
                        call.number("index", index);
                        call.object("extra_content", |extra| {
                            extra.object("google", |google| google.text("thought_signature", &seal.data));
                        });
                    });
                });
            });
        }
        let index = self.choice(place.choice).add_thought();
        let thought = Thought { seal: Some(seal.clone()), ..Thought::default() };
        self.delta(place.choice, out, |delta| {
            delta.array("reasoning_details", |array| reasoning_details::write(array, &thought, index));
        });
    }
}

impl ChoiceState {
    fn add_call(&mut self, part: u32, is_free_text: bool) -> u64 {
        self.calls.push((part, is_free_text));
        self.calls.len() as u64 - 1
    }

    fn call(&self, part: u32) -> Option<(u64, bool)> {
        (0..).zip(&self.calls).find(|(_, (known, _))| *known == part).map(|(index, (_, free))| (index, *free))
    }

    fn refuse(&mut self, part: u32) {
        self.refusals.push(part);
    }

    fn is_refusal(&self, part: u32) -> bool {
        self.refusals.contains(&part)
    }

    fn add_thought(&mut self) -> u64 {
        self.thoughts += 1;
        self.thoughts - 1
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, created } => self.begin(id.as_ref(), model.as_ref(), created),
            Step::Open(place, opening) => self.open(place, opening, out),
            Step::Delta(place, delta) => self.add(place, delta, out),
            Step::Close(_) | Step::ServiceTier(_) => {}
            Step::Finish { choice, stop } => {
                self.begin_choice(choice, out);
                let refuses = !self.choice(choice).refusals.is_empty();
                self.chunk(choice, out, |object| {
                    object.object("delta", |_| {});
                    object.null("logprobs");
                    object.str("finish_reason", stop::name(&stop, refuses));
                });
            }
            Step::Usage(usage) => self.usage = usage,
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.client.stream_usage {
            if self.head.is_empty() {
                self.begin(None, None, None);
            }
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b",\"choices\":[],\"usage\":");
            object(out, |object| write_usage(object, &self.usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn seals_calls(&self) -> bool {
        true
    }

    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&EventStream::Chat.format().error_event(error, 0));
    }
}
