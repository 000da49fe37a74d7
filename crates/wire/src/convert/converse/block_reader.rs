//! Content blocks, of a request or of an answer: objects with one member, which says what they are.

use super::media::{self, Kind};
use super::{citations, thoughts};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Foreign, Part, ToolCall, ToolResult};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// A tool that the provider runs itself; any other call is for the client (service model, `ToolUseType`).
const SERVER_TOOL: &str = "server_tool_use";

/// Reads a list of blocks.
pub(super) fn read<'a>(object: &Value<'a>, key: &str, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let blocks = read::list(object, key, path)?.iter().enumerate();
    let path = path.member(key);
    blocks.map(|(index, element)| block(element, &path.element(index))).collect()
}

/// Reads one block.
pub(super) fn block<'a>(block: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let (key, value) = member(block, path)?;
    let path = path.member(key);
    Ok(match key {
        "text" => {
            Part::text(value.text().ok_or_else(|| Objection::wanted(path.to_string(), "a string", value))?)
        }
        "image" if has_source(value) => Part::Image(media::read(value, Kind::Image, &path)?),
        "audio" if has_source(value) => Part::Audio(media::read(value, Kind::Audio, &path)?),
        "video" => Part::Video(media::read(value, Kind::Video, &path)?),
        "document" => Part::Document(media::read_document(value, &path)?),
        "toolUse" if is_for_client(value) => Part::ToolCall(tool_call(value, &path)?),
        "toolResult" if is_of_client(value) => Part::ToolResult(tool_result(value, &path)?),
        "reasoningContent" => Part::Thought(thoughts::read(value, &path)?),
        "citationsContent" => citations::read(value, &path)?,
        "searchResult" => Part::Document(media::read_search_result(value, &path)?),
        // A tool's JSON, which every format takes as text.
        "json" => Part::text(Text::from(value.raw())),
        _ => Part::Foreign(Foreign {
            format: Format::Converse,
            kind: Text::from(key.to_owned()),
            raw: block.raw(),
        }),
    })
}

/// The one member of a union.
fn member<'v, 'a>(block: &'v Value<'a>, path: &Path<'_>) -> Result<(&'v str, &'v Value<'a>), Objection> {
    let present = block.members().iter().find(|(key, _)| block.present(key).is_some());
    let member = present.map(|(key, value)| (key.as_ref(), value));
    member.ok_or_else(|| Objection::wanted(path.to_string(), "an object with a member such as `text`", block))
}

/// A picture that could not be processed has an error in place of its source.
fn has_source(media: &Value<'_>) -> bool {
    media.present("source").is_some() || media.present("error").is_none()
}

pub(super) fn is_for_client(call: &Value<'_>) -> bool {
    call.present("type").and_then(Value::as_str).is_none_or(|kind| kind != SERVER_TOOL)
}

/// Results of the provider's own tools say whose they are.
fn is_of_client(result: &Value<'_>) -> bool {
    result.present("type").and_then(Value::as_str).is_none_or(|kind| kind == "tool_result")
}

fn tool_call<'a>(call: &Value<'a>, path: &Path<'_>) -> Result<ToolCall<'a>, Objection> {
    Ok(ToolCall {
        id: read::needed_text(call, "toolUseId", path)?,
        name: read::needed_text(call, "name", path)?,
        input: Text::from(call.present("input").map_or("{}", Value::raw)),
        is_free_text: false,
        seal: None,
        cache: None,
    })
}

fn tool_result<'a>(result: &Value<'a>, path: &Path<'_>) -> Result<ToolResult<'a>, Objection> {
    let status = read::text(result, "status", path)?;
    Ok(ToolResult {
        call: read::needed_text(result, "toolUseId", path)?,
        name: None,
        parts: read(result, "content", path)?,
        failed: status.map(|status| status.plain() == "error"),
        is_free_text: false,
        cache: None,
    })
}
