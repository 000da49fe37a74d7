//! Items: what a conversation is a list of, in a request, in an answer and in what was stored of both.

use super::content_reader;
use super::namespace;
use crate::convert::codec::Objection;
use crate::convert::form::{Foreign, Media, Part, Role, Seal, Source, Thought, ToolCall, ToolResult, Turn};
use crate::convert::read::{self, Path};
use crate::convert::{Format, seal};
use crate::json::{Text, Value};

/// Reads the items of a request as turns.
pub(super) fn turns<'a>(items: &[Value<'a>], path: &Path<'_>) -> Result<Vec<Turn<'a>>, Objection> {
    let mut turns = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let (role, parts) = read(item, &path.element(index))?;
        add(&mut turns, role, parts);
    }
    Ok(turns)
}

/// What the model says in a row is one turn, however many items it takes: other formats want its calls together. The same
/// holds for what tools give.
fn add<'a>(turns: &mut Vec<Turn<'a>>, role: Role, mut parts: Vec<Part<'a>>) {
    let are_results = |parts: &[Part<'_>]| {
        !parts.is_empty() && parts.iter().all(|part| matches!(part, Part::ToolResult(_)))
    };
    match turns.last_mut() {
        Some(last) if last.role == Role::Assistant && role == Role::Assistant => {
            match bare_seal(&mut parts).zip(last.parts.last_mut()) {
                Some((seal, Part::ToolCall(call))) => call.seal = Some(seal),
                Some((seal, _)) => last.parts.push(bare_thought(seal)),
                None => last.parts.append(&mut parts),
            }
        }
        Some(last) if last.role == role && are_results(&last.parts) && are_results(&parts) => {
            last.parts.append(&mut parts);
        }
        _ => turns.push(Turn { role, parts, name: None }),
    }
}

/// Gemini proves the thinking before a call in the call itself. Responses has no place for that, so an item of its own
/// follows the call there (`output_item.rs`).
fn bare_seal<'a>(parts: &mut Vec<Part<'a>>) -> Option<Seal<'a>> {
    let is_bare = match parts.as_slice() {
        [Part::Thought(thought)] => {
            let of_gemini = thought.seal.as_ref().is_some_and(|seal| seal.format == Format::Gemini);
            of_gemini && thought.text.is_none() && thought.summary.is_empty()
        }
        _ => false,
    };
    match parts.pop_if(|_| is_bare)? {
        Part::Thought(thought) => thought.seal,
        _ => None,
    }
}

fn bare_thought(seal: Seal<'_>) -> Part<'_> {
    Part::Thought(Thought { seal: Some(seal), ..Thought::default() })
}

/// Reads one item: who says it, and what.
pub(super) fn read<'a>(item: &Value<'a>, path: &Path<'_>) -> Result<(Role, Vec<Part<'a>>), Objection> {
    let kind = kind(item, path)?;
    let part = match kind.plain().as_ref() {
        "message" => return Ok((role(item, path)?, content_reader::read(item, "content", path)?)),
        "function_call" => Part::ToolCall(call(item, "arguments", path)?),
        "custom_tool_call" => Part::ToolCall(call(item, "input", path)?),
        "function_call_output" => {
            return Ok((Role::User, vec![Part::ToolResult(result(item, false, path)?)]));
        }
        "custom_tool_call_output" => {
            return Ok((Role::User, vec![Part::ToolResult(result(item, true, path)?)]));
        }
        "reasoning" => Part::Thought(thought(item)),
        "image_generation_call" if item.present("result").is_some() => picture(item, path)?,
        _ => Part::Foreign(Foreign { format: Format::Responses, kind: kind.clone(), raw: item.raw() }),
    };
    let is_answered = kind.plain().ends_with("_output") || kind.plain().ends_with("_response");
    Ok((if is_answered { Role::User } else { Role::Assistant }, vec![part]))
}

/// A message may go without its type, and a reference without its own.
fn kind<'a>(item: &Value<'a>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    match read::text(item, "type", path)? {
        Some(kind) => Ok(kind),
        None if item.present("role").is_none() && item.present("id").is_some() => {
            Ok(Text::from("item_reference"))
        }
        None => Ok(Text::from("message")),
    }
}

fn role(message: &Value<'_>, path: &Path<'_>) -> Result<Role, Objection> {
    match read::tag(message, "role", path)?.as_str() {
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "system" => Ok(Role::System),
        "developer" => Ok(Role::Developer),
        other => {
            let path = path.member("role");
            let message = format!("`{path}` must be user, assistant, system or developer, found `{other}`");
            Err(Objection::new(path.to_string(), message))
        }
    }
}

fn call<'a>(item: &Value<'a>, input: &str, path: &Path<'_>) -> Result<ToolCall<'a>, Objection> {
    let is_free_text = input == "input";
    let name = read::needed_text(item, "name", path)?;
    let name = match read::text(item, "namespace", path)? {
        Some(namespace) => Text::from(namespace::joined(&namespace.plain(), &name.plain())),
        None => name,
    };
    let input = match item.present(input) {
        // Some compatible servers send the object itself.
        Some(value) if value.text().is_none() && !is_free_text => Text::from(value.raw()),
        _ => read::text(item, input, path)?.unwrap_or(Text::from("")),
    };
    let input = if input.is_empty() && !is_free_text { Text::from("{}") } else { input };
    let id = read::needed_text(item, "call_id", path)?;
    Ok(ToolCall { id, name, input, is_free_text, seal: None, cache: None })
}

fn result<'a>(item: &Value<'a>, is_free_text: bool, path: &Path<'_>) -> Result<ToolResult<'a>, Objection> {
    Ok(ToolResult {
        call: read::needed_text(item, "call_id", path)?,
        name: read::text(item, "name", path)?,
        parts: content_reader::read(item, "output", path)?,
        failed: None,
        is_free_text,
        cache: None,
    })
}

fn thought<'a>(item: &Value<'a>) -> Thought<'a> {
    let texts = |key: &str| -> Vec<Text<'a>> {
        let parts = item.present(key).map(Value::elements).unwrap_or_default();
        parts.iter().filter_map(|part| part.get("text")?.text()).filter(|text| !text.is_empty()).collect()
    };
    let text = |key: &str| item.present(key).and_then(Value::text).filter(|text| !text.is_empty());
    Thought {
        id: text("id"),
        text: joined(texts("content")),
        summary: texts("summary"),
        seal: text("encrypted_content").map(|data| seal::from_client(data, Format::Responses, true)),
    }
}

fn joined(mut texts: Vec<Text<'_>>) -> Option<Text<'_>> {
    if texts.len() <= 1 {
        return texts.pop();
    }
    let texts: Vec<_> = texts.into_iter().map(Text::into_plain).collect();
    Some(Text::from(texts.join("\n\n")))
}

/// A picture that the model has drawn, as base64.
fn picture<'a>(item: &Value<'a>, path: &Path<'_>) -> Result<Part<'a>, Objection> {
    let source = Source::Inline(read::needed_text(item, "result", path)?);
    let format = read::text(item, "output_format", path)?;
    let media_type = format.map_or(Text::from("image/png"), |format| match format.plain().as_ref() {
        "svg" => Text::from("image/svg+xml"),
        format => Text::from(format!("image/{format}")),
    });
    Ok(Part::Image(Media { source, media_type: Some(media_type), detail: None, cache: None }))
}
