//! Gemini (API reference, "Generating content"; "Thought signatures" for where a seal stands).

use bytes::Bytes;
use serde_json::{Value, json};

use super::frames::Frames;
use super::{Ending, EventScript, Part, Reply, SIGNATURE, object_of};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let mut parts = Vec::new();
    for (number, part) in reply.parts.iter().enumerate() {
        let mut written = match *part {
            Part::Thinking(pieces) => json!({"text": pieces.concat(), "thought": true}),
            Part::Text(pieces) | Part::Refusal(pieces) => json!({"text": pieces.concat()}),
            Part::Call { .. } => call(part),
        };
        if follows_thinking(reply, number) {
            written["thoughtSignature"] = json!(SIGNATURE);
        }
        parts.push(written);
    }
    chunk(&json!(parts), Some(finish(reply)), &usage(reply))
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut frames = Frames::default();
    let input = reply.counts().input;
    let so_far = json!({"promptTokenCount": input, "totalTokenCount": input});
    let says = |part: Value| data(&chunk(&json!([part]), None, &so_far));
    for (number, part) in reply.parts.iter().enumerate() {
        let sealed = follows_thinking(reply, number);
        match *part {
            Part::Thinking(pieces) => {
                for piece in pieces {
                    frames.content(says(json!({"text": piece, "thought": true})));
                }
            }
            Part::Text(pieces) | Part::Refusal(pieces) => {
                for piece in pieces {
                    frames.content(says(json!({"text": piece})));
                }
                // The seal of a text comes last, beside no text.
                if sealed {
                    frames.content(says(json!({"text": "", "thoughtSignature": SIGNATURE})));
                }
            }
            Part::Call { .. } => {
                let mut call = call(part);
                if sealed {
                    call["thoughtSignature"] = json!(SIGNATURE);
                }
                frames.content(says(call));
            }
        }
    }
    if let Ending::Failure(message) = reply.ending {
        let error = json!({"code": 500, "message": message, "status": "INTERNAL"});
        frames.quiet(data(&json!({"error": error})));
        return frames.events();
    }
    frames.content(data(&chunk(&json!([{"text": ""}]), Some(finish(reply)), &usage(reply))));
    frames.events()
}

/// A call comes whole.
fn call(part: &Part<'_>) -> Value {
    let Part::Call { id, name, input } = *part else { return Value::Null };
    json!({"functionCall": {"id": id.to_string(), "name": name, "args": object_of(input)}})
}

/// The seal of thinking stands at what it led to.
fn follows_thinking(reply: &Reply<'_>, number: usize) -> bool {
    number.checked_sub(1).is_some_and(|earlier| matches!(reply.parts[earlier], Part::Thinking(_)))
}

/// No reason is one of tools: a call ends with `STOP`.
fn finish(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit => "MAX_TOKENS",
        Ending::Filter => "SAFETY",
        Ending::Complete if reply.refuses() => "SAFETY",
        Ending::Complete | Ending::Failure(_) => "STOP",
    }
}

/// Thinking is counted beside the output.
fn usage(reply: &Reply<'_>) -> Value {
    let counts = reply.counts();
    let mut usage = json!({
        "promptTokenCount": counts.input, "candidatesTokenCount": counts.output - counts.reasoning,
        "totalTokenCount": counts.input + counts.output,
    });
    if counts.cached > 0 {
        usage["cachedContentTokenCount"] = json!(counts.cached);
    }
    if counts.reasoning > 0 {
        usage["thoughtsTokenCount"] = json!(counts.reasoning);
    }
    usage
}

fn chunk(parts: &Value, finish: Option<&str>, usage: &Value) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r"})
}

/// Google ends lines as Windows does.
fn data(chunk: &Value) -> Bytes {
    format!("data: {chunk}\r\n\r\n").into()
}
