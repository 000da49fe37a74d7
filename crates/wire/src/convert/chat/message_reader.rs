//! One message as a turn.

use super::content_reader;
use super::reasoning_details;
use crate::convert::codec::Objection;
use crate::convert::form::{Part, Role, Seal, Thought, ToolCall, ToolResult, Turn};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// Reads a message of a request.
pub(super) fn read<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Turn<'a>, Objection> {
    let role = read::needed_text(message, "role", path)?;
    let name = read::text(message, "name", path)?;
    let (role, parts) = match role.plain().as_ref() {
        "system" => (Role::System, content_reader::read(message, path)?),
        "developer" => (Role::Developer, content_reader::read(message, path)?),
        "user" => (Role::User, content_reader::read(message, path)?),
        "assistant" => (Role::Assistant, of_assistant(message, path)?),
        "tool" => return result(message, "tool_call_id", path),
        // The predecessor of `tool`, whose calls have no id but their name.
        "function" => return result(message, "name", path),
        other => {
            let known = "system, developer, user, assistant or tool";
            return Err(Objection::new(
                path.member("role").to_string(),
                format!("`{}` must be {known}, found `{other}`", path.member("role")),
            ));
        }
    };
    Ok(Turn { role, parts, name })
}

fn result<'a>(message: &Value<'a>, id: &str, path: &Path<'_>) -> Result<Turn<'a>, Objection> {
    let call = read::needed_text(message, id, path)?;
    let name = if id == "name" { Some(call.clone()) } else { None };
    let parts = content_reader::read(message, path)?;
    let result = ToolResult { call, name, parts, failed: None, is_free_text: false, cache: None };
    Ok(Turn { role: Role::User, parts: vec![Part::ToolResult(result)], name: None })
}

fn of_assistant<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
    let mut parts = thoughts(message);
    parts.extend(content_reader::read(message, path)?);
    parts.extend(read::text(message, "refusal", path)?.map(Part::Refusal));
    let calls = path.member("tool_calls");
    for (index, call) in read::list(message, "tool_calls", path)?.iter().enumerate() {
        parts.push(Part::ToolCall(tool_call(call, &calls.element(index))?));
    }
    if let Some(call) = read::object(message, "function_call", path)? {
        parts.push(Part::ToolCall(function_call(call, &path.member("function_call"))?));
    }
    Ok(parts)
}

/// The thinking of a message, of a request or of an answer: with proofs where there are any, else the bare words. Of a
/// stream, clients keep the words and the proof apart; they belong together.
pub(super) fn thoughts<'a>(message: &Value<'a>) -> Vec<Part<'a>> {
    let details = message.get("reasoning_details").map(Value::elements).unwrap_or_default();
    let mut thoughts = reasoning_details::read_all(details);
    let words = ["reasoning_content", "reasoning"].iter().find_map(|key| message.present(key)?.text());
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        let says = |thought: &Thought<'_>| thought.text.is_some() || !thought.summary.is_empty();
        let is_bare_proof = |seal: &Seal<'_>| !seal.is_redacted;
        if !thoughts.iter().any(says) {
            match thoughts.iter_mut().find(|thought| thought.seal.as_ref().is_some_and(is_bare_proof)) {
                Some(thought) => thought.text = Some(words),
                None => thoughts.insert(0, Thought { text: Some(words), ..Thought::default() }),
            }
        }
    }
    thoughts.into_iter().map(Part::Thought).collect()
}

/// A call of a message, of a request or of an answer.
pub(super) fn tool_call<'a>(call: &Value<'a>, path: &Path<'_>) -> Result<ToolCall<'a>, Objection> {
    let id = read::needed_text(call, "id", path)?;
    let seal = reasoning_details::signature_of_call(call);
    if let Some(custom) = read::object(call, "custom", path)? {
        let path = path.member("custom");
        let name = read::needed_text(custom, "name", &path)?;
        let input = read::needed_text(custom, "input", &path)?;
        return Ok(ToolCall { id, name, input, is_free_text: true, seal, cache: None });
    }
    let function = read::needed_object(call, "function", path)?;
    let path = path.member("function");
    let name = read::needed_text(function, "name", &path)?;
    let input = arguments(function, &path)?;
    Ok(ToolCall { id, name, input, is_free_text: false, seal, cache: None })
}

/// A call from before there were tools.
pub(super) fn function_call<'a>(call: &Value<'a>, path: &Path<'_>) -> Result<ToolCall<'a>, Objection> {
    let name = read::needed_text(call, "name", path)?;
    let input = arguments(call, path)?;
    Ok(ToolCall { id: name.clone(), name, input, is_free_text: false, seal: None, cache: None })
}

/// A string of JSON; some providers send the object itself, and some an empty string for no arguments.
fn arguments<'a>(function: &Value<'a>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    match function.present("arguments") {
        Some(value) if value.text().is_none() => Ok(Text::from(value.raw())),
        Some(_) => {
            let text = read::needed_text(function, "arguments", path)?;
            Ok(if text.is_empty() { Text::from("{}") } else { text })
        }
        None => Ok(Text::from("{}")),
    }
}
