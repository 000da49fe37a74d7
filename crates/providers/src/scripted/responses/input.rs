//! Reading what a request for a response says.

use serde_json::{Value, json};

use crate::scripted::conversation::{Content, Conversation, limit, list};
use crate::scripted::failure::Refusal;
use crate::scripted::fingerprint::Fingerprint;
use crate::scripted::open_ai;

pub(super) fn read(body: &Value) -> Result<Conversation, Refusal> {
    let is_function = |tool: &&Value| tool.get("type").and_then(Value::as_str) == Some("function");
    let mut conversation = Conversation {
        tools: list(body, "tools").iter().filter(is_function).filter_map(open_ai::tool).collect(),
        choice: open_ai::tool_choice(body.get("tool_choice"), "/name"),
        schema: open_ai::schema(body.pointer("/text/format"), "/schema"),
        output_tokens_max: limit(body, &["max_output_tokens"]),
        thinking_tokens_max: read_thinking(body),
        ..Conversation::of(body)
    };
    conversation.add_message("system", Content::read(body.get("instructions").unwrap_or(&Value::Null)));
    match body.get("input") {
        Some(input @ Value::String(_)) => conversation.add_message("user", Content::read(input)),
        Some(Value::Array(items)) => items.iter().for_each(|item| add_item(&mut conversation, item)),
        _ => {
            return Err(Refusal::field("input", "`input` must be a text or a list of items"));
        }
    }
    Ok(conversation)
}

/// An effort asks for it, or the wish for a summary.
fn read_thinking(body: &Value) -> Option<usize> {
    let wish = |pointer: &&str| body.pointer(pointer).is_some_and(Value::is_string);
    let wish = ["/reasoning/effort", "/reasoning/summary"].into_iter().find(wish)?;
    open_ai::thinking(body.pointer(wish))
}

/// The input as items with ids, as they are listed later.
pub(super) fn items(body: &Value, fingerprint: Fingerprint) -> Vec<Value> {
    match body.get("input") {
        Some(Value::String(text)) => vec![message("user", &json!(text), &fingerprint.id("msg_in", 0))],
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(number, item)| listed(item, &fingerprint.id("msg_in", number)))
            .collect(),
        _ => Vec::new(),
    }
}

fn add_item(conversation: &mut Conversation, item: &Value) {
    match item.get("type").and_then(Value::as_str) {
        Some("function_call_output") => {
            conversation.add_message("tool", Content::read(item.get("output").unwrap_or(&Value::Null)));
        }
        Some("message") | None => {
            let role = item.get("role").and_then(Value::as_str).unwrap_or("user");
            conversation.add_message(role, Content::read(item.get("content").unwrap_or(&Value::Null)));
        }
        Some(_) => {}
    }
}

fn listed(item: &Value, id: &str) -> Value {
    let is_message = matches!(item.get("type").and_then(Value::as_str), Some("message") | None);
    if is_message {
        let role = item.get("role").and_then(Value::as_str).unwrap_or("user");
        return message(role, item.get("content").unwrap_or(&Value::Null), id);
    }
    let mut item = item.clone();
    if item.get("id").is_none() {
        item["id"] = json!(id);
    }
    item
}

fn message(role: &str, content: &Value, id: &str) -> Value {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    let parts = match content {
        Value::String(text) => json!([{ "type": kind, "text": text }]),
        parts => parts.clone(),
    };
    json!({ "id": id, "type": "message", "role": role, "status": "completed", "content": parts })
}
