//! Texts with where the model found them (API reference, `CitationsContentBlock` and `CitationsDelta`).

use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Citation, Foreign, Part};
use crate::convert::read::{self, Path};
use crate::json::{ArrayWriter, ObjectWriter, Text, Value};

/// Where a citation says in which document of the request something stands.
const LOCATIONS: [&str; 3] = ["documentChar", "documentPage", "documentChunk"];

/// Reads `citationsContent`.
pub(super) fn read<'a>(content: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let listed = path.member("content");
    let texts = read::list(content, "content", path)?.iter().enumerate();
    let mut texts: Vec<Text<'a>> = texts
        .map(|(index, text)| read::needed_text(text, "text", &listed.element(index)))
        .collect::<Result<_, _>>()?;
    let text = match texts.len() {
        1 => texts.remove(0),
        _ => Text::from(texts.into_iter().map(Text::into_plain).collect::<String>()),
    };
    let citations = content.present("citations").map(Value::elements).unwrap_or_default();
    Ok(Part::Text { text, citations: citations.iter().map(citation).collect(), cache: None })
}

/// One citation, of a text or of a delta.
pub(super) fn citation<'a>(citation: &Value<'a>) -> Citation<'a> {
    let text = |key: &str| citation.present(key).and_then(Value::text);
    let location = citation.present("location");
    let url = location.and_then(|location| location.at(&["web", "url"])).and_then(Value::text);
    let document = |key: &&str| location?.at(&[key, "documentIndex"])?.as_u64();
    let quotes = citation.present("sourceContent").map(Value::elements).unwrap_or_default();
    Citation {
        url: url.or_else(|| text("source").filter(|source| source.plain().contains("://"))),
        title: text("title"),
        quote: quotes.first().and_then(|quote| quote.get("text")).and_then(Value::text),
        document: LOCATIONS.iter().find_map(document),
        span: None,
        original: Some(Foreign {
            format: Format::Converse,
            kind: Text::from("citation"),
            raw: citation.raw(),
        }),
    }
}

/// Writes a text with its citations as a block.
pub(super) fn write(block: &mut ObjectWriter<'_>, text: &Text<'_>, citations: &[Citation<'_>]) {
    block.object("citationsContent", |content| {
        content.array("content", |array| array.object(|object| object.text("text", text)));
        content.array("citations", |array| {
            citations.iter().for_each(|citation| write_citation(array, citation))
        });
    });
}

/// Writes a citation: as it stood if it is Bedrock's own.
fn write_citation(array: &mut ArrayWriter<'_>, citation: &Citation<'_>) {
    match own(citation) {
        Some(raw) => array.raw(raw),
        None => array.object(|object| write_members(object, citation)),
    }
}

/// Writes a citation as the member of a delta.
pub(super) fn write_delta(delta: &mut ObjectWriter<'_>, citation: &Citation<'_>) {
    match own(citation) {
        Some(raw) => delta.raw("citation", raw),
        None => delta.object("citation", |object| write_members(object, citation)),
    }
}

fn own<'a>(citation: &Citation<'a>) -> Option<&'a str> {
    let original = citation.original.as_ref().filter(|original| original.format == Format::Converse);
    original.map(|original| original.raw)
}

fn write_members(object: &mut ObjectWriter<'_>, citation: &Citation<'_>) {
    object.text_if("title", citation.title.as_ref());
    object.text_if("source", citation.url.as_ref());
    if let Some(quote) = &citation.quote {
        object.array("sourceContent", |array| array.object(|source| source.text("text", quote)));
    }
    match (&citation.url, citation.document) {
        (Some(url), _) => object.object("location", |location| {
            location.object("web", |web| web.text("url", url));
        }),
        (None, Some(document)) => object.object("location", |location| {
            location.object("documentChunk", |chunk| chunk.number("documentIndex", document));
        }),
        (None, None) => {}
    }
}
