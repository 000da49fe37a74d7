//! An answer for a client.

use super::namespace::Namespaces;
use super::output_item::{
    Call, call_prefix, says_where, sealed, write_chances, write_citation, write_message, write_picture,
    write_reasoning, write_refusal, write_summary, write_text, write_thinking,
};
use super::response_object::{Facts, asks_for_summary, write as write_response};
use super::stop::{Outcome, calls_and_refuses};
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Choice, Part, Source, Thought, TokenChance, ToolCall};
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let choice = answer.choices.first();
    let (_, refuses) = choice.map_or((false, false), |choice| calls_and_refuses(&choice.parts));
    let outcome = Outcome::of(choice.and_then(|choice| choice.stop.as_ref()), refuses);
    let model = answer.model.as_ref().map(Text::plain);
    let tier = answer.service_tier.as_ref().map(Text::plain);
    let facts = Facts {
        client,
        model: model.as_deref(),
        service_tier: tier.as_deref(),
        outcome,
        usage: Some(&answer.usage),
    };
    object(&mut out, |response| {
        write_response(response, &facts, |output| {
            if let Some(choice) = choice {
                Output::new(client, choice).write(output, outcome);
            }
        });
    });
    out
}

/// The output of one choice.
struct Output<'o, 'a> {
    client: &'o ClientContext,
    namespaces: Namespaces,
    summarizes: bool,
    items: Vec<Item<'o, 'a>>,
    logprobs: &'o [TokenChance<'a>],
}

/// What becomes an item.
enum Item<'o, 'a> {
    /// Texts and refusals in a row.
    Message(Vec<&'o Part<'a>>),
    /// Any other part.
    Part(&'o Part<'a>),
    /// The proof of a call.
    Seal(Text<'o>),
}

impl<'o, 'a> Output<'o, 'a> {
    fn new(client: &'o ClientContext, choice: &'o Choice<'a>) -> Self {
        let mut items = Vec::new();
        for part in &choice.parts {
            match part {
                Part::Text { .. } | Part::Refusal(_) => match items.last_mut() {
                    Some(Item::Message(said)) => said.push(part),
                    _ => items.push(Item::Message(vec![part])),
                },
                Part::ToolCall(ToolCall { seal: Some(seal), .. }) => {
                    items.extend([Item::Part(part), Item::Seal(sealed(seal))]);
                }
                Part::ToolCall(_) | Part::Thought(_) | Part::Image(_) => items.push(Item::Part(part)),
                Part::Foreign(foreign) if foreign.format == Format::Responses => items.push(Item::Part(part)),
                // A response holds no sound and no film of the model.
                Part::Audio(_)
                | Part::Video(_)
                | Part::Document(_)
                | Part::ToolResult(_)
                | Part::Foreign(_) => {}
            }
        }
        Self {
            client,
            namespaces: Namespaces::of(client),
            summarizes: asks_for_summary(client),
            items,
            logprobs: &choice.logprobs,
        }
    }

    fn write(&self, output: &mut ArrayWriter<'_>, outcome: Outcome<'_>) {
        let last = self.items.len().saturating_sub(1);
        for (index, item) in self.items.iter().enumerate() {
            // What is cut is cut in its last item.
            let status = if index == last { outcome.status } else { "completed" };
            let id = |prefix: &str| format!("{prefix}_{}_{index}", self.client.token);
            match item {
                Item::Message(said) => {
                    output.object(|item| self.message(item, (&id("msg"), status), said));
                }
                Item::Part(Part::ToolCall(call)) => {
                    let item_id = id(call_prefix(call.is_free_text));
                    output.object(|item| self.call(item, (&item_id, status), call));
                }
                Item::Part(Part::Thought(thought)) => {
                    output.object(|item| self.thought(item, &id("rs"), thought));
                }
                Item::Part(Part::Image(media)) => output.object(|item| match &media.source {
                    Source::Inline(base64) => {
                        write_picture(item, &id("ig"), base64, media.media_type.as_ref());
                    }
                    source => self.link(item, (&id("msg"), status), source.text()),
                }),
                Item::Part(Part::Foreign(foreign)) => output.raw(foreign.raw),
                Item::Part(_) => {}
                Item::Seal(seal) => {
                    let nothing = None::<fn(&mut ArrayWriter<'_>)>;
                    output.object(|item| write_reasoning(item, &id("rs"), |_| {}, nothing, Some(seal)));
                }
            }
        }
    }

    fn message(&self, item: &mut ObjectWriter<'_>, head: (&str, &str), said: &[&Part<'_>]) {
        write_message(item, head, |content| {
            for (place, part) in said.iter().enumerate() {
                content.object(|object| match part {
                    Part::Text { text, citations, .. } => {
                        let characters = || text.plain().chars().count() as u64;
                        // The chances are those of the whole answer.
                        let logprobs = if place == 0 { self.logprobs } else { &[] };
                        let cited: Vec<_> =
                            citations.iter().filter(|citation| says_where(citation)).collect();
                        write_text(
                            object,
                            |out| text.write_inner(out),
                            |array| {
                                cited
                                    .iter()
                                    .for_each(|citation| write_citation(array, citation, characters()))
                            },
                            |array| write_chances(array, logprobs),
                        );
                    }
                    Part::Refusal(text) => write_refusal(object, |out| text.write_inner(out)),
                    _ => {}
                });
            }
        });
    }

    /// A picture that lies elsewhere: only its address can be told.
    fn link(&self, item: &mut ObjectWriter<'_>, head: (&str, &str), url: &Text<'_>) {
        write_message(item, head, |content| {
            content.object(|part| write_text(part, |out| url.write_inner(out), |_| {}, |_| {}));
        });
    }

    fn call(&self, item: &mut ObjectWriter<'_>, (item_id, status): (&str, &str), call: &ToolCall<'_>) {
        let written =
            Call { item_id, status, id: &call.id, name: &call.name, is_free_text: call.is_free_text };
        written.write(item, &self.namespaces, |out| call.input.write_inner(out));
    }

    /// Whoever asked for a summary gets the thinking as one, where the model gives it in its own words.
    fn thought(&self, item: &mut ObjectWriter<'_>, id: &str, thought: &Thought<'_>) {
        let as_summary = thought.text.as_ref().filter(|_| self.summarizes);
        let as_content = thought.text.as_ref().filter(|_| !self.summarizes);
        let summary = thought.summary.iter().chain(as_summary);
        let seal = thought.seal.as_ref().map(sealed);
        let own_id = thought.id.as_ref().map(Text::plain).filter(|id| id.starts_with("rs_"));
        write_reasoning(
            item,
            own_id.as_deref().unwrap_or(id),
            |array| {
                summary.for_each(|text| array.object(|part| write_summary(part, |out| text.write_inner(out))))
            },
            as_content.map(|text| {
                |array: &mut ArrayWriter<'_>| {
                    array.object(|part| write_thinking(part, |out| text.write_inner(out)));
                }
            }),
            seal.as_ref(),
        );
    }
}
