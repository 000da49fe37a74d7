//! Bytes within a request (`inlineData`) and at an address (`fileData`): what they are is said by their media type alone.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::names;
use crate::convert::codec::Objection;
use crate::convert::form::{Document, Media, Part, Source};
use crate::convert::read::Path;
use crate::json::{ObjectWriter, Text, Value};

/// Where the Gemini API keeps what was uploaded to it ("Files API"); only Google reads it.
const UPLOADS: &str = "://generativelanguage.googleapis.com/";
/// A bucket of Google Cloud Storage.
const BUCKETS: &str = "gs://";

/// How closely to look, in Google's words and in OpenAI's.
const RESOLUTIONS: [(&str, &str); 4] = [
    ("MEDIA_RESOLUTION_LOW", "low"),
    ("MEDIA_RESOLUTION_MEDIUM", "auto"),
    ("MEDIA_RESOLUTION_HIGH", "high"),
    ("MEDIA_RESOLUTION_ULTRA_HIGH", "high"),
];

/// Base64 in the alphabet that everybody reads. Google's own libraries write the one for addresses (RFC 4648, section 5), some
/// without padding.
pub(super) fn standard_base64(base64: &str) -> Cow<'_, str> {
    let is_other = memchr::memchr2(b'-', b'_', base64.as_bytes()).is_some();
    let missing = (4 - base64.len() % 4) % 4;
    if !is_other && missing == 0 {
        return Cow::Borrowed(base64);
    }
    let mut standard = base64.replace('-', "+").replace('_', "/");
    standard.extend(std::iter::repeat_n('=', missing));
    Cow::Owned(standard)
}

/// The text with base64 in the alphabet that everybody reads, as it stood where it is.
pub(super) fn standard(text: Text<'_>) -> Text<'_> {
    let changed = match standard_base64(&text.plain()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(changed) => Some(changed),
    };
    changed.map_or(text, Text::from)
}

/// Reads `inlineData` of a request or of an answer.
pub(super) fn read_inline<'a>(data: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let source = Source::Inline(standard(names::needed_text(data, "data", path)?));
    let media_type = names::text(data, "mimeType", path)?;
    Ok(part(source, media_type, names::text(data, "displayName", path)?))
}

/// Reads `fileData`; none for what only Google can read.
pub(super) fn read_file<'a>(data: &Value<'a>, path: &Path<'_>) -> Result<Option<Part<'a>>, Objection> {
    let uri = names::needed_text(data, "fileUri", path)?;
    let plain = uri.plain();
    if plain.starts_with(BUCKETS) || plain.contains(UPLOADS) {
        return Ok(None);
    }
    let media_type = match names::text(data, "mimeType", path)?.filter(|kind| !kind.is_empty()) {
        Some(media_type) => Some(media_type),
        None => media_type_of(&plain).map(Text::from),
    };
    drop(plain);
    Ok(Some(part(Source::Url(uri), media_type, names::text(data, "displayName", path)?)))
}

fn part<'a>(source: Source<'a>, media_type: Option<Text<'a>>, name: Option<Text<'a>>) -> Part<'a> {
    let kind =
        media_type.as_ref().map(|media_type| media_type.plain().to_ascii_lowercase()).unwrap_or_default();
    let media = |source, media_type| Media { source, media_type, detail: None, cache: None };
    match kind.split('/').next().unwrap_or_default() {
        "image" => Part::Image(media(source, media_type)),
        "audio" => Part::Audio(media(source, media_type)),
        "video" => Part::Video(media(source, media_type)),
        kind => {
            let source = if kind == "text" { as_text(source) } else { source };
            Part::Document(Document { source, media_type, name, context: None, cited: false, cache: None })
        }
    }
}

/// Bytes that are text, as it: few formats take text as bytes.
fn as_text(source: Source<'_>) -> Source<'_> {
    let text = match &source {
        Source::Inline(data) => STANDARD.decode(data.plain().as_bytes()).ok(),
        _ => None,
    };
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or(source, |text| Source::Plain(Text::from(text)))
}

/// How closely to look at a picture, in OpenAI's words, of `mediaResolution`.
pub(super) fn detail(resolution: &Value<'_>) -> Option<Text<'static>> {
    let level = names::present(resolution, "level").unwrap_or(resolution).as_str()?;
    let known = RESOLUTIONS.iter().find(|(name, _)| *name == level);
    known.map(|(_, detail)| Text::from(*detail))
}

/// Writes a picture, a sound or a film.
pub(super) fn write(part: &mut ObjectWriter<'_>, media: &Media<'_>, usual: &str) {
    write_source(part, &media.source, media.media_type.as_ref(), usual);
}

/// Writes how closely to look at a picture, where that is not up to the provider.
pub(super) fn write_detail(part: &mut ObjectWriter<'_>, media: &Media<'_>) {
    let level = match media.detail.as_ref().map(Text::plain).as_deref() {
        Some("low") => "MEDIA_RESOLUTION_LOW",
        Some("high") => "MEDIA_RESOLUTION_HIGH",
        _ => return,
    };
    part.object("mediaResolution", |resolution| resolution.str("level", level));
}

/// Writes a document.
pub(super) fn write_document(part: &mut ObjectWriter<'_>, document: &Document<'_>) {
    let usual = if matches!(document.source, Source::Plain(_)) { "text/plain" } else { "application/pdf" };
    write_source(part, &document.source, document.media_type.as_ref(), usual);
}

fn write_source(
    part: &mut ObjectWriter<'_>,
    source: &Source<'_>,
    media_type: Option<&Text<'_>>,
    usual: &str,
) {
    match source {
        Source::Inline(base64) => part.object("inlineData", |data| {
            data.text("mimeType", media_type.unwrap_or(&Text::from(usual)));
            data.text("data", base64);
        }),
        Source::Plain(text) => part.object("inlineData", |data| {
            data.text("mimeType", media_type.unwrap_or(&Text::from(usual)));
            data.str("data", &STANDARD.encode(text.plain().as_bytes()));
        }),
        Source::Url(uri) | Source::Upload(uri) => part.object("fileData", |data| {
            let guessed = media_type_of(&uri.plain()).unwrap_or(usual);
            data.text("mimeType", media_type.unwrap_or(&Text::from(guessed)));
            data.text("fileUri", uri);
        }),
    }
}

/// What an address says of what is there.
fn media_type_of(uri: &str) -> Option<&'static str> {
    if ["://www.youtube.com/", "://youtube.com/", "://youtu.be/"].iter().any(|host| uri.contains(host)) {
        return Some("video/mp4");
    }
    let path = uri.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "html" => "text/html",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_the_alphabet_for_addresses_are_written_in_the_one_that_everybody_reads() {
        for (given, expected) in [("aGk_-w", "aGk/+w=="), ("aGk/+w==", "aGk/+w=="), ("", ""), ("aGk", "aGk=")]
        {
            assert_eq!(standard_base64(given), expected);
        }
        assert!(matches!(standard(Text::Source("\"aGkh\"")), Text::Source("\"aGkh\"")));
    }

    #[test]
    fn an_address_says_what_is_there() {
        assert_eq!(media_type_of("https://example.com/a.PNG?x=.pdf"), Some("image/png"));
        assert_eq!(media_type_of("https://youtu.be/x"), Some("video/mp4"));
        assert_eq!((media_type_of("https://example.com/"), media_type_of("x")), (None, None));
    }
}
