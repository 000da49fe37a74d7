//! Amazon Bedrock Converse, whole and streamed
//! (`docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html`, `…_ConverseStream.html`).

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::conversation::{Call, Content, Conversation, Reply, Tool, ToolChoice, limit, list};
use super::failure::{BROKEN_OFF, Refusal};
use super::fingerprint::{Fingerprint, tokens};
use super::frames::{Answer, Events, Frame};

/// The shape of this format's errors.
pub(super) const SHAPE: ClientShape = ClientShape::Amazon;

/// How long an answer took, in milliseconds: fixed, since a script knows no clock.
const LATENCY_MS: u64 = 1;

/// Answers `POST /model/{model}/converse` and `/converse-stream`.
pub(super) fn answer(body: &Value, stream: bool, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let conversation = read(body)?;
    let reply = conversation.reply(fingerprint);
    let writer = Writer { conversation: &conversation, reply: &reply, fingerprint };
    Ok(if stream { Answer::Stream(writer.events()) } else { Answer::Whole(writer.whole()) })
}

/// Answers `POST /model/{model}/count-tokens` (`…/API_runtime_CountTokens.html`).
pub(super) fn count_tokens(body: &Value) -> Result<Answer, Refusal> {
    let request = body.pointer("/input/converse");
    let request = request.ok_or_else(|| Refusal::field("input", "input.converse: Field required"))?;
    Ok(Answer::Whole(json!({ "inputTokens": read(request)?.input_tokens })))
}

/// The budget of thinking, where a model of any family is asked for it.
fn read_thinking(body: &Value) -> Option<usize> {
    let fields = body.get("additionalModelRequestFields").unwrap_or(&Value::Null);
    let configs: Vec<&Value> = ["thinking", "reasoning_config", "reasoningConfig"]
        .iter()
        .filter_map(|member| fields.get(member))
        .filter(|config| matches!(config["type"].as_str(), Some("enabled" | "adaptive")))
        .collect();
    if configs.is_empty() && fields.get("reasoning_effort").is_none() {
        return None;
    }
    let budget = configs.iter().find_map(|config| limit(config, &["budget_tokens"]));
    Some(budget.unwrap_or(usize::MAX))
}

fn read(body: &Value) -> Result<Conversation, Refusal> {
    check(body)?;
    let config = body.get("toolConfig").unwrap_or(&Value::Null);
    let mut conversation = Conversation {
        tools: list(config, "tools").iter().filter_map(read_tool).collect(),
        choice: read_choice(config.get("toolChoice")),
        schema: read_schema(body)?,
        output_tokens_max: body.get("inferenceConfig").and_then(|config| limit(config, &["maxTokens"])),
        thinking_tokens_max: read_thinking(body),
        ..Conversation::default()
    };
    conversation.add_message("system", read_content(list(body, "system")));
    for message in list(body, "messages") {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        let blocks = list(message, "content");
        conversation.add_message(role, read_content(blocks));
        if let Some(result) = blocks.iter().rev().find_map(|block| block.get("toolResult")) {
            conversation.add_message("tool", read_content(list(result, "content")));
        }
    }
    Ok(conversation)
}

/// What Bedrock itself refuses, before any model sees it.
fn check(body: &Value) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::field("messages", message));
    let messages = list(body, "messages");
    let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
    if messages.first().map(role).as_deref() != Some("user") {
        return refuse("A conversation must start with a user message.");
    }
    if messages.windows(2).any(|pair| pair.first().map(role) == pair.last().map(role)) {
        return refuse("A conversation must alternate between user and assistant roles.");
    }
    let blocks: Vec<&Value> = messages.iter().flat_map(|message| list(message, "content")).collect();
    if messages.iter().any(|message| list(message, "content").is_empty()) {
        return refuse("The content field in the Message object is empty.");
    }
    let text = |block: &Value| block.get("text").and_then(Value::as_str).map(str::to_owned);
    if blocks.iter().filter_map(|block| text(block)).any(|text| text.trim().is_empty()) {
        return refuse("The text field in the ContentBlock object is blank.");
    }
    let uses_tools = |block: &&Value| block.get("toolUse").or(block.get("toolResult")).is_some();
    if body.get("toolConfig").is_none() && blocks.iter().any(uses_tools) {
        return refuse(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    }
    Ok(())
}

/// Texts and images; a tool's JSON counts as its text.
fn read_content(blocks: &[Value]) -> Content {
    let mut content = Content::default();
    for block in blocks {
        let guarded = block.get("guardContent").unwrap_or(block);
        let text = guarded.get("text").map(|text| text.get("text").unwrap_or(text));
        if let Some(text) = text.and_then(Value::as_str) {
            content.add_text(text);
        } else if let Some(json) = block.get("json") {
            content.add_text(&json.to_string());
        } else if guarded.get("image").is_some() {
            content.images += 1;
        }
    }
    content
}

fn read_tool(tool: &Value) -> Option<Tool> {
    let spec = tool.get("toolSpec")?;
    let name = spec.get("name")?.as_str()?.to_owned();
    Some(Tool { name, parameters: spec.pointer("/inputSchema/json")?.clone() })
}

fn read_choice(choice: Option<&Value>) -> ToolChoice {
    let Some(choice) = choice else { return ToolChoice::Auto };
    match choice.pointer("/tool/name").and_then(Value::as_str) {
        Some(name) => ToolChoice::Named(name.to_owned()),
        None if choice.get("any").is_some() => ToolChoice::Required,
        None => ToolChoice::Auto,
    }
}

/// The schema is a text in the request.
fn read_schema(body: &Value) -> Result<Option<Value>, Refusal> {
    let schema = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema");
    let Some(schema) = schema.and_then(Value::as_str) else { return Ok(None) };
    let wrong = |error| Refusal::field("outputConfig", format!("The JSON schema cannot be read: {error}"));
    serde_json::from_str(schema).map(Some).map_err(wrong)
}

struct Writer<'a> {
    conversation: &'a Conversation,
    reply: &'a Reply,
    fingerprint: Fingerprint,
}

impl Writer<'_> {
    fn whole(&self) -> Value {
        let mut content = Vec::new();
        if !self.reply.thought.is_empty() {
            let text = json!({ "text": self.reply.thought.concat(), "signature": self.signature() });
            content.push(json!({ "reasoningContent": { "reasoningText": text } }));
        }
        if self.reply.calls.is_empty() {
            content.push(json!({ "text": self.reply.text }));
        }
        content.extend(self.reply.calls.iter().map(|call| {
            let mut object = call_object(call);
            object["input"] = call.arguments.clone();
            json!({ "toolUse": object })
        }));
        json!({
            "output": { "message": { "role": "assistant", "content": content } },
            "stopReason": self.stop_reason(),
            "usage": self.usage(),
            "metrics": { "latencyMs": LATENCY_MS },
        })
    }

    /// What proves the thinking.
    fn signature(&self) -> String {
        self.fingerprint.id("signed-", 0)
    }

    fn stop_reason(&self) -> &'static str {
        match self.reply {
            Reply { calls, .. } if !calls.is_empty() => "tool_use",
            Reply { truncated: true, .. } => "max_tokens",
            _ => "end_turn",
        }
    }

    fn usage(&self) -> Value {
        let (input, output) = (self.conversation.input_tokens, self.reply.output_tokens());
        json!({ "inputTokens": input, "outputTokens": output, "totalTokens": input + output })
    }

    fn events(&self) -> Events {
        let mut frames = vec![Frame::message("messageStart", &json!({ "role": "assistant" }))];
        let mut index = 0;
        if !self.reply.thought.is_empty() {
            let words =
                self.reply.thought.iter().map(|token| json!({ "reasoningContent": { "text": token } }));
            add_deltas(&mut frames, index, words);
            let signature = json!({ "reasoningContent": { "signature": self.signature() } });
            frames.push(delta(index, &signature));
            frames.push(stop(index));
            index += 1;
        }
        if self.reply.calls.is_empty() {
            let words = tokens(&self.reply.text).into_iter().map(|token| json!({ "text": token }));
            add_deltas(&mut frames, index, words);
            frames.push(stop(index));
        }
        for (number, call) in self.reply.calls.iter().enumerate() {
            add_call(&mut frames, index + number, call);
        }
        frames.push(Frame::message("messageStop", &json!({ "stopReason": self.stop_reason() })));
        let metadata = json!({ "usage": self.usage(), "metrics": { "latencyMs": LATENCY_MS } });
        frames.push(Frame::message("metadata", &metadata));
        let error = json!({ "message": BROKEN_OFF, "originalStatusCode": 500 });
        Events { frames, error: Frame::exception("modelStreamErrorException", &error) }
    }
}

fn add_call(frames: &mut Vec<Frame>, index: usize, call: &Call) {
    let start = json!({ "contentBlockIndex": index, "start": { "toolUse": call_object(call) } });
    frames.push(Frame::message("contentBlockStart", &start));
    let arguments = call.arguments.to_string();
    let pieces = tokens(&arguments).into_iter().map(|piece| json!({ "toolUse": { "input": piece } }));
    add_deltas(frames, index, pieces);
    frames.push(stop(index));
}

/// A block of text or thinking has no start: its first delta opens it.
fn add_deltas(frames: &mut Vec<Frame>, index: usize, deltas: impl Iterator<Item = Value>) {
    frames.extend(deltas.map(|piece| delta(index, &piece).into_token()));
}

fn delta(index: usize, delta: &Value) -> Frame {
    Frame::message("contentBlockDelta", &json!({ "contentBlockIndex": index, "delta": delta }))
}

fn stop(index: usize) -> Frame {
    Frame::message("contentBlockStop", &json!({ "contentBlockIndex": index }))
}

fn call_object(call: &Call) -> Value {
    json!({ "toolUseId": format!("tooluse_{}", call.id), "name": call.name })
}
