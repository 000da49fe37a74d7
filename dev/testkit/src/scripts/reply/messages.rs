//! Messages (Anthropic API reference, "Messages" and "Streaming Messages").

use bytes::Bytes;
use serde_json::{Value, json};

use super::frames::{Frames, named};
use super::{Ending, EventScript, Part, Reply, SIGNATURE, object_of};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let blocks = reply.parts.iter().map(|part| match *part {
        Part::Thinking(pieces) => {
            json!({"type": "thinking", "thinking": pieces.concat(), "signature": SIGNATURE})
        }
        Part::Text(pieces) | Part::Refusal(pieces) => json!({"type": "text", "text": pieces.concat()}),
        Part::Call { id, name, input } => {
            json!({"type": "tool_use", "id": id.to_string(), "name": name, "input": object_of(input)})
        }
    });
    let blocks: Vec<Value> = blocks.collect();
    let counts = reply.counts();
    let mut usage = input_usage(reply, counts.output);
    usage["output_tokens_details"] = json!({"thinking_tokens": counts.reasoning});
    message(&json!(blocks), &json!(stop(reply)), &usage)
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut frames = Frames::default();
    let opening = message(&json!([]), &Value::Null, &input_usage(reply, 1));
    frames.quiet(named("message_start", json!({"message": opening})));
    for (index, part) in reply.parts.iter().enumerate() {
        block(index, part, &mut frames);
    }
    if let Ending::Failure(message) = reply.ending {
        let error = json!({"type": "api_error", "message": message});
        frames.quiet(named("error", json!({"error": error})));
        return frames.events();
    }
    let counts = reply.counts();
    frames.content(named(
        "message_delta",
        json!({
            "delta": {"stop_reason": stop(reply), "stop_sequence": null},
            "usage": {
                "output_tokens": counts.output,
                "output_tokens_details": {"thinking_tokens": counts.reasoning},
            },
        }),
    ));
    frames.quiet(named("message_stop", json!({})));
    frames.events()
}

fn block(index: usize, part: &Part<'_>, frames: &mut Frames) {
    let start = |block: Value| named("content_block_start", json!({"index": index, "content_block": block}));
    let delta = |kind: &str, key: &str, piece: &str| -> Bytes {
        named("content_block_delta", json!({"index": index, "delta": {"type": kind, key: piece}}))
    };
    match *part {
        Part::Thinking(pieces) => {
            frames.quiet(start(json!({"type": "thinking", "thinking": "", "signature": ""})));
            for piece in pieces {
                frames.content(delta("thinking_delta", "thinking", piece));
            }
            frames.content(delta("signature_delta", "signature", SIGNATURE));
        }
        Part::Text(pieces) | Part::Refusal(pieces) => {
            frames.quiet(start(json!({"type": "text", "text": ""})));
            for piece in pieces {
                frames.content(delta("text_delta", "text", piece));
            }
        }
        Part::Call { id, name, input } => {
            frames
                .content(start(json!({"type": "tool_use", "id": id.to_string(), "name": name, "input": {}})));
            for piece in input {
                frames.content(delta("input_json_delta", "partial_json", piece));
            }
        }
    }
    frames.quiet(named("content_block_stop", json!({"index": index})));
}

fn message(content: &Value, stop_reason: &Value, usage: &Value) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": stop_reason, "stop_sequence": null, "usage": usage,
    })
}

fn stop(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit => "max_tokens",
        Ending::Filter => "refusal",
        Ending::Complete if reply.refuses() => "refusal",
        Ending::Complete if reply.calls() => "tool_use",
        Ending::Complete | Ending::Failure(_) => "end_turn",
    }
}

/// Cached input stands apart.
fn input_usage(reply: &Reply<'_>, output: u64) -> Value {
    let counts = reply.counts();
    json!({
        "input_tokens": counts.input - counts.cached, "cache_read_input_tokens": counts.cached,
        "cache_creation_input_tokens": 0, "output_tokens": output,
    })
}
