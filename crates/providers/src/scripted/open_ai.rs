//! What OpenAI's formats have in common: how tools and schemas are written, and how a stream of choices ends.

use serde_json::{Value, json};

use super::conversation::{Tool, ToolChoice};
use super::failure::{BROKEN_OFF, open_ai};
use super::frames::{Events, Frame};

/// A function that may be called: `name` and `parameters`.
pub(super) fn tool(function: &Value) -> Option<Tool> {
    let name = function.get("name")?.as_str()?.to_owned();
    Some(Tool { name, parameters: schema_or_any(function.get("parameters")) })
}

/// Whether tools should be called; the name of a chosen one stands at the pointer `name_at`.
pub(super) fn tool_choice(choice: Option<&Value>, name_at: &str) -> ToolChoice {
    match choice {
        Some(Value::String(word)) if word == "none" => ToolChoice::Never,
        Some(Value::String(word)) if word == "required" => ToolChoice::Required,
        Some(choice) => {
            let name = choice.pointer(name_at).and_then(Value::as_str);
            name.map_or(ToolChoice::Auto, |name| ToolChoice::Named(name.to_owned()))
        }
        None => ToolChoice::Auto,
    }
}

/// The schema that the text has to fit; a written one stands at the pointer `schema_at`.
pub(super) fn schema(format: Option<&Value>, schema_at: &str) -> Option<Value> {
    let format = format?;
    match format.get("type")?.as_str()? {
        "json_schema" => Some(schema_or_any(format.pointer(schema_at))),
        "json_object" => Some(json!({ "properties": { "echo": { "type": "string" } } })),
        _ => None,
    }
}

/// Whether a stream of choices is to end with its usage.
pub(super) fn includes_usage(body: &Value) -> bool {
    body.pointer("/stream_options/include_usage").and_then(Value::as_bool) == Some(true)
}

/// The budget of thinking for an effort (`platform.openai.com/docs/guides/reasoning`): without bound, but for `none`.
pub(super) fn thinking(effort: Option<&Value>) -> Option<usize> {
    effort.and_then(Value::as_str).filter(|effort| *effort != "none").map(|_| usize::MAX)
}

/// The usage object of chat and legacy completions; what was thought is a part of the output.
pub(super) fn usage(input_tokens: usize, output_tokens: usize, thought_tokens: usize) -> Value {
    json!({
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": thought_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

/// The events of chat and legacy completions, with their end mark.
pub(super) fn events(mut frames: Vec<Frame>) -> Events {
    frames.push(Frame::done());
    Events { frames, error: Frame::data(&open_ai("server_error", BROKEN_OFF, None, None)) }
}

fn schema_or_any(schema: Option<&Value>) -> Value {
    schema.cloned().unwrap_or(json!({ "type": "object" }))
}
