//! OpenAI Responses (`platform.openai.com/docs/api-reference/responses`): created, streamed, and kept for a while.

mod events;
mod input;
mod store;

use serde_json::{Map, Value, json};

use super::conversation::{Call, Reply, list};
use super::failure::Refusal;
use super::fingerprint::{CREATED_SECONDS, Fingerprint};
use super::frames::Answer;

pub use store::ResponseStore;

/// Request fields that the response repeats, with what stands for one that was not given.
const REPEATED: [(&str, &str); 13] = [
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("store", "true"),
    ("temperature", "1.0"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "1.0"),
    ("truncation", "\"disabled\""),
    ("user", "null"),
];

/// Answers `POST /v1/responses`, and keeps the response unless the request says `store: false`.
pub(super) fn create(
    body: &Value,
    fingerprint: Fingerprint,
    store: &mut ResponseStore,
) -> Result<Answer, Refusal> {
    let conversation = input::read(body)?;
    if let Some(previous) = body.get("previous_response_id").and_then(Value::as_str)
        && !store.contains(previous)
    {
        return Err(Refusal {
            status: 400,
            message: format!("Previous response with id '{previous}' not found."),
            param: Some("previous_response_id"),
            code: Some("previous_response_not_found"),
        });
    }
    let reply = conversation.reply(fingerprint);
    let writer = Writer { body, reply: &reply, input_tokens: conversation.input_tokens, fingerprint };
    let response = writer.response(&writer.output(), Phase::Ended);
    let events = conversation.stream.then(|| events::events(&writer));
    if body.get("store").and_then(Value::as_bool) != Some(false) {
        store.keep(&fingerprint.id("resp_", 0), response.clone(), input::items(body, fingerprint));
    }
    Ok(events.map_or(Answer::Whole(response), Answer::Stream))
}

/// Answers `POST /v1/responses/input_tokens`.
pub(super) fn input_tokens(body: &Value) -> Result<Answer, Refusal> {
    let conversation = input::read(body)?;
    Ok(Answer::Whole(json!({
        "object": "response.input_tokens",
        "input_tokens": conversation.input_tokens,
    })))
}

/// Answers `GET /v1/responses/{id}`.
pub(super) fn get(id: &str, store: &ResponseStore) -> Result<Answer, Refusal> {
    store.response(id).cloned().map(Answer::Whole).ok_or_else(|| not_found(id))
}

/// Answers `DELETE /v1/responses/{id}`.
pub(super) fn delete(id: &str, store: &mut ResponseStore) -> Result<Answer, Refusal> {
    if !store.forget(id) {
        return Err(not_found(id));
    }
    Ok(Answer::Whole(json!({ "id": id, "object": "response.deleted", "deleted": true })))
}

/// Answers `POST /v1/responses/{id}/cancel`: only a background response can be cancelled.
pub(super) fn cancel(id: &str, store: &mut ResponseStore) -> Result<Answer, Refusal> {
    let response = store.response_mut(id).ok_or_else(|| not_found(id))?;
    if response.get("background").and_then(Value::as_bool) != Some(true) {
        return Err(Refusal {
            status: 400,
            message: "Cannot cancel a synchronous response.".to_owned(),
            param: None,
            code: None,
        });
    }
    response["status"] = json!("cancelled");
    Ok(Answer::Whole(response.clone()))
}

/// Answers `GET /v1/responses/{id}/input_items`.
pub(super) fn input_items(id: &str, store: &ResponseStore) -> Result<Answer, Refusal> {
    let items = store.input_items(id).ok_or_else(|| not_found(id))?;
    let item_id = |item: Option<&Value>| item.and_then(|item| item.get("id")).cloned().unwrap_or_default();
    Ok(Answer::Whole(json!({
        "object": "list",
        "data": items,
        "first_id": item_id(items.first()),
        "last_id": item_id(items.last()),
        "has_more": false,
    })))
}

fn not_found(id: &str) -> Refusal {
    Refusal::missing(format!("Response with id '{id}' not found."))
}

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Ended,
}

/// Writes one response and its parts.
struct Writer<'a> {
    body: &'a Value,
    reply: &'a Reply,
    input_tokens: usize,
    fingerprint: Fingerprint,
}

impl Writer<'_> {
    fn response(&self, output: &[Value], phase: Phase) -> Value {
        let ended = phase == Phase::Ended;
        let incomplete = ended && self.reply.truncated;
        let mut response = Map::new();
        for (name, default) in REPEATED {
            let given = self.body.get(name).filter(|value| !value.is_null()).cloned();
            // The defaults are literals of this file, and a test reads each.
            let value = given.unwrap_or_else(|| default.parse().unwrap_or_default());
            response.insert(name.to_owned(), value);
        }
        let own = json!({
            "id": self.fingerprint.id("resp_", 0),
            "object": "response",
            "created_at": CREATED_SECONDS,
            "status": self.status(phase),
            "error": null,
            "incomplete_details": incomplete.then(|| json!({ "reason": "max_output_tokens" })),
            "model": self.body.get("model"),
            "output": output,
            "reasoning": self.body.get("reasoning").cloned().unwrap_or(json!({ "effort": null, "summary": null })),
            "service_tier": "default",
            "text": self.body.get("text").cloned().unwrap_or(json!({ "format": { "type": "text" } })),
            "usage": ended.then(|| self.usage()),
        });
        response.extend(own.as_object().cloned().unwrap_or_default());
        Value::Object(response)
    }

    fn status(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Running => "in_progress",
            Phase::Ended if self.reply.truncated => "incomplete",
            Phase::Ended => "completed",
        }
    }

    fn usage(&self) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
            "output_tokens": self.reply.output_tokens(),
            "output_tokens_details": { "reasoning_tokens": self.reply.thought.len() },
            "total_tokens": self.input_tokens + self.reply.output_tokens(),
        })
    }

    fn output(&self) -> Vec<Value> {
        let mut items = Vec::new();
        if !self.reply.thought.is_empty() {
            items.push(self.reasoning_item(Phase::Ended));
        }
        if self.reply.calls.is_empty() {
            let part = self.text_part(&self.reply.text);
            items.push(self.message_item(&[part], Phase::Ended));
        }
        let calls = self.reply.calls.iter().enumerate();
        items.extend(calls.map(|(index, call)| self.call_item(index, call, Phase::Ended)));
        items
    }

    /// What was thought, as far as the client may know: a summary and the sealed whole, each where it is asked for.
    fn reasoning_item(&self, phase: Phase) -> Value {
        let summary = self.summary().filter(|_| phase == Phase::Ended).map(|text| summary_part(&text));
        let mut item = json!({
            "id": self.reasoning_id(),
            "type": "reasoning",
            "summary": summary.into_iter().collect::<Vec<_>>(),
        });
        if list(self.body, "include").iter().any(|member| member == "reasoning.encrypted_content") {
            item["encrypted_content"] = json!(self.fingerprint.id("sealed-", 0));
        }
        item
    }

    fn reasoning_id(&self) -> String {
        self.fingerprint.id("rs_", 0)
    }

    /// What was thought, for a client that wants it summed up.
    fn summary(&self) -> Option<String> {
        self.body.pointer("/reasoning/summary")?.as_str().map(|_| self.reply.thought.concat())
    }

    fn message_item(&self, content: &[Value], phase: Phase) -> Value {
        json!({
            "id": self.message_id(),
            "type": "message",
            "role": "assistant",
            "status": self.status(phase),
            "content": content,
        })
    }

    fn message_id(&self) -> String {
        self.fingerprint.id("msg_", 0)
    }

    fn text_part(&self, text: &str) -> Value {
        json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
    }

    fn call_item(&self, index: usize, call: &Call, phase: Phase) -> Value {
        let arguments = match phase {
            Phase::Running => String::new(),
            Phase::Ended => call.arguments.to_string(),
        };
        json!({
            "id": self.call_item_id(index),
            "type": "function_call",
            "call_id": format!("call_{}", call.id),
            "name": call.name,
            "arguments": arguments,
            "status": self.status(phase),
        })
    }

    fn call_item_id(&self, index: usize) -> String {
        self.fingerprint.id("fc_", index)
    }
}

fn summary_part(text: &str) -> Value {
    json!({ "type": "summary_text", "text": text })
}

#[cfg(test)]
mod tests {
    use super::REPEATED;
    use serde_json::Value;

    #[test]
    fn every_default_is_json() {
        for (name, default) in REPEATED {
            assert!(default.parse::<Value>().is_ok(), "{name}");
        }
    }
}
