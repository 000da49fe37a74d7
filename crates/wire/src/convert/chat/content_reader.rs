//! The content of a message: a string, or parts.

use crate::convert::codec::Objection;
use crate::convert::form::{Cache, Document, Foreign, Media, Part, Source};
use crate::convert::read::{self, Path};
use crate::convert::{Format, data_url};
use crate::json::{Kind, Text, Value};

/// Reads the content of a message, which may be absent.
pub(super) fn read<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let Some(content) = message.present("content") else { return Ok(Vec::new()) };
    if let Some(text) = content.text() {
        // An empty string says nothing; some formats refuse an empty text.
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let path = path.member("content");
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
        "text" | "input_text" | "output_text" => {
            Part::Text { text: read::needed_text(part, "text", path)?, citations: Vec::new(), cache }
        }
        "refusal" => Part::Refusal(read::needed_text(part, "refusal", path)?),
        "image_url" => Part::Image(image(part, cache, path)?),
        "input_audio" => Part::Audio(audio(part, cache, path)?),
        "video_url" => Part::Video(video(part, cache, path)?),
        "file" => Part::Document(file(part, cache, path)?),
        _ => Part::Foreign(Foreign { format: Format::Chat, kind: kind.clone(), raw: part.raw() }),
    })
}

/// `prompt_cache_breakpoint` (OpenAI) or `cache_control` (OpenRouter, "Prompt caching").
pub(super) fn cache(part: &Value<'_>) -> Option<Cache> {
    let mark = part.present("prompt_cache_breakpoint").or_else(|| part.present("cache_control"))?;
    let seconds = mark.get("ttl").and_then(Value::as_str).and_then(|ttl| seconds(&ttl));
    Some(Cache { seconds })
}

/// `5m`, `1h`.
pub(super) fn seconds(ttl: &str) -> Option<u32> {
    let (number, unit) = ttl.split_at_checked(ttl.len().checked_sub(1)?)?;
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}

/// `image_url` is an object, and with some providers a string.
fn image<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let (url, detail) = match part.present("image_url").and_then(Value::text) {
        Some(url) => (url, None),
        None => {
            let image = read::needed_object(part, "image_url", path)?;
            let path = path.member("image_url");
            (read::needed_text(image, "url", &path)?, read::text(image, "detail", &path)?)
        }
    };
    Ok(Media { detail, ..of_url(url, cache) })
}

fn video<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let video = read::needed_object(part, "video_url", path)?;
    Ok(of_url(read::needed_text(video, "url", &path.member("video_url"))?, cache))
}

fn of_url(url: Text<'_>, cache: Option<Cache>) -> Media<'_> {
    match data_url::split(&url) {
        Some((media_type, base64)) => {
            Media { source: Source::Inline(base64), media_type: Some(media_type), detail: None, cache }
        }
        None => Media { source: Source::Url(url), media_type: None, detail: None, cache },
    }
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

fn file<'a>(part: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    let file = read::needed_object(part, "file", path)?;
    let path = path.member("file");
    let name = read::text(file, "filename", &path)?;
    let data = read::text(file, "file_data", &path)?;
    let (source, media_type) = match (data, read::text(file, "file_id", &path)?) {
        (Some(data), _) => match data_url::split(&data) {
            Some((media_type, base64)) => (Source::Inline(base64), Some(media_type)),
            None if data.plain().starts_with("https://") => (Source::Url(data), None),
            None => (Source::Inline(data), name.as_ref().and_then(data_url::media_type_of_name)),
        },
        (None, Some(id)) => (Source::Upload(id), None),
        (None, None) => {
            return Err(Objection::new(
                path.to_string(),
                format!("`{path}` has neither `file_data` nor `file_id`"),
            ));
        }
    };
    Ok(Document { source, media_type, name, context: None, cited: false, cache })
}
