//! Cohere chat, version 2 (API reference, "Chat" and "Chat with streaming"). It has neither seals nor refusals, and no
//! count of reasoning.

use serde_json::{Value, json};

use super::frames::{Frames, named};
use super::{CallId, Ending, EventScript, Part, Reply};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let mut content = Vec::new();
    let mut calls = Vec::new();
    for part in &reply.parts {
        match *part {
            Part::Thinking(pieces) => {
                content.push(json!({"type": "thinking", "thinking": pieces.concat()}));
            }
            Part::Text(pieces) | Part::Refusal(pieces) => {
                content.push(json!({"type": "text", "text": pieces.concat()}));
            }
            Part::Call { id, name, input } => calls.push(call(id, name, &input.concat())),
        }
    }
    let mut message = json!({"role": "assistant", "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({"id": "c-1", "finish_reason": finish(reply), "message": message, "usage": usage(reply)})
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut frames = Frames::default();
    let opening =
        json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
    frames.quiet(named("message-start", json!({"id": "c-1", "delta": {"message": opening}})));
    let mut contents = 0;
    let mut calls = 0;
    for part in &reply.parts {
        match *part {
            Part::Thinking(pieces) => said(&mut contents, "thinking", pieces, &mut frames),
            Part::Text(pieces) | Part::Refusal(pieces) => said(&mut contents, "text", pieces, &mut frames),
            Part::Call { id, name, input } => {
                let tool_calls = |call: Value| json!({"message": {"tool_calls": call}});
                let opening = tool_calls(call(id, name, ""));
                frames.content(named("tool-call-start", json!({"index": calls, "delta": opening})));
                for piece in input {
                    let delta = tool_calls(json!({"function": {"arguments": piece}}));
                    frames.content(named("tool-call-delta", json!({"index": calls, "delta": delta})));
                }
                frames.quiet(named("tool-call-end", json!({"index": calls})));
                calls += 1;
            }
        }
    }
    let mut delta = json!({"finish_reason": finish(reply), "usage": usage(reply)});
    if let Ending::Failure(message) = reply.ending {
        delta["error"] = json!(message);
    }
    frames.quiet(named("message-end", json!({"delta": delta})));
    frames.events()
}

fn said(number: &mut usize, kind: &str, pieces: &[&str], frames: &mut Frames) {
    let content = |content: Value| json!({"index": *number, "delta": {"message": {"content": content}}});
    frames.quiet(named("content-start", content(json!({"type": kind, kind: ""}))));
    for piece in pieces {
        frames.content(named("content-delta", content(json!({kind: piece}))));
    }
    frames.quiet(named("content-end", json!({"index": *number})));
    *number += 1;
}

fn call(id: CallId, name: &str, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": id.to_string(), "type": "function", "function": function})
}

fn finish(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit => "MAX_TOKENS",
        Ending::Failure(_) => "ERROR",
        Ending::Complete if reply.calls() => "TOOL_CALL",
        Ending::Complete | Ending::Filter => "COMPLETE",
    }
}

fn usage(reply: &Reply<'_>) -> Value {
    let counts = reply.counts();
    let tokens = json!({"input_tokens": counts.input, "output_tokens": counts.output});
    json!({"billed_units": tokens, "tokens": tokens, "cached_tokens": counts.cached})
}
