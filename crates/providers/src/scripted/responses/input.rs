//! Reading what a request for a response says.

use serde_json::{Value, json};

use crate::scripted::conversation::{Content, Conversation, Tool, ToolChoice, limit};
use crate::scripted::failure::Refusal;
use crate::scripted::fingerprint::Fingerprint;

pub(super) fn read(body: &Value) -> Result<Conversation, Refusal> {
    let mut conversation = Conversation {
        model: body
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        tools: body
            .get("tools")
            .and_then(Value::as_array)
            .map(|tools| read_tools(tools))
            .unwrap_or_default(),
        choice: read_choice(body.get("tool_choice")),
        schema: read_schema(body.pointer("/text/format")),
        output_tokens_max: limit(body, &["max_output_tokens"]),
        ..Conversation::default()
    };
    conversation.add_message(
        "system",
        Content::read(body.get("instructions").unwrap_or(&Value::Null)),
    );
    match body.get("input") {
        Some(input @ Value::String(_)) => conversation.add_message("user", Content::read(input)),
        Some(Value::Array(items)) => items.iter().for_each(|item| add_item(&mut conversation, item)),
        _ => {
            return Err(Refusal::field(
                "input",
                "`input` must be a text or a list of items",
            ));
        }
    }
    Ok(conversation)
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

fn read_tools(tools: &[Value]) -> Vec<Tool> {
    let read = |tool: &Value| {
        let is_function = tool.get("type").and_then(Value::as_str) == Some("function");
        let name = tool.get("name")?.as_str()?.to_owned();
        let parameters = tool
            .get("parameters")
            .cloned()
            .unwrap_or(json!({ "type": "object" }));
        is_function.then_some(Tool { name, parameters })
    };
    tools.iter().filter_map(read).collect()
}

fn read_choice(choice: Option<&Value>) -> ToolChoice {
    match choice {
        Some(Value::String(word)) if word == "none" => ToolChoice::Never,
        Some(Value::String(word)) if word == "required" => ToolChoice::Required,
        Some(choice) => {
            let name = choice.get("name").and_then(Value::as_str);
            name.map_or(ToolChoice::Auto, |name| ToolChoice::Named(name.to_owned()))
        }
        None => ToolChoice::Auto,
    }
}

fn read_schema(format: Option<&Value>) -> Option<Value> {
    let format = format?;
    match format.get("type")?.as_str()? {
        "json_schema" => Some(
            format
                .get("schema")
                .cloned()
                .unwrap_or(json!({ "type": "object" })),
        ),
        "json_object" => Some(json!({ "properties": { "echo": { "type": "string" } } })),
        _ => None,
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
    let kind = if role == "assistant" {
        "output_text"
    } else {
        "input_text"
    };
    let parts = match content {
        Value::String(text) => json!([{ "type": kind, "text": text }]),
        parts => parts.clone(),
    };
    json!({ "id": id, "type": "message", "role": role, "status": "completed", "content": parts })
}
