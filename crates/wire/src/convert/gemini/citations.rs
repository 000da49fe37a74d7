//! Where the model found something (Gemini API reference, `GroundingMetadata` and `CitationMetadata`): a list of sources, and a
//! list of which stretch of the answer is from which. Stretches are counted in bytes there, and in characters by others.

use crate::convert::form::Citation;
use crate::json::{ObjectWriter, Text, Value};

/// Members of a source, by its kind.
const KINDS: [&str; 4] = ["web", "retrievedContext", "maps", "image"];

/// A source of an answer.
pub(super) struct Found<'a> {
    /// The part of the answer that it is for, where that is said.
    pub(super) part: Option<u64>,
    /// From which byte of the part up to which, where that is said.
    pub(super) bytes: Option<(u64, u64)>,
    /// The source.
    pub(super) citation: Citation<'a>,
}

/// The sources of a candidate.
pub(super) fn read<'a>(candidate: &Value<'a>) -> Vec<Found<'a>> {
    let list = |path: &[&str]| candidate.at(path).map(Value::elements).unwrap_or_default();
    let chunks = list(&["groundingMetadata", "groundingChunks"]);
    let supports = list(&["groundingMetadata", "groundingSupports"]);
    let mut found: Vec<Found<'a>> = supports.iter().flat_map(|support| supported(support, chunks)).collect();
    if found.is_empty() {
        found.extend(chunks.iter().map(|chunk| Found { part: None, bytes: None, citation: source(chunk) }));
    }
    let own = list(&["citationMetadata", "citations"]).iter();
    found.extend(own.chain(list(&["citationMetadata", "citationSources"])).map(quoted));
    found
}

fn supported<'a>(support: &Value<'a>, chunks: &[Value<'a>]) -> Vec<Found<'a>> {
    let segment = support.get("segment");
    let number = |key: &str| segment.and_then(|segment| segment.get(key)?.as_u64());
    let bytes = number("endIndex").map(|end| (number("startIndex").unwrap_or(0), end));
    let indices = support.get("groundingChunkIndices").map(Value::elements).unwrap_or_default();
    let chunk = |index: &Value<'a>| chunks.get(usize::try_from(index.as_u64()?).ok()?);
    let found = |chunk| Found { part: number("partIndex"), bytes, citation: source(chunk) };
    indices.iter().filter_map(chunk).map(found).collect()
}

fn source<'a>(chunk: &Value<'a>) -> Citation<'a> {
    let kind = KINDS.iter().find_map(|kind| chunk.present(kind));
    let text = |key: &str| kind.and_then(|source| source.present(key)).and_then(Value::text);
    Citation {
        url: text("uri").or_else(|| text("sourceUri")),
        title: text("title"),
        quote: text("text").filter(|_| chunk.present("retrievedContext").is_some()),
        ..Citation::default()
    }
}

/// A source of what the answer quotes at length.
fn quoted<'a>(citation: &Value<'a>) -> Found<'a> {
    let text = |key: &str| citation.present(key).and_then(Value::text);
    let number = |key: &str| citation.get(key).and_then(Value::as_u64);
    Found {
        part: None,
        bytes: number("endIndex").map(|end| (number("startIndex").unwrap_or(0), end)),
        citation: Citation { url: text("uri"), title: text("title"), ..Citation::default() },
    }
}

/// The characters of a text from one byte up to another.
pub(super) fn characters(text: &str, (start, end): (u64, u64)) -> (u64, u64) {
    let upto = |byte: u64| {
        let byte = text.floor_char_boundary(usize::try_from(byte).unwrap_or(usize::MAX));
        text.get(..byte).map_or(0, |before| before.chars().count() as u64)
    };
    (upto(start), upto(end))
}

/// The bytes of a text from one character up to another.
pub(super) fn bytes(text: &str, (start, end): (u64, u64)) -> (u64, u64) {
    let upto = |character: u64| {
        let character = usize::try_from(character).unwrap_or(usize::MAX);
        text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte) as u64
    };
    (upto(start), upto(end))
}

/// Which stretch of the answer is from a source.
pub(super) struct Support<'c, 'a> {
    /// The part.
    pub(super) part: u64,
    /// From which byte up to which.
    pub(super) bytes: (u64, u64),
    /// The words of the answer, where they are at hand.
    pub(super) text: Option<&'c str>,
    /// The source.
    pub(super) citation: &'c Citation<'a>,
}

/// Writes `groundingMetadata`; nothing without sources.
pub(super) fn write(candidate: &mut ObjectWriter<'_>, supports: &[Support<'_, '_>]) {
    if supports.is_empty() {
        return;
    }
    candidate.object("groundingMetadata", |metadata| {
        metadata.array("groundingChunks", |chunks| {
            for support in supports {
                chunks.object(|chunk| write_source(chunk, support.citation));
            }
        });
        metadata.array("groundingSupports", |array| {
            for (index, support) in (0..).zip(supports) {
                array.object(|object| {
                    object.object("segment", |segment| write_segment(segment, support));
                    object.array("groundingChunkIndices", |indices| indices.number(index));
                });
            }
        });
    });
}

fn write_segment(segment: &mut ObjectWriter<'_>, support: &Support<'_, '_>) {
    // What is 0 is left out in Google's JSON.
    segment.number_if("partIndex", Some(support.part).filter(|part| *part > 0));
    segment.number_if("startIndex", Some(support.bytes.0).filter(|start| *start > 0));
    segment.number("endIndex", support.bytes.1);
    segment.text_if("text", support.text.map(Text::from).as_ref());
}

fn write_source(chunk: &mut ObjectWriter<'_>, citation: &Citation<'_>) {
    let title = citation.title.as_ref();
    match &citation.url {
        Some(url) => chunk.object("web", |web| {
            web.text("uri", url);
            web.text_if("title", title);
        }),
        None => chunk.object("retrievedContext", |context| {
            context.text_if("title", title);
            context.text_if("text", citation.quote.as_ref());
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_characters_are_counted_from_one_to_the_other_and_never_beyond_the_text() {
        let text = "aé€z";
        for (of_bytes, of_characters) in [((0, 1), (0, 1)), ((1, 6), (1, 3)), ((3, 7), (2, 4))] {
            assert_eq!(characters(text, of_bytes), of_characters);
            assert_eq!(bytes(text, of_characters), of_bytes);
        }
        assert_eq!((characters(text, (2, 99)), bytes(text, (4, u64::MAX))), ((1, 4), (7, 7)));
    }
}
