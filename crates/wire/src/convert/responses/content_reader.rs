//! The content of a message or of what a tool gave: a string, or parts.

use crate::convert::codec::Objection;
use crate::convert::form::{Cache, Citation, Document, Foreign, Media, Part, Source};
use crate::convert::read::{self, Path};
use crate::convert::{Format, data_url};
use crate::json::{Kind, Text, Value};

/// The lifetimes that a mark of a cached prompt may ask for ("Prompt caching").
pub(super) const LIFETIMES: [(&str, u32); 2] = [("30m", 1_800), ("12h", 43_200)];

/// Reads a member that is a string or a list of parts, and may be absent.
pub(super) fn read<'a>(item: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let Some(content) = item.present(key) else { return Ok(Vec::new()) };
    if let Some(text) = content.text() {
        // An empty string says nothing; some formats refuse an empty text.
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let path = path.member(key);
    match content.kind() {
        Kind::Array => {
            let elements = content.elements().iter().enumerate();
            elements.map(|(index, element)| part(element, &path.element(index))).collect()
        }
        _ => Err(Objection::wanted(path.to_string(), "a string or a list of parts", content)),
    }
}

fn part<'a>(part: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let cache = cache(part);
    let kind = read::needed_text(part, "type", path)?;
    Ok(match kind.plain().as_ref() {
        "input_text" | "output_text" | "text" => {
            Part::Text { text: read::needed_text(part, "text", path)?, citations: citations(part), cache }
        }
        "refusal" => Part::Refusal(read::needed_text(part, "refusal", path)?),
        "input_image" => Part::Image(image(part, cache, path)?),
        "input_file" => Part::Document(file(part, cache, path)?),
        "input_audio" => Part::Audio(audio(part, cache, path)?),
        _ => Part::Foreign(Foreign { format: Format::Responses, kind: kind.clone(), raw: part.raw() }),
    })
}

fn cache(part: &Value<'_>) -> Option<Cache> {
    let mark = part.present("prompt_cache_breakpoint")?;
    let ttl = mark.present("ttl").and_then(Value::as_str);
    let lifetime = LIFETIMES.iter().find(|(name, _)| ttl.as_deref() == Some(*name));
    Some(Cache { seconds: lifetime.map(|(_, seconds)| *seconds) })
}

fn image<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let url = read::text(part, "image_url", path)?;
    let (source, media_type) = match (url, read::text(part, "file_id", path)?) {
        (Some(url), _) => match data_url::split(&url) {
            Some((media_type, base64)) => (Source::Inline(base64), Some(media_type)),
            None => (Source::Url(url), None),
        },
        (None, Some(id)) => (Source::Upload(id), None),
        (None, None) => return Err(none_of(path, "`image_url` nor `file_id`")),
    };
    Ok(Media { source, media_type, detail: read::text(part, "detail", path)?, cache })
}

fn file<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    let name = read::text(part, "filename", path)?;
    let (data, url) = (read::text(part, "file_data", path)?, read::text(part, "file_url", path)?);
    let (source, media_type) = match (data, url, read::text(part, "file_id", path)?) {
        (Some(data), _, _) => match data_url::split(&data) {
            Some((media_type, base64)) => (Source::Inline(base64), Some(media_type)),
            None => (Source::Inline(data), name.as_ref().and_then(data_url::media_type_of_name)),
        },
        (None, Some(url), _) => (Source::Url(url), None),
        (None, None, Some(id)) => (Source::Upload(id), None),
        (None, None, None) => return Err(none_of(path, "`file_data`, `file_url` nor `file_id`")),
    };
    Ok(Document { source, media_type, name, context: None, cited: false, cache })
}

fn audio<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let audio = read::needed_object(part, "input_audio", path)?;
    let path = path.member("input_audio");
    let source = Source::Inline(read::needed_text(audio, "data", &path)?);
    let format = read::needed_text(audio, "format", &path)?;
    let media_type = match format.plain().as_ref() {
        "mp3" => Text::from("audio/mpeg"),
        format => Text::from(format!("audio/{format}")),
    };
    Ok(Media { source, media_type: Some(media_type), detail: None, cache })
}

fn none_of(path: &Path<'_>, members: &str) -> Objection {
    Objection::new(path.to_string(), format!("`{path}` has neither {members}"))
}

fn citations<'a>(part: &Value<'a>) -> Vec<Citation<'a>> {
    part.present("annotations").map(Value::elements).unwrap_or_default().iter().map(citation).collect()
}

/// One annotation of a text.
pub(super) fn citation<'a>(annotation: &Value<'a>) -> Citation<'a> {
    let text = |key: &str| annotation.present(key).and_then(Value::text);
    let number = |key: &str| annotation.get(key).and_then(Value::as_u64);
    let kind = text("type").unwrap_or(Text::from("annotation"));
    Citation {
        url: text("url"),
        title: text("title").or_else(|| text("filename")),
        quote: None,
        document: None,
        span: number("start_index").zip(number("end_index")),
        original: Some(Foreign { format: Format::Responses, kind, raw: annotation.raw() }),
    }
}
