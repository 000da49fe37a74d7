//! Requests, answers and streams of each format, as small as a provider's real ones may be.

use bytes::Bytes;
use serde_json::{Value, json};
use wire::amazon;
use wire::formats::EventStream;

use super::EventScript;

/// Every format that streams.
pub const STREAMS: [EventStream; 7] = [
    EventStream::Chat,
    EventStream::Completions,
    EventStream::Responses,
    EventStream::Messages,
    EventStream::Gemini,
    EventStream::Converse,
    EventStream::Cohere,
];

/// Those whose requests name their model in the body, and say there whether to stream.
pub const STREAMS_BY_BODY: [EventStream; 4] =
    [EventStream::Chat, EventStream::Completions, EventStream::Responses, EventStream::Messages];

/// The usage chunk of chat and legacy completions, as OpenAI sends it before the end where it was asked for.
pub const USAGE_CHUNK: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[],\
     \"usage\":{\"prompt_tokens\":7,\"completion_tokens\":11,\"total_tokens\":18}}\n\n";

/// Where a format is asked for.
#[must_use]
pub fn path(stream: EventStream) -> &'static str {
    match stream {
        EventStream::Chat => "/v1/chat/completions",
        EventStream::Completions => "/v1/completions",
        EventStream::Responses => "/v1/responses",
        EventStream::Messages => "/v1/messages",
        EventStream::Cohere => "/v2/chat",
        EventStream::Gemini => "/v1beta/models/m:streamGenerateContent",
        EventStream::Converse => "/model/m/converse-stream",
        EventStream::Images => "/v1/images/generations",
        EventStream::Speech => "/v1/audio/speech",
        EventStream::Transcription => "/v1/audio/transcriptions",
    }
}

/// Where a model is asked for: two formats have the model in the path, and whether the answer is a stream.
#[must_use]
pub fn path_of(stream: EventStream, model: &str, streamed: bool) -> String {
    match (stream, streamed) {
        (EventStream::Gemini, true) => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        (EventStream::Gemini, false) => format!("/v1beta/models/{model}:generateContent"),
        (EventStream::Converse, true) => format!("/model/{model}/converse-stream"),
        (EventStream::Converse, false) => format!("/model/{model}/converse"),
        _ => path(stream).to_owned(),
    }
}

/// A request.
#[must_use]
pub fn request(stream: EventStream, model: &str, streamed: bool) -> Value {
    let messages = json!([{"role": "user", "content": "hello"}]);
    let mut request = match stream {
        EventStream::Chat => json!({"messages": messages}),
        EventStream::Completions => json!({"prompt": "hello"}),
        EventStream::Responses => json!({"input": "hello"}),
        EventStream::Messages => json!({"messages": messages, "max_tokens": 64}),
        EventStream::Cohere => json!({"messages": messages}),
        EventStream::Images => json!({"prompt": "hello"}),
        EventStream::Speech => json!({"input": "hello", "voice": "alloy"}),
        EventStream::Transcription => json!({"file": "hello"}),
        EventStream::Gemini => return json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
        EventStream::Converse => {
            return json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]});
        }
    };
    request["model"] = json!(model);
    match stream {
        EventStream::Speech if streamed => request["stream_format"] = json!("sse"),
        _ if streamed => request["stream"] = json!(true),
        _ => {}
    }
    request
}

/// A whole answer with this text.
#[must_use]
pub fn answer(stream: EventStream, text: &str) -> Value {
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18});
    match stream {
        EventStream::Chat => json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": "m", "usage": usage,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        }),
        EventStream::Completions => json!({
            "id": "cmpl-1", "object": "text_completion", "model": "m", "usage": usage,
            "choices": [{"index": 0, "text": text, "finish_reason": "stop"}],
        }),
        EventStream::Responses => json!({
            "id": "resp_1", "object": "response", "status": "completed", "model": "m",
            "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}],
            "usage": {"input_tokens": 7, "output_tokens": 11, "total_tokens": 18},
        }),
        EventStream::Messages => json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": text}], "usage": {"input_tokens": 7, "output_tokens": 11},
        }),
        EventStream::Gemini => gemini_chunk(text, Some("STOP")),
        EventStream::Converse => json!({
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 7, "outputTokens": 11, "totalTokens": 18}, "metrics": {"latencyMs": 1},
        }),
        EventStream::Cohere => json!({
            "id": "c-1", "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
            "usage": {"tokens": {"input_tokens": 7, "output_tokens": 11}},
        }),
        EventStream::Images => json!({
            "created": 1, "data": [{"b64_json": text}],
            "usage": {"input_tokens": 7, "output_tokens": 11, "total_tokens": 18},
        }),
        EventStream::Speech => json!({"audio": text, "usage": usage}),
        EventStream::Transcription => json!({
            "text": text,
            "usage": {"type": "tokens", "input_tokens": 7, "output_tokens": 11, "total_tokens": 18},
        }),
    }
}

/// A whole stream that says these parts one after the other, without a usage chunk.
#[must_use]
pub fn stream(stream: EventStream, parts: &[&str]) -> EventScript {
    match stream {
        EventStream::Chat => {
            choices("chat.completion.chunk", parts, |part| json!({"delta": {"content": part}}))
        }
        EventStream::Completions => choices("text_completion", parts, |part| json!({"text": part})),
        EventStream::Responses => responses(parts),
        EventStream::Messages => messages(parts),
        EventStream::Gemini => gemini(parts),
        EventStream::Converse => converse(parts),
        EventStream::Cohere => cohere(parts),
        EventStream::Images => {
            media("image_generation.partial_image", "b64_json", "image_generation.completed", parts)
        }
        EventStream::Speech => media("speech.audio.delta", "audio", "speech.audio.done", parts),
        EventStream::Transcription => media("transcript.text.delta", "delta", "transcript.text.done", parts),
    }
}

/// OpenAI API reference, the streaming events of images, speech and transcriptions.
fn media(delta: &str, member: &str, done: &str, parts: &[&str]) -> EventScript {
    let mut frames: Vec<String> = parts.iter().map(|part| event(delta, json!({member: part}))).collect();
    let usage = json!({"input_tokens": 7, "output_tokens": 11, "total_tokens": 18});
    frames.push(event(done, json!({member: parts.concat(), "usage": usage})));
    EventScript::new(frames, 0)
}

/// Gemini API reference, "GenerateContentResponse".
fn gemini_chunk(text: &str, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": [{"text": text}]}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    json!({
        "candidates": [candidate], "modelVersion": "m", "responseId": "r",
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 11, "totalTokenCount": 18},
    })
}

fn gemini(parts: &[&str]) -> EventScript {
    let data = |chunk: Value| format!("data: {chunk}\r\n\r\n");
    let mut frames: Vec<String> = parts.iter().map(|part| data(gemini_chunk(part, None))).collect();
    frames.push(data(gemini_chunk("", Some("STOP"))));
    EventScript::new(frames, 0)
}

/// Amazon Bedrock API reference, `ConverseStream`.
fn converse(parts: &[&str]) -> EventScript {
    let message = |kind: &str, payload: Value| {
        let mut out = Vec::new();
        amazon::event(&mut out, kind, payload.to_string().as_bytes());
        Bytes::from(out)
    };
    let mut frames = vec![message("messageStart", json!({"role": "assistant"}))];
    let preamble = frames.len();
    let delta =
        |part: &&str| message("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": part}}));
    frames.extend(parts.iter().map(delta));
    frames.push(message("contentBlockStop", json!({"contentBlockIndex": 0})));
    frames.push(message("messageStop", json!({"stopReason": "end_turn"})));
    let usage = json!({"inputTokens": 7, "outputTokens": 11, "totalTokens": 18});
    frames.push(message("metadata", json!({"usage": usage, "metrics": {"latencyMs": 1}})));
    EventScript::of_messages(frames, preamble)
}

/// Cohere API reference, "Chat with streaming".
fn cohere(parts: &[&str]) -> EventScript {
    let mut frames = vec![
        event(
            "message-start",
            json!({"id": "c-1", "delta": {"message": {"role": "assistant", "content": []}}}),
        ),
        event(
            "content-start",
            json!({"index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}),
        ),
    ];
    let preamble = frames.len();
    let delta = |part: &&str| {
        event("content-delta", json!({"index": 0, "delta": {"message": {"content": {"text": part}}}}))
    };
    frames.extend(parts.iter().map(delta));
    frames.push(event("content-end", json!({"index": 0})));
    let usage = json!({"tokens": {"input_tokens": 7, "output_tokens": 11}});
    frames.push(event("message-end", json!({"delta": {"finish_reason": "COMPLETE", "usage": usage}})));
    EventScript::new(frames, preamble)
}

/// OpenAI API reference, "Streaming" of chat completions and completions.
fn choices(object: &str, parts: &[&str], choice: impl Fn(&str) -> Value) -> EventScript {
    let chunk = |mut choice: Value, finish: Value| {
        choice["index"] = json!(0);
        choice["finish_reason"] = finish;
        let chunk = json!({"id": "c", "object": object, "model": "m", "choices": [choice]});
        format!("data: {chunk}\n\n")
    };
    let is_chat = object.starts_with("chat");
    let role = is_chat.then(|| chunk(json!({"delta": {"role": "assistant", "content": ""}}), Value::Null));
    let mut frames: Vec<String> = role.into_iter().collect();
    let preamble = frames.len();
    frames.extend(parts.iter().map(|part| chunk(choice(part), Value::Null)));
    frames.push(chunk(if is_chat { json!({"delta": {}}) } else { json!({"text": ""}) }, json!("stop")));
    frames.push("data: [DONE]\n\n".to_owned());
    EventScript::new(frames, preamble)
}

/// Anthropic API reference, "Streaming Messages".
fn messages(parts: &[&str]) -> EventScript {
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m",
        "usage": {"input_tokens": 7, "output_tokens": 1},
    });
    let block = json!({"index": 0, "content_block": {"type": "text", "text": ""}});
    let mut frames =
        vec![event("message_start", json!({"message": message})), event("content_block_start", block)];
    let preamble = frames.len();
    frames.extend(parts.iter().map(|part| {
        event("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": part}}))
    }));
    frames.push(event("content_block_stop", json!({"index": 0})));
    let delta = json!({"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 11}});
    frames.push(event("message_delta", delta));
    frames.push(event("message_stop", json!({})));
    EventScript::new(frames, preamble)
}

/// OpenAI API reference, "Streaming events" of Responses.
fn responses(parts: &[&str]) -> EventScript {
    let response = |status: &str| {
        let usage = (status == "completed").then(|| json!({"input_tokens": 7, "output_tokens": 11}));
        json!({"response": {"id": "resp_1", "object": "response", "status": status, "model": "m", "usage": usage}})
    };
    let item = json!({"output_index": 0, "item": {"id": "msg_1", "type": "message", "content": []}});
    let part = json!({"output_index": 0, "part": {"type": "output_text", "text": ""}});
    let mut events = vec![
        ("response.created", response("in_progress")),
        ("response.in_progress", response("in_progress")),
        ("response.output_item.added", item),
        ("response.content_part.added", part),
    ];
    let preamble = events.len();
    events.extend(parts.iter().map(|part| ("response.output_text.delta", json!({"delta": part}))));
    events.push(("response.output_text.done", json!({"text": parts.concat()})));
    events.push(("response.completed", response("completed")));
    let numbered = events.into_iter().enumerate().map(|(number, (name, mut data))| {
        data["sequence_number"] = json!(number);
        event(name, data)
    });
    EventScript::new(numbered.collect(), preamble)
}

fn event(name: &str, mut data: Value) -> String {
    data["type"] = json!(name);
    format!("event: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::{STREAMS, USAGE_CHUNK, stream};
    use wire::formats::{EventKind, EventStream};
    use wire::framing::Frame;

    #[test]
    fn content_begins_after_the_preamble_in_every_format() {
        for format in STREAMS {
            let events = stream(format, &["a", "b"]);
            let preamble = events.before_content().frames().len();
            let kind = |frame: &[u8]| format.format().inspect(Frame::of(format.framing(), frame)).kind;
            for (number, frame) in events.frames().iter().enumerate() {
                let is_content = kind(frame) == EventKind::Content;
                assert!(is_content == (number >= preamble) || number > preamble + 1, "{format:?} {frame:?}");
            }
        }
    }

    #[test]
    fn the_usage_chunk_is_one() {
        let inspection = EventStream::Chat
            .format()
            .inspect(Frame::of(EventStream::Chat.framing(), USAGE_CHUNK.as_bytes()));
        assert_eq!(inspection.kind, EventKind::Usage);
        assert_eq!(inspection.usage.unwrap().output_tokens, Some(11));
    }
}
