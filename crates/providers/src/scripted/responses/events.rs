//! The events of a streamed response, in the order and with the numbers that OpenAI gives them
//! (`platform.openai.com/docs/api-reference/responses-streaming`).

use serde_json::{Value, json};

use super::{Phase, Writer, summary_part};
use crate::scripted::conversation::Call;
use crate::scripted::failure::BROKEN_OFF;
use crate::scripted::fingerprint::tokens;
use crate::scripted::frames::{Events, Frame};

pub(super) fn events(writer: &Writer<'_>) -> Events {
    let mut sequence = Sequence { frames: Vec::new() };
    let running = writer.response(&[], Phase::Running);
    sequence.push("response.created", json!({ "response": running }));
    sequence.push("response.in_progress", json!({ "response": running }));
    if !writer.reply.thought.is_empty() {
        add_reasoning(&mut sequence, writer);
    }
    if writer.reply.calls.is_empty() {
        add_message(&mut sequence, writer);
    }
    for (index, call) in writer.reply.calls.iter().enumerate() {
        add_call(&mut sequence, writer, index, call);
    }
    let last = if writer.reply.truncated { "response.incomplete" } else { "response.completed" };
    sequence.push(last, json!({ "response": writer.response(&writer.output(), Phase::Ended) }));
    let error = json!({
        "type": "error",
        "code": "server_error",
        "message": BROKEN_OFF,
        "param": null,
        "sequence_number": sequence.frames.len() / 2,
    });
    Events { frames: sequence.frames, error: Frame::named("error", &error) }
}

fn add_reasoning(sequence: &mut Sequence, writer: &Writer<'_>) {
    let at = |fields: Value| {
        let mut event = json!({ "item_id": writer.reasoning_id(), "output_index": 0, "summary_index": 0 });
        merge(&mut event, fields);
        event
    };
    let item = writer.reasoning_item(Phase::Running);
    sequence.push("response.output_item.added", json!({ "output_index": 0, "item": item }));
    if let Some(text) = writer.summary() {
        let part = at(json!({ "part": summary_part("") }));
        sequence.push("response.reasoning_summary_part.added", part);
        for token in &writer.reply.thought {
            sequence.push_token("response.reasoning_summary_text.delta", at(json!({ "delta": token })));
        }
        sequence.push("response.reasoning_summary_text.done", at(json!({ "text": text })));
        let part = at(json!({ "part": summary_part(&text) }));
        sequence.push("response.reasoning_summary_part.done", part);
    }
    let item = writer.reasoning_item(Phase::Ended);
    sequence.push("response.output_item.done", json!({ "output_index": 0, "item": item }));
}

/// How many items of reasoning stand before the others.
fn items_before(writer: &Writer<'_>) -> usize {
    usize::from(!writer.reply.thought.is_empty())
}

fn add_message(sequence: &mut Sequence, writer: &Writer<'_>) {
    let text = &writer.reply.text;
    let output_index = items_before(writer);
    let at = |fields: Value| {
        let mut event =
            json!({ "item_id": writer.message_id(), "output_index": output_index, "content_index": 0 });
        merge(&mut event, fields);
        event
    };
    let item = writer.message_item(&[], Phase::Running);
    sequence.push("response.output_item.added", json!({ "output_index": output_index, "item": item }));
    sequence.push("response.content_part.added", at(json!({ "part": writer.text_part("") })));
    for token in tokens(text) {
        sequence.push_token("response.output_text.delta", at(json!({ "delta": token, "logprobs": [] })));
    }
    sequence.push("response.output_text.done", at(json!({ "text": text, "logprobs": [] })));
    let part = writer.text_part(text);
    sequence.push("response.content_part.done", at(json!({ "part": part })));
    let item = writer.message_item(&[part], Phase::Ended);
    sequence.push("response.output_item.done", json!({ "output_index": output_index, "item": item }));
}

fn add_call(sequence: &mut Sequence, writer: &Writer<'_>, index: usize, call: &Call) {
    let output_index = items_before(writer) + index;
    let at = |fields: Value| {
        let mut event = json!({ "item_id": writer.call_item_id(index), "output_index": output_index });
        merge(&mut event, fields);
        event
    };
    let item = writer.call_item(index, call, Phase::Running);
    sequence.push("response.output_item.added", json!({ "output_index": output_index, "item": item }));
    let arguments = call.arguments.to_string();
    for piece in tokens(&arguments) {
        sequence.push_token("response.function_call_arguments.delta", at(json!({ "delta": piece })));
    }
    let done = at(json!({ "arguments": arguments, "name": call.name }));
    sequence.push("response.function_call_arguments.done", done);
    let item = writer.call_item(index, call, Phase::Ended);
    sequence.push("response.output_item.done", json!({ "output_index": output_index, "item": item }));
}

/// Events with their numbers.
struct Sequence {
    frames: Vec<Frame>,
}

impl Sequence {
    fn push(&mut self, kind: &str, fields: Value) {
        let frame = self.frame(kind, fields);
        self.frames.push(frame);
    }

    fn push_token(&mut self, kind: &str, fields: Value) {
        let frame = self.frame(kind, fields).into_token();
        self.frames.push(frame);
    }

    fn frame(&self, kind: &str, fields: Value) -> Frame {
        let mut event = json!({ "type": kind, "sequence_number": self.frames.len() });
        merge(&mut event, fields);
        Frame::named(kind, &event)
    }
}

fn merge(event: &mut Value, fields: Value) {
    if let (Value::Object(event), Value::Object(fields)) = (event, fields) {
        event.extend(fields);
    }
}
