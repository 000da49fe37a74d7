//! Chat completions (OpenAI API reference), with the reasoning that OpenRouter adds to them (its documentation,
//! "Reasoning tokens").

use bytes::Bytes;
use serde_json::{Value, json};

use super::frames::{Frames, data};
use super::{CallId, Ending, EventScript, Part, Reply, SIGNATURE};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null});
    let mut calls = Vec::new();
    for part in &reply.parts {
        match *part {
            Part::Thinking(pieces) => {
                let text = pieces.concat();
                message["reasoning"] = json!(text);
                message["reasoning_details"] = json!([detail(json!({"text": text, "signature": SIGNATURE}))]);
            }
            Part::Text(pieces) => message["content"] = json!(pieces.concat()),
            Part::Refusal(pieces) => message["refusal"] = json!(pieces.concat()),
            Part::Call { id, name, input } => calls.push(call(id, name, &input.concat())),
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_767_225_600, "model": "m",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(reply)}],
        "usage": usage(reply),
    })
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut frames = Frames::default();
    frames.quiet(delta(&json!({"role": "assistant", "content": ""})));
    let mut calls = 0;
    for part in &reply.parts {
        match *part {
            Part::Thinking(pieces) => think(pieces, &mut frames),
            Part::Text(pieces) => {
                pieces.iter().for_each(|piece| frames.content(delta(&json!({"content": piece}))));
            }
            Part::Refusal(pieces) => {
                pieces.iter().for_each(|piece| frames.content(delta(&json!({"refusal": piece}))));
            }
            Part::Call { id, name, input } => {
                let mut opening = call(id, name, "");
                opening["index"] = json!(calls);
                frames.content(delta(&json!({"tool_calls": [opening]})));
                for piece in input {
                    let piece = json!({"index": calls, "function": {"arguments": piece}});
                    frames.content(delta(&json!({"tool_calls": [piece]})));
                }
                calls += 1;
            }
        }
    }
    if let Ending::Failure(message) = reply.ending {
        let error = json!({"message": message, "type": "server_error", "param": null, "code": null});
        frames.quiet(data(&json!({"error": error})));
        return frames.events();
    }
    frames.content(chunk(&json!([{"index": 0, "delta": {}, "finish_reason": finish(reply)}]), &Value::Null));
    if reply.counts.is_some() {
        frames.quiet(chunk(&json!([]), &usage(reply)));
    }
    frames.quiet("data: [DONE]\n\n".into());
    frames.events()
}

fn think(pieces: &[&str], frames: &mut Frames) {
    for piece in pieces {
        let details = json!([detail(json!({"text": piece}))]);
        frames.content(delta(&json!({"reasoning": piece, "reasoning_details": details})));
    }
    frames.content(delta(&json!({"reasoning_details": [detail(json!({"signature": SIGNATURE}))]})));
}

fn detail(mut detail: Value) -> Value {
    detail["type"] = json!("reasoning.text");
    detail["format"] = json!("anthropic-claude-v1");
    detail["index"] = json!(0);
    detail
}

fn call(id: CallId, name: &str, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": id.to_string(), "type": "function", "function": function})
}

fn finish(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit => "length",
        Ending::Filter => "content_filter",
        Ending::Complete if reply.calls() => "tool_calls",
        Ending::Complete | Ending::Failure(_) => "stop",
    }
}

fn usage(reply: &Reply<'_>) -> Value {
    let counts = reply.counts();
    json!({
        "prompt_tokens": counts.input, "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    })
}

fn delta(delta: &Value) -> Bytes {
    chunk(&json!([{"index": 0, "delta": delta, "finish_reason": null}]), &Value::Null)
}

fn chunk(choices: &Value, usage: &Value) -> Bytes {
    data(&json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "m",
        "choices": choices, "usage": usage,
    }))
}
