//! Parts of a request.

use super::generation::Generation;
use super::layout::Said;
use super::media;
use crate::convert::form::{Document, Media, Part, Source, Thought, ToolResult};
use crate::convert::messages::block_writer::object_or_empty;
use crate::json::{ArrayWriter, Kind, ObjectWriter, Text, Value};

/// Writes a part, with the proof of the thinking before it.
pub(super) fn write(parts: &mut ArrayWriter<'_>, said: &Said<'_, '_>, generation: Generation) {
    let signature = said.written_signature();
    let sign = |part: &mut ObjectWriter<'_>| part.text_if("thoughtSignature", signature.as_ref());
    let Some(part) = said.part else {
        return parts.object(|part| {
            part.str("text", "");
            sign(part);
        });
    };
    match part {
        Part::Foreign(foreign) => parts.raw(foreign.raw),
        Part::ToolResult(result) => write_result(parts, result, generation),
        Part::Document(document) => {
            write_name(parts, document);
            parts.object(|part| {
                media::write_document(part, document);
                sign(part);
            });
        }
        part => parts.object(|object| {
            write_content(object, part, generation);
            sign(object);
        }),
    }
}

fn write_content(object: &mut ObjectWriter<'_>, part: &Part<'_>, generation: Generation) {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => object.text("text", text),
        Part::Thought(thought) => write_thought(object, thought),
        Part::ToolCall(call) => object.object("functionCall", |function| {
            function.text("name", &call.name);
            function.raw("args", object_or_empty(&call.input.plain()));
        }),
        Part::Image(image) => {
            media::write(object, image, "image/png");
            if generation.is_third {
                media::write_detail(object, image);
            }
        }
        Part::Audio(sound) => media::write(object, sound, "audio/wav"),
        Part::Video(film) => media::write(object, film, "video/mp4"),
        Part::Document(_) | Part::ToolResult(_) | Part::Foreign(_) => {}
    }
}

/// Writes thinking, of a request or of an answer.
pub(super) fn write_thought(object: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    object.joined("text", |out| {
        for (index, text) in thought.text.iter().chain(&thought.summary).enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\\n\\n");
            }
            text.write_inner(out);
        }
    });
    object.bool("thought", true);
}

/// Google knows no names of documents, so the name stands before it.
fn write_name(parts: &mut ArrayWriter<'_>, document: &Document<'_>) {
    if let Some(name) = document.name.as_ref().filter(|name| !name.is_empty()) {
        parts.object(|part| part.text("text", name));
    }
}

/// Writes what a tool gave. Models before Gemini 3 are shown pictures and documents after the results, as are all those at an
/// address.
fn write_result(parts: &mut ArrayWriter<'_>, result: &ToolResult<'_>, generation: Generation) {
    let is_within = |part: &&Part<'_>| generation.is_third && is_bytes(part);
    let (within, after): (Vec<_>, Vec<_>) =
        result.parts.iter().filter(|part| !is_text(part)).partition(is_within);
    parts.object(|part| {
        part.object("functionResponse", |response| {
            response.text("name", result.name.as_ref().unwrap_or(&Text::from("tool")));
            response.object("response", |object| write_outcome(object, result));
            if !within.is_empty() {
                response.array("parts", |parts| {
                    within.iter().for_each(|part| parts.object(|object| write_media(object, part)));
                });
            }
        });
    });
    after.iter().for_each(|part| parts.object(|object| write_media(object, part)));
}

fn write_media(object: &mut ObjectWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Image(image) => media::write(object, image, "image/png"),
        Part::Audio(sound) => media::write(object, sound, "audio/wav"),
        Part::Video(film) => media::write(object, film, "video/mp4"),
        Part::Document(document) => media::write_document(object, document),
        _ => {}
    }
}

/// The output as an object: what is one already, or under the name that Google has for it.
fn write_outcome(response: &mut ObjectWriter<'_>, result: &ToolResult<'_>) {
    let texts: Vec<_> = result.parts.iter().filter_map(text_of).map(Text::plain).collect();
    let text = texts.join("\n");
    let has_failed = result.failed == Some(true);
    let value = Value::parse(text.as_bytes()).ok().filter(|value| value.kind() == Kind::Object);
    match value {
        Some(value) if has_failed => response.raw("error", value.raw()),
        Some(value) => value.members().iter().for_each(|(key, value)| response.named(key, value.raw())),
        None => response.str(if has_failed { "error" } else { "output" }, &text),
    }
}

fn is_text(part: &Part<'_>) -> bool {
    text_of(part).is_some()
}

/// Documents that are text are said as such in what a tool gave.
fn text_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text),
        Part::Document(Document { source: Source::Plain(text), .. }) => Some(text),
        _ => None,
    }
}

/// Whether it can stand within a result.
pub(super) fn is_bytes(part: &Part<'_>) -> bool {
    match part {
        Part::Image(Media { source, .. })
        | Part::Audio(Media { source, .. })
        | Part::Video(Media { source, .. }) => matches!(source, Source::Inline(_)),
        Part::Document(document) => matches!(document.source, Source::Inline(_) | Source::Plain(_)),
        _ => true,
    }
}
