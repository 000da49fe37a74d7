//! An answer for a client.

use super::block_writer::{write_call, write_thought};
use super::stop;
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Citation, Part};
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let choice = answer.choices.first();
    object(&mut out, |message| {
        write_head(message, answer.id.as_ref(), answer.model.as_ref(), client);
        message.array("content", |blocks| {
            for part in choice.map(|choice| choice.parts.as_slice()).unwrap_or_default() {
                write_part(blocks, part);
            }
        });
        stop::write(message, choice.and_then(|choice| choice.stop.as_ref()));
        message.object("usage", |usage| write_usage(usage, &answer.usage));
    });
    out
}

/// What a message begins with, whole or of a stream.
pub(super) fn write_head(
    message: &mut ObjectWriter<'_>,
    id: Option<&Text<'_>>,
    model: Option<&Text<'_>>,
    client: &ClientContext,
) {
    match id {
        Some(id) => message.text("id", id),
        None => message.str("id", &format!("msg_{}", client.token)),
    }
    message.str("type", "message");
    message.str("role", "assistant");
    message.text("model", model.unwrap_or(&Text::from(client.model.as_str())));
}

fn write_part(blocks: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, citations, .. } => blocks.object(|block| {
            block.str("type", "text");
            block.text("text", text);
            if citations.iter().any(has_place) {
                block.array("citations", |array| {
                    let citations = citations.iter().filter(|citation| has_place(citation));
                    citations.for_each(|citation| write_citation(array, citation));
                });
            }
        }),
        Part::Refusal(text) => blocks.object(|block| {
            block.str("type", "text");
            block.text("text", text);
        }),
        Part::ToolCall(call) => blocks.object(|block| write_call(block, call)),
        Part::Thought(thought) => write_thought(blocks, thought, thought.seal.as_ref()),
        Part::Foreign(foreign) if foreign.format == Format::Messages => blocks.raw(foreign.raw),
        // Anthropic's messages hold no pictures and no sound of the model.
        Part::Image(_)
        | Part::Audio(_)
        | Part::Video(_)
        | Part::Document(_)
        | Part::ToolResult(_)
        | Part::Foreign(_) => {}
    }
}

/// Whether a citation says where: Anthropic has none that does not.
pub(super) fn has_place(citation: &Citation<'_>) -> bool {
    let is_own = citation.original.as_ref().is_some_and(|original| original.format == Format::Messages);
    is_own || citation.url.is_some() || citation.document.is_some()
}

/// Writes a citation: as it stood if it is Anthropic's own, else as a page of the web or as a document of the request, the
/// kinds that other formats have.
pub(super) fn write_citation(array: &mut ArrayWriter<'_>, citation: &Citation<'_>) {
    if let Some(original) = citation.original.as_ref().filter(|original| original.format == Format::Messages)
    {
        return array.raw(original.raw);
    }
    if let (None, Some(document)) = (&citation.url, citation.document) {
        return write_document_citation(array, citation, document);
    }
    array.object(|object| {
        object.str("type", "web_search_result_location");
        object.text("url", citation.url.as_ref().unwrap_or(&Text::from("")));
        match &citation.title {
            Some(title) => object.text("title", title),
            None => object.null("title"),
        }
        object.text("cited_text", citation.quote.as_ref().unwrap_or(&Text::from("")));
        object.str("encrypted_index", "");
    });
}

/// A document that is cited as a whole: other formats do not say from where to where.
fn write_document_citation(array: &mut ArrayWriter<'_>, citation: &Citation<'_>, document: u64) {
    let nothing = Text::from("");
    let quote = citation.quote.as_ref().unwrap_or(&nothing);
    array.object(|object| {
        object.str("type", "char_location");
        object.text("cited_text", quote);
        object.number("document_index", document);
        match &citation.title {
            Some(title) => object.text("document_title", title),
            None => object.null("document_title"),
        }
        object.number("start_char_index", 0);
        object.number("end_char_index", quote.plain().chars().count() as u64);
    });
}

/// Writes the members of `usage`: Anthropic counts cached tokens beside the input.
pub(super) fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage) {
    let cached = usage.cached_input_tokens.unwrap_or(0);
    let written = usage.cache_write_tokens.unwrap_or(0);
    let input = usage.input_tokens.unwrap_or(0).saturating_sub(cached).saturating_sub(written);
    object.number("input_tokens", input);
    object.number("cache_creation_input_tokens", written);
    object.number("cache_read_input_tokens", cached);
    if let Some(hour) = usage.cache_write_1h_tokens {
        object.object("cache_creation", |details| {
            details.number("ephemeral_5m_input_tokens", written.saturating_sub(hour));
            details.number("ephemeral_1h_input_tokens", hour);
        });
    }
    object.number("output_tokens", usage.output_tokens.unwrap_or(0));
    if let Some(thinking) = usage.reasoning_tokens {
        object.object("output_tokens_details", |details| details.number("thinking_tokens", thinking));
    }
}
