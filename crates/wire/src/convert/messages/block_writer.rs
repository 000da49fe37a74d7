//! Parts as content blocks, of a request or of an answer.

use crate::convert::form::{Cache, Document, Media, Part, Seal, Source, Thought, ToolCall, ToolResult};
use crate::convert::{Format, seal};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// An hour, the longer of the two lifetimes.
const HOUR: &str = "1h";
const FIVE_MINUTES: &str = "5m";
const FIVE_MINUTES_SECONDS: u32 = 300;

/// Writes a part of a request. Thinking goes back only to those who signed it.
pub(super) fn write_block(blocks: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, cache, .. } => text_block(blocks, text, *cache),
        Part::Refusal(text) => text_block(blocks, text, None),
        Part::Image(media) => blocks.object(|block| write_image(block, media)),
        Part::Document(document) => blocks.object(|block| write_document(block, document)),
        Part::ToolCall(call) => blocks.object(|block| write_call(block, call)),
        Part::ToolResult(result) => blocks.object(|block| write_result(block, result)),
        Part::Thought(thought) => write_own_thought(blocks, thought),
        Part::Foreign(foreign) => blocks.raw(foreign.raw),
        Part::Audio(_) | Part::Video(_) => {}
    }
}

/// An empty text is refused ("text content blocks must be non-empty").
fn text_block(blocks: &mut ArrayWriter<'_>, text: &Text<'_>, cache: Option<Cache>) {
    if text.is_empty() {
        return;
    }
    blocks.object(|block| {
        block.str("type", "text");
        block.text("text", text);
        write_cache(block, cache);
    });
}

/// Writes the mark of a cached prompt.
pub(super) fn write_cache(object: &mut ObjectWriter<'_>, cache: Option<Cache>) {
    let Some(cache) = cache else { return };
    object.object("cache_control", |mark| {
        mark.str("type", "ephemeral");
        if let Some(seconds) = cache.seconds {
            mark.str("ttl", if seconds > FIVE_MINUTES_SECONDS { HOUR } else { FIVE_MINUTES });
        }
    });
}

fn write_image(block: &mut ObjectWriter<'_>, media: &Media<'_>) {
    block.str("type", "image");
    block.object("source", |source| {
        write_source(source, &media.source, media.media_type.as_ref(), "image/png")
    });
    write_cache(block, media.cache);
}

fn write_document(block: &mut ObjectWriter<'_>, document: &Document<'_>) {
    block.str("type", "document");
    block.object("source", |source| {
        write_source(source, &document.source, document.media_type.as_ref(), "application/pdf");
    });
    block.text_if("title", document.name.as_ref());
    block.text_if("context", document.context.as_ref());
    if document.cited {
        block.raw("citations", r#"{"enabled":true}"#);
    }
    write_cache(block, document.cache);
}

fn write_source(
    object: &mut ObjectWriter<'_>,
    source: &Source<'_>,
    media_type: Option<&Text<'_>>,
    usual: &str,
) {
    match source {
        Source::Inline(data) => {
            object.str("type", "base64");
            object.text("media_type", media_type.unwrap_or(&Text::from(usual)));
            object.text("data", data);
        }
        Source::Url(url) => {
            object.str("type", "url");
            object.text("url", url);
        }
        Source::Upload(id) => {
            object.str("type", "file");
            object.text("file_id", id);
        }
        Source::Plain(text) => {
            object.str("type", "text");
            object.str("media_type", "text/plain");
            object.text("data", text);
        }
    }
}

/// Writes a call, of a request or of an answer.
pub(super) fn write_call(block: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    block.str("type", "tool_use");
    block.text("id", &call.id);
    block.text("name", &call.name);
    if call.is_free_text {
        block.object("input", |input| input.text("input", &call.input));
    } else {
        block.raw("input", object_or_empty(&call.input.plain()));
    }
    write_cache(block, call.cache);
}

/// The input of a call as an object. A model may write something else, which no client of this format could read.
pub(in crate::convert) fn object_or_empty(input: &str) -> &str {
    let is_object = crate::json::Value::parse(input.as_bytes())
        .is_ok_and(|value| value.kind() == crate::json::Kind::Object);
    if is_object { input } else { "{}" }
}

fn write_result(block: &mut ObjectWriter<'_>, result: &ToolResult<'_>) {
    block.str("type", "tool_result");
    block.text("tool_use_id", &result.call);
    match result.parts.as_slice() {
        [] => {}
        [Part::Text { text, cache: None, .. }] => block.text("content", text),
        parts => block.array("content", |blocks| parts.iter().for_each(|part| write_block(blocks, part))),
    }
    if result.failed == Some(true) {
        block.bool("is_error", true);
    }
    write_cache(block, result.cache);
}

fn write_own_thought(blocks: &mut ArrayWriter<'_>, thought: &Thought<'_>) {
    let seal = thought.seal.as_ref();
    let own = seal.filter(|seal| seal.format == Format::Messages || seal::is_signature_of_claude(seal));
    if let Some(seal) = own {
        write_thought(blocks, thought, Some(&Seal { format: Format::Messages, ..seal.clone() }));
    }
}

/// Writes thinking for a client, with whoever's proof in a form that comes back. Where there are words beside thinking that
/// only the provider can read (OpenAI's summaries), they are shown.
pub(super) fn write_thought(blocks: &mut ArrayWriter<'_>, thought: &Thought<'_>, seal: Option<&Seal<'_>>) {
    match seal {
        Some(seal) if seal.is_redacted && thought.text.is_none() && thought.summary.is_empty() => blocks
            .object(|block| {
                block.str("type", "redacted_thinking");
                block.text("data", &seal::to_client(seal, Format::Messages));
            }),
        seal => blocks.object(|block| {
            block.str("type", "thinking");
            write_words(block, thought);
            match seal {
                Some(seal) => block.text("signature", &seal::to_client(seal, Format::Messages)),
                None => block.str("signature", ""),
            }
        }),
    }
}

fn write_words(block: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    let words: Vec<&Text<'_>> = thought.text.iter().chain(&thought.summary).collect();
    block.joined("thinking", |out| {
        for (index, text) in words.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\\n\\n");
            }
            text.write_inner(out);
        }
    });
}
