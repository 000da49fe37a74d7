//! Pictures, sounds, films and documents: Bedrock names a format where others have a media type, and reads what is not in
//! the request from S3 alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::convert::codec::Objection;
use crate::convert::form::{Document, Media, Source};
use crate::convert::read::{self, Path};
use crate::json::{ObjectWriter, Text, Value};

/// A format and the media types for it, the usual one first.
type Formats = &'static [(&'static str, &'static [&'static str])];

const IMAGES: Formats = &[
    ("png", &["image/png"]),
    ("jpeg", &["image/jpeg", "image/jpg"]),
    ("gif", &["image/gif"]),
    ("webp", &["image/webp"]),
];
const VIDEOS: Formats = &[
    ("mp4", &["video/mp4"]),
    ("mov", &["video/quicktime", "video/mov"]),
    ("mkv", &["video/x-matroska", "video/matroska"]),
    ("webm", &["video/webm"]),
    ("flv", &["video/x-flv"]),
    ("mpeg", &["video/mpeg"]),
    ("mpg", &["video/mpg"]),
    ("wmv", &["video/x-ms-wmv", "video/wmv"]),
    ("three_gp", &["video/3gpp"]),
];
const SOUNDS: Formats = &[
    ("mp3", &["audio/mpeg", "audio/mp3"]),
    ("wav", &["audio/wav", "audio/x-wav", "audio/wave"]),
    ("opus", &["audio/opus"]),
    ("aac", &["audio/aac"]),
    ("x-aac", &["audio/x-aac"]),
    ("flac", &["audio/flac"]),
    ("ogg", &["audio/ogg"]),
    ("mp4", &["audio/mp4"]),
    ("m4a", &["audio/m4a", "audio/x-m4a"]),
    ("webm", &["audio/webm"]),
    ("mkv", &["audio/x-matroska"]),
    ("mka", &["audio/mka"]),
    ("mpeg", &["audio/x-mpeg"]),
    ("mpga", &["audio/mpga"]),
    ("pcm", &["audio/pcm", "audio/l16", "audio/pcm16"]),
];
const DOCUMENTS: Formats = &[
    ("pdf", &["application/pdf"]),
    ("csv", &["text/csv"]),
    ("doc", &["application/msword"]),
    ("docx", &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    ("xls", &["application/vnd.ms-excel"]),
    ("xlsx", &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    ("html", &["text/html"]),
    ("txt", &["text/plain", "application/json", "application/xml"]),
    ("md", &["text/markdown"]),
];
/// Formats of documents that are text.
const TEXTS: [&str; 4] = ["txt", "md", "csv", "html"];

/// A kind of media with a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Audio,
    Video,
    Document,
}

impl Kind {
    fn formats(self) -> Formats {
        match self {
            Self::Image => IMAGES,
            Self::Audio => SOUNDS,
            Self::Video => VIDEOS,
            Self::Document => DOCUMENTS,
        }
    }

    /// The media type of a format.
    pub(in crate::convert::converse) fn media_type(self, format: &str) -> Option<Text<'static>> {
        let (_, types) = self.formats().iter().find(|(name, _)| *name == format)?;
        types.first().copied().map(Text::from)
    }

    /// The format of a media type: the usual one without a type, what follows the slash of a type that has none.
    pub(super) fn format(self, media_type: Option<&Text<'_>>) -> String {
        let formats = self.formats();
        let Some(media_type) = media_type else {
            return formats.first().map(|(name, _)| (*name).to_owned()).unwrap_or_default();
        };
        let media_type = media_type.plain().to_ascii_lowercase();
        let known = formats.iter().find(|(_, types)| types.contains(&media_type.as_str()));
        match known {
            Some((name, _)) => (*name).to_owned(),
            None if self == Self::Document && media_type.starts_with("text/") => "txt".to_owned(),
            None => media_type.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }
}

/// Whether a provider gets it: in the request, or from S3.
pub(super) fn is_sendable(source: &Source<'_>) -> bool {
    match source {
        Source::Inline(_) | Source::Plain(_) => true,
        Source::Url(url) => url.plain().starts_with("s3://"),
        Source::Upload(_) => false,
    }
}

/// Reads a picture, a sound or a film.
pub(super) fn read<'a>(block: &Value<'a>, kind: Kind, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let format = read::needed_text(block, "format", path)?;
    let source = source(block, path)?;
    Ok(Media { source, media_type: kind.media_type(&format.plain()), detail: None, cache: None })
}

/// Reads a document. One that is text becomes it, since few formats take text as bytes.
pub(super) fn read_document<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    let format = read::text(block, "format", path)?.map(Text::into_plain);
    let source = match source(block, path)? {
        Source::Inline(bytes) if format.as_deref().is_some_and(|name| TEXTS.contains(&name)) => {
            decoded(&bytes).map_or(Source::Inline(bytes), |text| Source::Plain(Text::from(text)))
        }
        source => source,
    };
    Ok(Document {
        source,
        media_type: format.and_then(|format| Kind::Document.media_type(&format)),
        name: read::text(block, "name", path)?,
        context: read::text(block, "context", path)?,
        cited: is_cited(block),
        cache: None,
    })
}

/// Reads a search result as what it is to every model: a text with a title, and with where it is from, to be cited or not.
pub(super) fn read_search_result<'a>(result: &Value<'a>, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    Ok(Document {
        source: texts(result, path)?,
        media_type: None,
        name: Some(read::needed_text(result, "title", path)?),
        context: Some(read::needed_text(result, "source", path)?),
        cited: is_cited(result),
        cache: None,
    })
}

fn is_cited(block: &Value<'_>) -> bool {
    block.at(&["citations", "enabled"]).and_then(Value::as_bool) == Some(true)
}

/// The text of base64, where it is one.
pub(super) fn decoded(base64: &Text<'_>) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64.plain().as_bytes()).ok()?).ok()
}

fn source<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<Source<'a>, Objection> {
    let source = read::needed_object(block, "source", path)?;
    let path = path.member("source");
    if let Some(bytes) = read::text(source, "bytes", &path)? {
        return Ok(Source::Inline(bytes));
    }
    if let Some(text) = read::text(source, "text", &path)? {
        return Ok(Source::Plain(text));
    }
    if let Some(location) = read::object(source, "s3Location", &path)? {
        return Ok(Source::Url(read::needed_text(location, "uri", &path.member("s3Location"))?));
    }
    if source.present("content").is_none() {
        let message = format!("`{path}` must hold bytes, text, content or s3Location");
        return Err(Objection::new(path.to_string(), message));
    }
    texts(source, &path)
}

/// The texts in `content`, as one.
fn texts<'a>(holder: &Value<'a>, path: &Path<'_>) -> Result<Source<'a>, Objection> {
    let content = path.member("content");
    let mut joined = Vec::new();
    for (index, text) in read::list(holder, "content", path)?.iter().enumerate() {
        joined.push(read::needed_text(text, "text", &content.element(index))?.into_plain());
    }
    Ok(Source::Plain(Text::from(joined.join("\n\n"))))
}

/// Writes a picture, a sound or a film.
pub(super) fn write(block: &mut ObjectWriter<'_>, kind: Kind, media: &Media<'_>) {
    block.str("format", &kind.format(media.media_type.as_ref()));
    write_source(block, &media.source);
}

/// Writes a document under a name that Bedrock takes.
pub(super) fn write_document(block: &mut ObjectWriter<'_>, document: &Document<'_>, name: &str) {
    let usual = Text::from("text/plain");
    let is_text = matches!(document.source, Source::Plain(_));
    let media_type = document.media_type.as_ref().or(is_text.then_some(&usual));
    block.str("format", &Kind::Document.format(media_type));
    block.str("name", name);
    write_source(block, &document.source);
    block.text_if("context", document.context.as_ref());
    if document.cited {
        block.raw("citations", r#"{"enabled":true}"#);
    }
}

fn write_source(block: &mut ObjectWriter<'_>, source: &Source<'_>) {
    block.object("source", |object| match source {
        Source::Inline(bytes) => object.text("bytes", bytes),
        Source::Plain(text) => object.text("text", text),
        Source::Url(uri) | Source::Upload(uri) => {
            object.object("s3Location", |location| location.text("uri", uri))
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_comes_back_from_its_media_type() {
        for kind in [Kind::Image, Kind::Audio, Kind::Video, Kind::Document] {
            for (format, types) in kind.formats() {
                for media_type in *types {
                    assert_eq!(kind.format(Some(&Text::from(*media_type))), *format, "{media_type}");
                }
                assert!(kind.media_type(format).is_some());
            }
        }
    }

    #[test]
    fn a_type_without_a_format_is_named_for_the_provider_to_refuse() {
        let format = |kind: Kind, media_type: &'static str| kind.format(Some(&Text::from(media_type)));
        assert_eq!(format(Kind::Image, "image/svg+xml"), "svg+xml");
        assert_eq!(format(Kind::Document, "text/x-python"), "txt");
        assert_eq!(format(Kind::Image, "IMAGE/PNG"), "png");
        assert_eq!((Kind::Image.format(None), Kind::Document.format(None)), ("png".into(), "pdf".into()));
    }

    #[test]
    fn only_what_is_in_the_request_or_in_s3_is_sent() {
        let sent = |source: Source<'_>| is_sendable(&source);
        assert!(sent(Source::Url(Text::from("s3://bucket/a.png"))) && sent(Source::Plain(Text::from(""))));
        assert!(
            !sent(Source::Url(Text::from("https://example.com/s3://")))
                && !sent(Source::Upload(Text::from("s3://")))
        );
    }
}
