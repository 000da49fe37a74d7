//! One message as a turn.

use super::{citation_reader, documents};
use crate::convert::codec::Objection;
use crate::convert::form::{
    Foreign, Media, Part, Role, Source, Thought, ToolCall, ToolResult, Turn, Unknown,
};
use crate::convert::read::{self, Path};
use crate::convert::{Format, data_url, seal};
use crate::json::{Kind, Text, Value};

/// Reads a message of a request. What of it has no place in the form is added to `unknown`.
pub(super) fn read<'a>(
    message: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Turn<'a>, Objection> {
    let (role, parts) = match read::tag(message, "role", path)?.as_str() {
        "system" => (Role::System, content(message, path)?),
        "user" => (Role::User, content(message, path)?),
        "assistant" => (Role::Assistant, assistant(message, path)?),
        "tool" => (Role::User, vec![Part::ToolResult(result(message, path, unknown)?)]),
        other => {
            let path = path.member("role");
            let message = format!("`{path}` must be system, user, assistant or tool, found `{other}`");
            return Err(Objection::new(path.to_string(), message));
        }
    };
    Ok(Turn { role, parts, name: None })
}

/// What the model says, of a request or of an answer: thinking, the plan for its calls, text, the calls.
pub(super) fn assistant<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let (thoughts, mut texts): (Vec<_>, Vec<_>) =
        content(message, path)?.into_iter().partition(|part| matches!(part, Part::Thought(_)));
    citation_reader::attach(message, &mut texts);
    let mut parts = thoughts;
    if let Some(plan) = read::text(message, "tool_plan", path)?.filter(|plan| !plan.is_empty()) {
        let citations = citation_reader::of_plan(message);
        parts.push(Part::Text { text: plan, citations, cache: None });
    }
    parts.extend(texts);
    let calls = path.member("tool_calls");
    for (index, call) in read::list(message, "tool_calls", path)?.iter().enumerate() {
        parts.push(Part::ToolCall(tool_call(call, &calls.element(index))?));
    }
    Ok(parts)
}

fn content<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
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
    let kind = read::needed_text(part, "type", path)?;
    Ok(match kind.plain().as_ref() {
        "text" => Part::text(read::needed_text(part, "text", path)?),
        "thinking" => Part::Thought(thought(part, path)?),
        "image_url" => Part::Image(image(part, path)?),
        _ => foreign(kind, part),
    })
}

fn foreign<'a>(kind: Text<'a>, part: &Value<'a>) -> Part<'a> {
    Part::Foreign(Foreign { format: Format::Cohere, kind, raw: part.raw() })
}

/// Thinking, and beside it the proof that another format's provider needs of it: Cohere itself needs none.
fn thought<'a>(part: &Value<'a>, path: &Path<'_>) -> Result<Thought<'a>, Objection> {
    let text = read::needed_text(part, "thinking", path)?;
    let signature = read::text(part, "signature", path)?;
    let seal = signature.map(|data| seal::from_client(data, Format::Cohere, false));
    Ok(Thought { text: Some(text).filter(|text| !text.is_empty()), seal, ..Thought::default() })
}

fn image<'a>(part: &Value<'a>, path: &Path<'_>) -> Result<Media<'a>, Objection> {
    let image = read::needed_object(part, "image_url", path)?;
    let path = path.member("image_url");
    let url = read::needed_text(image, "url", &path)?;
    let detail = read::text(image, "detail", &path)?;
    let (source, media_type) = match data_url::split(&url) {
        Some((media_type, base64)) => (Source::Inline(base64), Some(media_type)),
        None => (Source::Url(url), None),
    };
    Ok(Media { source, media_type, detail, cache: None })
}

fn tool_call<'a>(call: &Value<'a>, path: &Path<'_>) -> Result<ToolCall<'a>, Objection> {
    let id = read::needed_text(call, "id", path)?;
    let function = read::needed_object(call, "function", path)?;
    let path = path.member("function");
    let name = read::needed_text(function, "name", &path)?;
    let input = read::text(function, "arguments", &path)?.filter(|input| !is_nothing(input));
    let input = input.unwrap_or(Text::from("{}"));
    Ok(ToolCall { id, name, input, is_free_text: false, seal: None, cache: None })
}

/// Whether a call comes without arguments: Cohere then writes nothing, or `null`.
pub(super) fn is_nothing(input: &Text<'_>) -> bool {
    input.is_empty() || input.plain() == "null"
}

fn result<'a>(
    message: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<ToolResult<'a>, Objection> {
    let call = read::needed_text(message, "tool_call_id", path)?;
    let mut parts = Vec::new();
    for (index, part) in content_of_result(message, path)?.iter().enumerate() {
        let content = path.member("content");
        parts.push(part_of_result(part, &content.element(index), unknown)?);
    }
    if let Some(text) = message.present("content").and_then(Value::text) {
        parts.push(Part::text(text));
    }
    Ok(ToolResult { call, name: None, parts, failed: None, is_free_text: false, cache: None })
}

fn content_of_result<'v, 'a>(message: &'v Value<'a>, path: &Path<'_>) -> Result<&'v [Value<'a>], Objection> {
    match message.present("content") {
        Some(content) if content.kind() == Kind::String => Ok(&[]),
        _ => read::list(message, "content", path),
    }
}

/// A document of a tool is what the tool gave: a text to other formats, whose documents are files.
fn part_of_result<'a>(
    part: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Part<'a>, Objection> {
    let kind = read::needed_text(part, "type", path)?;
    match kind.plain().as_ref() {
        "text" => Ok(Part::text(read::needed_text(part, "text", path)?)),
        "document" => {
            let document = read::needed_object(part, "document", path)?;
            let path = path.member("document");
            unknown.extend(read::unknown(document, &["data"], Format::Cohere, &path));
            Ok(Part::text(documents::data_as_text(document, &path)?))
        }
        _ => Ok(foreign(kind, part)),
    }
}
