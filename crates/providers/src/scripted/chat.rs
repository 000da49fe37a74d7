//! OpenAI chat completions (`platform.openai.com/docs/api-reference/chat`).

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::conversation::{Call, Content, Conversation, Reply, limit, list};
use super::failure::Refusal;
use super::fingerprint::{CREATED_SECONDS, Fingerprint, tokens};
use super::frames::{Answer, Events, Frame};
use super::open_ai;

/// The most choices that one request gets.
const CHOICES_MAX: u64 = 8;

/// Where what was thought stands. OpenAI keeps it to itself; this is the name that most others took from DeepSeek
/// (`api-docs.deepseek.com/guides/thinking_mode`).
const THOUGHT_MEMBER: &str = "reasoning_content";

/// The shape of this format's errors.
pub(super) const SHAPE: ClientShape = ClientShape::OpenAi;

/// Answers a request.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let conversation = read(body)?;
    let reply = conversation.reply(fingerprint);
    let choices = body.get("n").and_then(Value::as_u64).unwrap_or(1).clamp(1, CHOICES_MAX);
    let writer = Writer { conversation: &conversation, reply: &reply, fingerprint, choices };
    Ok(if conversation.stream {
        Answer::Stream(writer.events(open_ai::includes_usage(body)))
    } else {
        Answer::Whole(writer.completion())
    })
}

fn read(body: &Value) -> Result<Conversation, Refusal> {
    let messages = list(body, "messages");
    if messages.is_empty() {
        return Err(Refusal::field("messages", "`messages` must be a list that is not empty"));
    }
    let functions = list(body, "tools").iter().filter_map(|tool| tool.get("function"));
    let mut conversation = Conversation {
        tools: functions.filter_map(open_ai::tool).collect(),
        choice: open_ai::tool_choice(body.get("tool_choice"), "/function/name"),
        schema: open_ai::schema(body.get("response_format"), "/json_schema/schema"),
        output_tokens_max: limit(body, &["max_completion_tokens", "max_tokens"]),
        thinking_tokens_max: open_ai::thinking(body.get("reasoning_effort")),
        ..Conversation::of(body)
    };
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        let role = role.ok_or_else(|| Refusal::field("messages", "each message must have a `role`"))?;
        conversation.add_message(role, Content::read(message.get("content").unwrap_or(&Value::Null)));
    }
    Ok(conversation)
}

struct Writer<'a> {
    conversation: &'a Conversation,
    reply: &'a Reply,
    fingerprint: Fingerprint,
    choices: u64,
}

impl Writer<'_> {
    fn completion(&self) -> Value {
        let choice = |index| {
            json!({
                "index": index,
                "message": self.message(),
                "logprobs": null,
                "finish_reason": self.finish_reason(),
            })
        };
        json!({
            "id": self.fingerprint.id("chatcmpl-", 0),
            "object": "chat.completion",
            "created": CREATED_SECONDS,
            "model": self.conversation.model,
            "choices": (0..self.choices).map(choice).collect::<Vec<_>>(),
            "usage": self.usage(),
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
        })
    }

    fn message(&self) -> Value {
        let calls = self.reply.calls.iter().map(|call| call_object(call, &call.arguments.to_string()));
        let calls: Vec<Value> = calls.collect();
        let text = calls.is_empty().then_some(&self.reply.text);
        let mut message = json!({ "role": "assistant", "content": text, "refusal": null, "annotations": [] });
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        if !self.reply.thought.is_empty() {
            message[THOUGHT_MEMBER] = json!(self.reply.thought.concat());
        }
        message
    }

    fn finish_reason(&self) -> &'static str {
        match self.reply {
            Reply { calls, .. } if !calls.is_empty() => "tool_calls",
            Reply { truncated: true, .. } => "length",
            _ => "stop",
        }
    }

    fn usage(&self) -> Value {
        let choices = usize::try_from(self.choices).unwrap_or(1);
        let (thought, output) = (self.reply.thought.len() * choices, self.reply.output_tokens() * choices);
        open_ai::usage(self.conversation.input_tokens, output, thought)
    }

    fn events(&self, include_usage: bool) -> Events {
        let mut frames = Vec::new();
        for index in 0..self.choices {
            self.add_choice(&mut frames, index, include_usage);
        }
        if include_usage {
            let mut last = self.chunk(&[], true);
            last["usage"] = self.usage();
            frames.push(Frame::data(&last));
        }
        open_ai::events(frames)
    }

    fn add_choice(&self, frames: &mut Vec<Frame>, index: u64, include_usage: bool) {
        let mut push = |delta: Value, finish: Option<&str>, is_token: bool| {
            let choice = json!({ "index": index, "delta": delta, "logprobs": null, "finish_reason": finish });
            let frame = Frame::data(&self.chunk(&[choice], include_usage));
            frames.push(if is_token { frame.into_token() } else { frame });
        };
        let add_thought = |push: &mut dyn FnMut(Value, Option<&str>, bool)| {
            self.reply.thought.iter().for_each(|token| push(json!({ THOUGHT_MEMBER: token }), None, true));
        };
        if self.reply.calls.is_empty() {
            push(json!({ "role": "assistant", "content": "", "refusal": null }), None, false);
            add_thought(&mut push);
            for token in tokens(&self.reply.text) {
                push(json!({ "content": token }), None, true);
            }
        } else {
            push(json!({ "role": "assistant", "content": null }), None, false);
            add_thought(&mut push);
            for (number, call) in self.reply.calls.iter().enumerate() {
                let mut first = call_object(call, "");
                first["index"] = json!(number);
                push(json!({ "tool_calls": [first] }), None, false);
                for piece in tokens(&call.arguments.to_string()) {
                    let part = json!({ "index": number, "function": { "arguments": piece } });
                    push(json!({ "tool_calls": [part] }), None, true);
                }
            }
        }
        push(json!({}), Some(self.finish_reason()), false);
    }

    /// A chunk; where usage was asked for, all but the last say `null` for it.
    fn chunk(&self, choices: &[Value], include_usage: bool) -> Value {
        let mut chunk = json!({
            "id": self.fingerprint.id("chatcmpl-", 0),
            "object": "chat.completion.chunk",
            "created": CREATED_SECONDS,
            "model": self.conversation.model,
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
            "choices": choices,
        });
        if include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

fn call_object(call: &Call, arguments: &str) -> Value {
    json!({
        "id": format!("call_{}", call.id),
        "type": "function",
        "function": { "name": call.name, "arguments": arguments },
    })
}
