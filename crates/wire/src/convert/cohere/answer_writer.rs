//! An answer for a client.

use super::citation_writer::Documents;
use super::message_writer::{call_of, text_of, write_call, write_plan, write_words};
use super::{logprobs, stop};
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Choice, Citation, Part, Seal, Thought, ToolCall};
use crate::convert::{Format, seal};
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let nothing = Choice::default();
    let choice = answer.choices.first().unwrap_or(&nothing);
    object(&mut out, |body| {
        write_id(body, answer.id.as_ref(), client);
        body.object("message", |message| write_message(message, &choice.parts, client));
        body.str("finish_reason", stop::name(choice.stop.as_ref()));
        body.object("usage", |usage| write_usage(usage, &answer.usage));
        if !choice.logprobs.is_empty() {
            body.array("logprobs", |items| {
                let each = choice.logprobs.iter().map(std::slice::from_ref);
                each.for_each(|chance| items.object(|item| logprobs::write(item, chance)));
            });
        }
    });
    out
}

/// Writes the id, of an answer or of a stream.
pub(super) fn write_id(object: &mut ObjectWriter<'_>, id: Option<&Text<'_>>, client: &ClientContext) {
    object.text("id", id.unwrap_or(&Text::from(client.token.as_str())));
}

fn write_message(message: &mut ObjectWriter<'_>, parts: &[Part<'_>], client: &ClientContext) {
    let calls: Vec<&ToolCall<'_>> = parts.iter().filter_map(call_of).collect();
    message.str("role", "assistant");
    if calls.is_empty() {
        message.array("content", |content| parts.iter().for_each(|part| write_part(content, part)));
    } else {
        // The text before calls is their plan, and a message of calls has no content but thinking.
        if parts.iter().any(|part| matches!(part, Part::Thought(_))) {
            let thoughts = parts.iter().filter(|part| matches!(part, Part::Thought(_)));
            message.array("content", |content| thoughts.for_each(|part| write_part(content, part)));
        }
        write_plan(message, &parts.iter().filter_map(text_of).collect::<Vec<_>>());
        message.array("tool_calls", |array| {
            calls.iter().for_each(|call| array.object(|it| write_call(it, call)));
        });
    }
    write_citations(message, parts, calls.is_empty(), &Documents::of(client));
}

fn write_part(content: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => content.object(|part| {
            part.str("type", "text");
            part.text("text", text);
        }),
        Part::Thought(thought) => content.object(|part| write_thought(part, thought)),
        Part::Foreign(foreign) if foreign.format == Format::Cohere => content.raw(foreign.raw),
        // Cohere's messages hold no pictures and no sound of the model.
        Part::Image(_)
        | Part::Audio(_)
        | Part::Video(_)
        | Part::Document(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Foreign(_) => {}
    }
}

fn write_thought(part: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    write_words(part, thought);
    if let Some(seal) = &thought.seal {
        write_seal(part, seal);
    }
}

/// Writes another provider's proof of thinking where it comes back from: beside the thinking.
pub(super) fn write_seal(part: &mut ObjectWriter<'_>, seal: &Seal<'_>) {
    part.text("signature", &seal::to_client(seal, Format::Cohere));
}

/// A citation, the number of its block, and where its text begins in the plan.
struct Place<'p, 'a> {
    citation: &'p Citation<'a>,
    text: &'p Text<'a>,
    block: u64,
    offset: u64,
}

fn write_citations(
    message: &mut ObjectWriter<'_>,
    parts: &[Part<'_>],
    is_content: bool,
    documents: &Documents,
) {
    let places = places(parts);
    if places.is_empty() {
        return;
    }
    message.array("citations", |array| {
        for Place { citation, text, block, offset } in places {
            let text = text.plain();
            let (start, end) = citation.span.unwrap_or((0, count(&text)));
            let offset = if is_content { 0 } else { offset };
            array.object(|entry| {
                documents.write(entry, citation, (start.saturating_add(offset), end.saturating_add(offset)));
                entry.str("text", &excerpt(&text, start, end));
                if is_content {
                    entry.number("content_index", block);
                }
                entry.str("type", if is_content { "TEXT_CONTENT" } else { "PLAN" });
            });
        }
    });
}

fn places<'p, 'a>(parts: &'p [Part<'a>]) -> Vec<Place<'p, 'a>> {
    let (mut places, mut block, mut offset) = (Vec::new(), 0, 0);
    for part in parts {
        if let Part::Text { text, citations, .. } = part {
            places.extend(citations.iter().map(|citation| Place { citation, text, block, offset }));
        }
        if let Some(text) = text_of(part) {
            offset += count(&text.plain());
        }
        let is_block = match part {
            Part::Text { .. } | Part::Refusal(_) | Part::Thought(_) => true,
            Part::Foreign(foreign) => foreign.format == Format::Cohere,
            _ => false,
        };
        block += u64::from(is_block);
    }
    places
}

/// The characters of a text.
pub(super) fn count(text: &str) -> u64 {
    text.chars().count() as u64
}

fn excerpt(text: &str, start: u64, end: u64) -> String {
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    text.chars().skip(whole(start)).take(whole(end.saturating_sub(start))).collect()
}

/// Writes the members of `usage`. What a provider did not report is 0, as clients need numbers; what is charged is what
/// was counted.
pub(super) fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage) {
    for group in ["billed_units", "tokens"] {
        object.object(group, |group| {
            group.number("input_tokens", usage.input_tokens.unwrap_or(0));
            group.number("output_tokens", usage.output_tokens.unwrap_or(0));
        });
    }
    object.number_if("cached_tokens", usage.cached_input_tokens);
}
