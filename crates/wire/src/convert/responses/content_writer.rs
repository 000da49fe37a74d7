//! Parts as the content of a message, or of what a tool gave.

use std::borrow::Cow;

use super::content_reader::LIFETIMES;
use super::output_item;
use crate::convert::form::{Cache, Citation, Document, Media, Part, Source};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// The endings of files by their media types: OpenAI wants a name for bytes, and reads the kind of the file from its ending
/// ("File inputs").
const ENDINGS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("application/json", "json"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
];

/// Writes parts that are shown to the model: a string where it is one text, else a list.
pub(super) fn write_input(item: &mut ObjectWriter<'_>, key: &str, parts: &[&Part<'_>], marks: bool) {
    match parts {
        [] => item.str(key, ""),
        [Part::Text { text, cache, .. }] if cache.is_none() || !marks => item.text(key, text),
        parts => item.array(key, |array| parts.iter().for_each(|part| input_part(array, part, marks))),
    }
}

/// Writes parts that the model has said: a string where it is one text, else a list.
pub(super) fn write_output(item: &mut ObjectWriter<'_>, parts: &[&Part<'_>]) {
    match parts {
        [Part::Text { text, citations, .. }] if !citations.iter().any(output_item::says_where) => {
            item.text("content", text);
        }
        parts => item.array("content", |array| parts.iter().for_each(|part| output_part(array, part))),
    }
}

fn output_part(array: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, citations, .. } => array.object(|part| {
            part.str("type", "output_text");
            part.text("text", text);
            part.array("annotations", |array| {
                let written = citations.iter().filter(|citation| output_item::says_where(citation));
                written.for_each(|citation| output_item::write_citation(array, citation, 0));
            });
        }),
        Part::Refusal(text) => array.object(|part| {
            part.str("type", "refusal");
            part.text("refusal", text);
        }),
        _ => {}
    }
}

fn input_part(array: &mut ArrayWriter<'_>, part: &Part<'_>, marks: bool) {
    match part {
        Part::Text { text, cache, .. } => text_part(array, text, cache.filter(|_| marks)),
        Part::Refusal(text) => text_part(array, text, None),
        Part::Image(media) => array.object(|part| {
            part.str("type", "input_image");
            match &media.source {
                Source::Upload(id) => part.text("file_id", id),
                source => address(part, "image_url", source, media.media_type.as_ref(), "image/png"),
            }
            part.text("detail", media.detail.as_ref().unwrap_or(&Text::from("auto")));
            write_mark(part, media.cache.filter(|_| marks));
        }),
        Part::Document(document) => write_document(array, document, marks),
        Part::Audio(media) => audio(array, media),
        Part::Foreign(foreign) => array.raw(foreign.raw),
        Part::Video(_) | Part::ToolCall(_) | Part::ToolResult(_) | Part::Thought(_) => {}
    }
}

fn text_part(array: &mut ArrayWriter<'_>, text: &Text<'_>, cache: Option<Cache>) {
    array.object(|part| {
        part.str("type", "input_text");
        part.text("text", text);
        write_mark(part, cache);
    });
}

/// A lifetime that OpenAI does not have is left to it.
fn write_mark(part: &mut ObjectWriter<'_>, cache: Option<Cache>) {
    let Some(cache) = cache else { return };
    part.object("prompt_cache_breakpoint", |mark| {
        mark.str("mode", "explicit");
        if let Some((name, _)) = LIFETIMES.iter().find(|(_, seconds)| cache.seconds == Some(*seconds)) {
            mark.str("ttl", name);
        }
    });
}

fn write_document(array: &mut ArrayWriter<'_>, document: &Document<'_>, marks: bool) {
    let cache = document.cache.filter(|_| marks);
    if let Source::Plain(text) = &document.source {
        if let Some(name) = &document.name {
            text_part(array, name, None);
        }
        return text_part(array, text, cache);
    }
    array.object(|part| {
        part.str("type", "input_file");
        match &document.source {
            Source::Upload(id) => part.text("file_id", id),
            Source::Url(url) => part.text("file_url", url),
            source => address(part, "file_data", source, document.media_type.as_ref(), "application/pdf"),
        }
        // A file that lies elsewhere has its name there.
        if matches!(document.source, Source::Inline(_)) {
            part.text("filename", &file_name(document));
        }
        write_mark(part, cache);
    });
}

/// The name of a file, with an ending in any case.
fn file_name<'a>(document: &Document<'a>) -> Text<'a> {
    let name = document.name.as_ref().map_or(Cow::Borrowed("document"), Text::plain);
    if let Some(name) = document.name.as_ref().filter(|_| name.contains('.')) {
        return name.clone();
    }
    let media_type = document.media_type.as_ref().map_or(Cow::Borrowed(""), Text::plain);
    let ending = ENDINGS.iter().find(|(known, _)| *known == media_type).map_or("pdf", |(_, ending)| ending);
    Text::from(format!("{name}.{ending}"))
}

fn audio(array: &mut ArrayWriter<'_>, media: &Media<'_>) {
    let media_type = media.media_type.as_ref().map_or(Cow::Borrowed("audio/wav"), Text::plain);
    let format = match media_type.strip_prefix("audio/").unwrap_or(&media_type) {
        "mpeg" => "mp3",
        "x-wav" | "wave" => "wav",
        format => format,
    };
    array.object(|part| {
        part.str("type", "input_audio");
        part.object("input_audio", |audio| {
            audio.text("data", media.source.text());
            audio.str("format", format);
        });
    });
}

/// An address, or bytes as one.
fn address(
    object: &mut ObjectWriter<'_>,
    key: &str,
    source: &Source<'_>,
    media_type: Option<&Text<'_>>,
    usual: &str,
) {
    match source {
        Source::Inline(base64) => object.joined(key, |out| {
            out.extend_from_slice(b"data:");
            media_type.unwrap_or(&Text::from(usual)).write_inner(out);
            out.extend_from_slice(b";base64,");
            base64.write_inner(out);
        }),
        source => object.text(key, source.text()),
    }
}

/// Whether a citation keeps all that it says.
pub(super) fn keeps_citation(citation: &Citation<'_>) -> bool {
    output_item::says_where(citation) && citation.quote.is_none()
}
