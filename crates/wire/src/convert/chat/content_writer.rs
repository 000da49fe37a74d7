//! Parts as the content of a message.

use std::borrow::Cow;

use crate::convert::form::{Document, Media, Part, Source};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// Writes `content`: a string where it is one text, else parts.
pub(super) fn write(message: &mut ObjectWriter<'_>, parts: &[&Part<'_>]) {
    match parts {
        [] => message.str("content", ""),
        [Part::Text { text, .. }] => message.text("content", text),
        parts => message.array("content", |array| parts.iter().for_each(|part| write_part(array, part))),
    }
}

fn write_part(array: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, .. } => text_part(array, text),
        Part::Image(media) => array.object(|part| {
            part.str("type", "image_url");
            part.object("image_url", |image| {
                url(image, "url", &media.source, media.media_type.as_ref(), "image/png");
                image.text_if("detail", media.detail.as_ref());
            });
        }),
        Part::Audio(media) => audio(array, media),
        Part::Video(media) => array.object(|part| {
            part.str("type", "video_url");
            part.object("video_url", |video| {
                url(video, "url", &media.source, media.media_type.as_ref(), "video/mp4");
            });
        }),
        Part::Document(document) => write_document(array, document),
        Part::Refusal(text) => array.object(|part| {
            part.str("type", "refusal");
            part.text("refusal", text);
        }),
        Part::Foreign(foreign) => array.raw(foreign.raw),
        Part::ToolCall(_) | Part::ToolResult(_) | Part::Thought(_) => {}
    }
}

fn text_part(array: &mut ArrayWriter<'_>, text: &Text<'_>) {
    array.object(|part| {
        part.str("type", "text");
        part.text("text", text);
    });
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

fn write_document(array: &mut ArrayWriter<'_>, document: &Document<'_>) {
    if let Source::Plain(text) = &document.source {
        if let Some(name) = &document.name {
            text_part(array, name);
        }
        return text_part(array, text);
    }
    array.object(|part| {
        part.str("type", "file");
        part.object("file", |file| {
            match &document.source {
                Source::Upload(id) => file.text("file_id", id),
                source => url(file, "file_data", source, document.media_type.as_ref(), "application/pdf"),
            }
            match (&document.name, &document.source) {
                (Some(name), _) => file.text("filename", name),
                // OpenAI wants a name for bytes, and reads the kind of the file from its ending.
                (None, Source::Inline(_)) => file.str("filename", "document.pdf"),
                (None, _) => {}
            }
        });
    });
}

/// An address, or bytes as one.
fn url(
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
