//! Amazon Bedrock Converse (API reference, `Converse` and `ConverseStream`).

use serde_json::{Value, json};

use super::frames::{Frames, exception, message};
use super::{Ending, EventScript, Part, Reply, SIGNATURE, object_of};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let blocks = reply.parts.iter().map(|part| match *part {
        Part::Thinking(pieces) => {
            let thinking = json!({"text": pieces.concat(), "signature": SIGNATURE});
            json!({"reasoningContent": {"reasoningText": thinking}})
        }
        Part::Text(pieces) | Part::Refusal(pieces) => json!({"text": pieces.concat()}),
        Part::Call { id, name, input } => {
            json!({"toolUse": {"toolUseId": id.to_string(), "name": name, "input": object_of(input)}})
        }
    });
    let blocks: Vec<Value> = blocks.collect();
    json!({
        "output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop(reply),
        "usage": usage(reply), "metrics": {"latencyMs": 1},
    })
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut frames = Frames::default();
    frames.quiet(message("messageStart", &json!({"role": "assistant"})));
    for (index, part) in reply.parts.iter().enumerate() {
        block(index, part, &mut frames);
    }
    if let Ending::Failure(message) = reply.ending {
        frames.quiet(exception("internalServerException", &json!({"message": message})));
        return frames.messages();
    }
    frames.content(message("messageStop", &json!({"stopReason": stop(reply)})));
    let metrics = json!({"latencyMs": 1});
    frames.quiet(message("metadata", &json!({"usage": usage(reply), "metrics": metrics})));
    frames.messages()
}

/// Only calls have a start.
fn block(index: usize, part: &Part<'_>, frames: &mut Frames) {
    let delta =
        |delta: Value| message("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta}));
    match *part {
        Part::Thinking(pieces) => {
            for piece in pieces {
                frames.content(delta(json!({"reasoningContent": {"text": piece}})));
            }
            frames.content(delta(json!({"reasoningContent": {"signature": SIGNATURE}})));
        }
        Part::Text(pieces) | Part::Refusal(pieces) => {
            for piece in pieces {
                frames.content(delta(json!({"text": piece})));
            }
        }
        Part::Call { id, name, input } => {
            let start = json!({"toolUse": {"toolUseId": id.to_string(), "name": name}});
            let start = json!({"contentBlockIndex": index, "start": start});
            frames.content(message("contentBlockStart", &start));
            for piece in input {
                frames.content(delta(json!({"toolUse": {"input": piece}})));
            }
        }
    }
    frames.quiet(message("contentBlockStop", &json!({"contentBlockIndex": index})));
}

fn stop(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit => "max_tokens",
        Ending::Filter => "guardrail_intervened",
        Ending::Complete if reply.refuses() => "content_filtered",
        Ending::Complete if reply.calls() => "tool_use",
        Ending::Complete | Ending::Failure(_) => "end_turn",
    }
}

/// Cached input stands apart, and reasoning is not counted.
fn usage(reply: &Reply<'_>) -> Value {
    let counts = reply.counts();
    json!({
        "inputTokens": counts.input - counts.cached, "outputTokens": counts.output,
        "totalTokens": counts.input + counts.output, "cacheReadInputTokens": counts.cached,
        "cacheWriteInputTokens": 0,
    })
}
