//! Anthropic messages and their token counts (`platform.claude.com/docs/en/api/messages`).

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::conversation::{Call, Content, Conversation, Reply, Tool, ToolChoice, limit, list};
use super::failure::{BROKEN_OFF, Refusal, anthropic};
use super::fingerprint::{Fingerprint, tokens};
use super::frames::{Answer, Events, Frame};

/// The shape of this format's errors.
pub(super) const SHAPE: ClientShape = ClientShape::Anthropic;

/// Answers `POST /v1/messages`.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let conversation = read(body)?;
    if conversation.output_tokens_max.is_none() {
        return Err(Refusal::field("max_tokens", "max_tokens: Field required"));
    }
    let reply = conversation.reply(fingerprint);
    let writer = Writer { conversation: &conversation, reply: &reply, fingerprint };
    Ok(if conversation.stream { Answer::Stream(writer.events()) } else { Answer::Whole(writer.message()) })
}

/// Answers `POST /v1/messages/count_tokens`.
pub(super) fn count_tokens(body: &Value) -> Result<Answer, Refusal> {
    Ok(Answer::Whole(json!({ "input_tokens": read(body)?.input_tokens })))
}

fn read(body: &Value) -> Result<Conversation, Refusal> {
    let messages = list(body, "messages");
    if messages.is_empty() {
        return Err(Refusal::field("messages", "messages: Field required"));
    }
    let mut conversation = Conversation {
        tools: list(body, "tools").iter().filter_map(read_tool).collect(),
        choice: read_choice(body.get("tool_choice")),
        schema: ["/output_config/format/schema", "/output_format/schema"]
            .iter()
            .find_map(|pointer| body.pointer(pointer).cloned()),
        output_tokens_max: limit(body, &["max_tokens"]),
        thinking_tokens_max: body.get("thinking").and_then(read_thinking),
        ..Conversation::of(body)
    };
    conversation.add_message("system", Content::read(body.get("system").unwrap_or(&Value::Null)));
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        let role = role.ok_or_else(|| Refusal::field("messages", "messages.role: Field required"))?;
        let content = message.get("content").unwrap_or(&Value::Null);
        conversation.add_message(role, Content::read(content));
        if let Some(result) = tool_result(content) {
            conversation.add_message("tool", result);
        }
    }
    Ok(conversation)
}

/// The last result of a tool among the blocks of a user's message.
fn tool_result(content: &Value) -> Option<Content> {
    let blocks = content.as_array()?;
    let is_result = |block: &&Value| block.get("type").and_then(Value::as_str) == Some("tool_result");
    let result = blocks.iter().rev().find(is_result)?;
    Some(Content::read(result.get("content").unwrap_or(&Value::Null)))
}

fn read_tool(tool: &Value) -> Option<Tool> {
    let name = tool.get("name")?.as_str()?.to_owned();
    Some(Tool { name, parameters: tool.get("input_schema")?.clone() })
}

/// A budget of tokens, or none where the model decides (`platform.claude.com/docs/en/build-with-claude/adaptive-thinking`).
fn read_thinking(thinking: &Value) -> Option<usize> {
    let budget = limit(thinking, &["budget_tokens"]).unwrap_or(usize::MAX);
    matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")).then_some(budget)
}

fn read_choice(choice: Option<&Value>) -> ToolChoice {
    let text = |name| choice.and_then(|choice| choice.get(name)).and_then(Value::as_str);
    match (text("type"), text("name")) {
        (Some("none"), _) => ToolChoice::Never,
        (Some("any"), _) => ToolChoice::Required,
        (Some("tool"), Some(name)) => ToolChoice::Named(name.to_owned()),
        _ => ToolChoice::Auto,
    }
}

struct Writer<'a> {
    conversation: &'a Conversation,
    reply: &'a Reply,
    fingerprint: Fingerprint,
}

impl Writer<'_> {
    fn message(&self) -> Value {
        let mut content = Vec::new();
        if !self.reply.thought.is_empty() {
            content.push(thinking(&self.reply.thought.concat(), &self.signature()));
        }
        if self.reply.calls.is_empty() {
            content.push(json!({ "type": "text", "text": self.reply.text, "citations": null }));
        }
        content.extend(self.reply.calls.iter().map(|call| tool_use(call, &call.arguments)));
        let mut message = self.shell(&content);
        message["stop_reason"] = json!(self.stop_reason());
        message["usage"]["output_tokens"] = json!(self.reply.output_tokens());
        message
    }

    /// What proves the thinking.
    fn signature(&self) -> String {
        self.fingerprint.id("signed-", 0)
    }

    /// The message without its end, as a stream starts with it.
    fn shell(&self, content: &[Value]) -> Value {
        json!({
            "id": self.fingerprint.id("msg_", 0),
            "type": "message",
            "role": "assistant",
            "model": self.conversation.model,
            "content": content,
            "stop_reason": null,
            "stop_sequence": null,
            "usage": {
                "input_tokens": self.conversation.input_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 1,
                "service_tier": "standard",
            },
        })
    }

    fn stop_reason(&self) -> &'static str {
        match self.reply {
            Reply { calls, .. } if !calls.is_empty() => "tool_use",
            Reply { truncated: true, .. } => "max_tokens",
            _ => "end_turn",
        }
    }

    fn events(&self) -> Events {
        let mut frames = vec![frame(json!({ "type": "message_start", "message": self.shell(&[]) }))];
        let mut blocks = Blocks { frames: &mut frames, index: 0 };
        if !self.reply.thought.is_empty() {
            let deltas =
                self.reply.thought.iter().map(|token| json!({ "type": "thinking_delta", "thinking": token }));
            let proof = json!({ "type": "signature_delta", "signature": self.signature() });
            blocks.add(&thinking("", ""), deltas, Some(&proof));
        }
        if self.reply.calls.is_empty() {
            let deltas = tokens(&self.reply.text).into_iter();
            let deltas = deltas.map(|token| json!({ "type": "text_delta", "text": token }));
            blocks.add(&json!({ "type": "text", "text": "" }), deltas, None);
        }
        for call in &self.reply.calls {
            let arguments = call.arguments.to_string();
            let pieces = tokens(&arguments).into_iter();
            let deltas = pieces.map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }));
            blocks.add(&tool_use(call, &json!({})), deltas, None);
        }
        frames.push(frame(json!({
            "type": "message_delta",
            "delta": { "stop_reason": self.stop_reason(), "stop_sequence": null },
            "usage": { "output_tokens": self.reply.output_tokens() },
        })));
        frames.push(frame(json!({ "type": "message_stop" })));
        let error = anthropic("overloaded_error", BROKEN_OFF);
        Events { frames, error: frame(error) }
    }
}

/// The blocks of a streamed message, numbered.
struct Blocks<'a> {
    frames: &'a mut Vec<Frame>,
    index: usize,
}

impl Blocks<'_> {
    /// Adds a block of these tokens, and what comes after them.
    fn add(&mut self, start: &Value, tokens: impl Iterator<Item = Value>, after: Option<&Value>) {
        let index = self.index;
        self.index += 1;
        let start = json!({ "type": "content_block_start", "index": index, "content_block": start });
        self.frames.push(frame(start));
        if index == 0 {
            self.frames.push(frame(json!({ "type": "ping" })));
        }
        let delta =
            |delta: &Value| frame(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        self.frames.extend(tokens.map(|token| delta(&token).into_token()));
        self.frames.extend(after.map(delta));
        self.frames.push(frame(json!({ "type": "content_block_stop", "index": index })));
    }
}

fn thinking(text: &str, signature: &str) -> Value {
    json!({ "type": "thinking", "thinking": text, "signature": signature })
}

fn tool_use(call: &Call, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": format!("toolu_{}", call.id), "name": call.name, "input": input })
}

#[expect(clippy::needless_pass_by_value, reason = "each event is built for this call alone")]
fn frame(event: Value) -> Frame {
    let name = event.get("type").and_then(Value::as_str).unwrap_or("message");
    Frame::named(name, &event)
}
