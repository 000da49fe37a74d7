//! Cohere chat, version 2 (`docs.cohere.com/reference/chat`, `docs.cohere.com/reference/chat-stream`).

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::conversation::{Call, Content, Conversation, Reply, Tool, ToolChoice, limit, list};
use super::failure::{BROKEN_OFF, Refusal};
use super::fingerprint::{Fingerprint, count, tokens};
use super::frames::{Answer, Events, Frame};

/// The shape of this format's errors.
pub(super) const SHAPE: ClientShape = ClientShape::Cohere;

/// What a model of Cohere's sees beside the request, and does not charge.
const PREAMBLE_TOKENS: usize = 64;

/// Answers `POST /v2/chat`.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let conversation = read(body)?;
    let reply = conversation.reply(fingerprint);
    let writer = Writer { conversation: &conversation, reply: &reply, fingerprint };
    Ok(if conversation.stream { Answer::Stream(writer.events()) } else { Answer::Whole(writer.whole()) })
}

fn read_thinking(body: &Value) -> Option<usize> {
    let thinking = body.get("thinking").filter(|thinking| thinking["type"] == "enabled")?;
    Some(limit(thinking, &["token_budget"]).unwrap_or(usize::MAX))
}

fn read(body: &Value) -> Result<Conversation, Refusal> {
    let messages = list(body, "messages");
    if messages.is_empty() {
        let message =
            "invalid request: message must be at least 1 token long or tool results must be specified.";
        return Err(Refusal::field("messages", message));
    }
    let mut conversation = Conversation {
        tools: list(body, "tools").iter().filter_map(read_tool).collect(),
        choice: read_choice(body.get("tool_choice")),
        schema: read_schema(body.get("response_format")),
        output_tokens_max: limit(body, &["max_tokens"]),
        thinking_tokens_max: read_thinking(body),
        ..Conversation::of(body)
    };
    conversation.input_tokens +=
        list(body, "documents").iter().map(|document| count(&data_of(document))).sum::<usize>();
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        let role =
            role.ok_or_else(|| Refusal::field("messages", "invalid request: a message has no role"))?;
        conversation.add_message(role, read_content(message));
    }
    Ok(conversation)
}

/// The content of a message; documents, which tools give, count as their data.
fn read_content(message: &Value) -> Content {
    let mut content = Content::read(message.get("content").unwrap_or(&Value::Null));
    for part in list(message, "content") {
        if let Some(document) = part.get("document") {
            content.text.push_str(&data_of(document));
        }
    }
    content
}

/// What a document holds: a string, or an object as JSON.
fn data_of(document: &Value) -> String {
    let data = document.get("data").unwrap_or(document);
    data.as_str().map_or_else(|| data.to_string(), str::to_owned)
}

fn read_tool(tool: &Value) -> Option<Tool> {
    let function = tool.get("function")?;
    let name = function.get("name")?.as_str()?.to_owned();
    Some(Tool { name, parameters: function.get("parameters")?.clone() })
}

fn read_choice(choice: Option<&Value>) -> ToolChoice {
    match choice.and_then(Value::as_str) {
        Some("NONE") => ToolChoice::Never,
        Some("REQUIRED") => ToolChoice::Required,
        _ => ToolChoice::Auto,
    }
}

/// `json_object` takes a schema or none.
fn read_schema(format: Option<&Value>) -> Option<Value> {
    let format = format.filter(|format| format["type"] == "json_object")?;
    let any = || json!({ "properties": { "echo": { "type": "string" } } });
    Some(format.get("json_schema").cloned().unwrap_or_else(any))
}

struct Writer<'a> {
    conversation: &'a Conversation,
    reply: &'a Reply,
    fingerprint: Fingerprint,
}

impl Writer<'_> {
    fn whole(&self) -> Value {
        json!({
            "id": self.fingerprint.id("", 0),
            "message": self.message(),
            "finish_reason": self.finish_reason(),
            "usage": self.usage(),
        })
    }

    fn message(&self) -> Value {
        let mut content = Vec::new();
        if !self.reply.thought.is_empty() {
            content.push(json!({ "type": "thinking", "thinking": self.reply.thought.concat() }));
        }
        if self.reply.calls.is_empty() {
            content.push(json!({ "type": "text", "text": self.reply.text }));
        }
        let mut message = json!({ "role": "assistant" });
        if !content.is_empty() {
            message["content"] = json!(content);
        }
        if !self.reply.calls.is_empty() {
            message["tool_plan"] = json!(self.plan());
            let calls = self.reply.calls.iter().map(|call| call_object(call, &call.arguments.to_string()));
            message["tool_calls"] = calls.collect();
        }
        message
    }

    /// What is said before tools are called.
    fn plan(&self) -> String {
        let names: Vec<&str> = self.reply.calls.iter().map(|call| call.name.as_str()).collect();
        format!("I will call {}.", names.join(" and "))
    }

    fn finish_reason(&self) -> &'static str {
        match self.reply {
            Reply { calls, .. } if !calls.is_empty() => "TOOL_CALL",
            Reply { truncated: true, .. } => "MAX_TOKENS",
            _ => "COMPLETE",
        }
    }

    fn usage(&self) -> Value {
        let plan = if self.reply.calls.is_empty() { 0 } else { count(&self.plan()) };
        let (input, output) = (self.conversation.input_tokens, self.reply.output_tokens() + plan);
        json!({
            "billed_units": { "input_tokens": input, "output_tokens": output },
            "tokens": { "input_tokens": input + PREAMBLE_TOKENS, "output_tokens": output },
        })
    }

    fn events(&self) -> Events {
        let mut frames = vec![frame(json!({
            "id": self.fingerprint.id("", 0),
            "type": "message-start",
            "delta": { "message":
                { "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [] } },
        }))];
        let mut contents = 0;
        if !self.reply.thought.is_empty() {
            add_content(&mut frames, contents, "thinking", &self.reply.thought);
            contents += 1;
        }
        if self.reply.calls.is_empty() {
            add_content(&mut frames, contents, "text", &tokens(&self.reply.text));
        } else {
            self.add_calls(&mut frames);
        }
        frames.push(frame(json!({
            "type": "message-end",
            "delta": { "finish_reason": self.finish_reason(), "usage": self.usage() },
        })));
        frames.push(Frame::done());
        let error =
            json!({ "type": "message-end", "delta": { "finish_reason": "ERROR", "error": BROKEN_OFF } });
        Events { frames, error: frame(error) }
    }

    fn add_calls(&self, frames: &mut Vec<Frame>) {
        for token in tokens(&self.plan()) {
            let event = json!({ "type": "tool-plan-delta", "delta": { "message": { "tool_plan": token } } });
            frames.push(frame(event).into_token());
        }
        for (index, call) in self.reply.calls.iter().enumerate() {
            frames.push(frame(json!({
                "type": "tool-call-start",
                "index": index,
                "delta": { "message": { "tool_calls": call_object(call, "") } },
            })));
            for piece in tokens(&call.arguments.to_string()) {
                let event = json!({
                    "type": "tool-call-delta",
                    "index": index,
                    "delta": { "message": { "tool_calls": { "function": { "arguments": piece } } } },
                });
                frames.push(frame(event).into_token());
            }
            frames.push(frame(json!({ "type": "tool-call-end", "index": index })));
        }
    }
}

/// Adds a content; its text stands in the member that has the name of its type.
fn add_content(frames: &mut Vec<Frame>, index: usize, kind: &str, pieces: &[&str]) {
    let message = |content: Value| json!({ "message": { "content": content } });
    frames.push(frame(json!({
        "type": "content-start",
        "index": index,
        "delta": message(json!({ "type": kind, kind: "" })),
    })));
    for piece in pieces {
        let delta = message(json!({ kind: piece }));
        frames.push(frame(json!({ "type": "content-delta", "index": index, "delta": delta })).into_token());
    }
    frames.push(frame(json!({ "type": "content-end", "index": index })));
}

fn call_object(call: &Call, arguments: &str) -> Value {
    json!({
        "id": format!("{}_{}", call.name, call.id),
        "type": "function",
        "function": { "name": call.name, "arguments": arguments },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "each event is built for this call alone")]
fn frame(event: Value) -> Frame {
    let name = event.get("type").and_then(Value::as_str).unwrap_or("message");
    Frame::named(name, &event)
}
