//! Content blocks, of a request or of an answer.

use crate::convert::codec::Objection;
use crate::convert::form::{
    Cache, Citation, Document, Foreign, Media, Part, Source, Thought, ToolCall, ToolResult,
};
use crate::convert::read::{self, Path};
use crate::convert::{Format, seal};
use crate::json::{Kind, Text, Value};

/// Five minutes and an hour, the lifetimes that Anthropic has ("Prompt caching").
const LIFETIMES: [(&str, u32); 2] = [("5m", 300), ("1h", 3600)];

/// Reads a member that is a string or a list of blocks.
pub(super) fn read<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let Some(content) = object.present(key) else { return Ok(Vec::new()) };
    if let Some(text) = content.text() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let path = path.member(key);
    match content.kind() {
        Kind::Array => {
            let blocks = content.elements().iter().enumerate();
            blocks.map(|(index, element)| block(element, &path.element(index))).collect()
        }
        _ => Err(Objection::wanted(path.to_string(), "a string or a list of blocks", content)),
    }
}

/// Reads one block.
pub(super) fn block<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let kind = read::needed_text(block, "type", path)?;
    let cache = cache(block);
    Ok(match kind.plain().as_ref() {
        "text" => {
            let text = read::needed_text(block, "text", path)?;
            Part::Text { text, citations: citations(block), cache }
        }
        "image" => Part::Image(image(block, cache, path)?),
        "document" => Part::Document(document(block, cache, path)?),
        "thinking" => Part::Thought(thinking(block, path)?),
        "redacted_thinking" => {
            let data = read::needed_text(block, "data", path)?;
            let seal = seal::from_client(data, Format::Messages, true);
            Part::Thought(Thought { seal: Some(seal), ..Thought::default() })
        }
        "tool_use" => Part::ToolCall(ToolCall {
            id: read::needed_text(block, "id", path)?,
            name: read::needed_text(block, "name", path)?,
            input: Text::from(block.present("input").map_or("{}", Value::raw)),
            is_free_text: false,
            seal: None,
            cache,
        }),
        "tool_result" => Part::ToolResult(ToolResult {
            call: read::needed_text(block, "tool_use_id", path)?,
            name: None,
            parts: read(block, "content", path)?,
            failed: read::flag(block, "is_error", path)?,
            is_free_text: false,
            cache,
        }),
        _ => Part::Foreign(Foreign { format: Format::Messages, kind: kind.clone(), raw: block.raw() }),
    })
}

/// `cache_control`.
pub(super) fn cache(block: &Value<'_>) -> Option<Cache> {
    let mark = block.present("cache_control")?;
    let ttl = mark.present("ttl").and_then(Value::as_str);
    let seconds =
        LIFETIMES.iter().find(|(name, _)| ttl.as_deref() == Some(*name)).map(|(_, seconds)| *seconds);
    Some(Cache { seconds })
}

fn thinking<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<Thought<'a>, Objection> {
    let signature = read::text(block, "signature", path)?.filter(|signature| !signature.is_empty());
    let seal = signature.map(|data| seal::from_client(data, Format::Messages, false));
    Ok(Thought {
        id: None,
        text: Some(read::needed_text(block, "thinking", path)?),
        summary: Vec::new(),
        seal,
    })
}

fn image<'a>(block: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let (source, media_type) = source(block, path)?;
    Ok(Media { source, media_type, detail: None, cache })
}

fn document<'a>(block: &Value<'a>, cache: Option<Cache>, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    let (source, media_type) = source(block, path)?;
    let cited = block.at(&["citations", "enabled"]).and_then(Value::as_bool) == Some(true);
    Ok(Document {
        source,
        media_type,
        name: read::text(block, "title", path)?,
        context: read::text(block, "context", path)?,
        cited,
        cache,
    })
}

fn source<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<(Source<'a>, Option<Text<'a>>), Objection> {
    let source = read::needed_object(block, "source", path)?;
    let path = path.member("source");
    let media_type = read::text(source, "media_type", &path)?;
    let from = match read::tag(source, "type", &path)?.as_str() {
        "base64" => Source::Inline(read::needed_text(source, "data", &path)?),
        "url" => Source::Url(read::needed_text(source, "url", &path)?),
        "file" => Source::Upload(read::needed_text(source, "file_id", &path)?),
        "text" => Source::Plain(read::needed_text(source, "data", &path)?),
        "content" => Source::Plain(joined_content(source, &path)?),
        other => {
            let path = path.member("type");
            let message = format!("`{path}` must be base64, url, file, text or content, found `{other}`");
            return Err(Objection::new(path.to_string(), message));
        }
    };
    Ok((from, media_type))
}

/// A document of text blocks, as one text.
fn joined_content<'a>(source: &Value<'a>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    let mut texts = Vec::new();
    for part in read(source, "content", path)? {
        match part {
            Part::Text { text, .. } => texts.push(text.into_plain()),
            _ => {
                let message = format!("`{path}.content` may hold only text for a provider of another format");
                return Err(Objection::new(path.member("content").to_string(), message));
            }
        }
    }
    Ok(Text::from(texts.join("\n\n")))
}

fn citations<'a>(block: &Value<'a>) -> Vec<Citation<'a>> {
    block.present("citations").map(Value::elements).unwrap_or_default().iter().map(citation).collect()
}

/// One citation of a text.
pub(super) fn citation<'a>(citation: &Value<'a>) -> Citation<'a> {
    let text = |key: &str| citation.present(key).and_then(Value::text);
    let kind = text("type").unwrap_or(Text::from("citation"));
    Citation {
        url: text("url").or_else(|| text("source")),
        title: text("title").or_else(|| text("document_title")),
        quote: text("cited_text"),
        document: citation.present("document_index").and_then(Value::as_u64),
        span: None,
        original: Some(Foreign { format: Format::Messages, kind, raw: citation.raw() }),
    }
}
