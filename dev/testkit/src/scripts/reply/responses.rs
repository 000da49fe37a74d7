//! Responses (OpenAI API reference, "Responses" and "Streaming events").

use serde_json::{Value, json};

use super::frames::{Frames, named};
use super::{Ending, EventScript, Part, Reply, SIGNATURE};

pub(super) fn answer(reply: &Reply<'_>) -> Value {
    let items = reply.parts.iter().enumerate().map(|(index, part)| item(index, part, reply));
    response(reply, &items.collect::<Vec<_>>())
}

pub(super) fn stream(reply: &Reply<'_>) -> EventScript {
    let mut stream = Stream::default();
    let opening = json!({"response": object("in_progress", &json!([]), &Value::Null)});
    stream.quiet("response.created", opening.clone());
    stream.quiet("response.in_progress", opening);
    let mut items = Vec::new();
    for (index, part) in reply.parts.iter().enumerate() {
        let item = item(index, part, reply);
        stream.part(part, &Place { index, item: item.clone() });
        items.push(item);
    }
    match reply.ending {
        Ending::Failure(message) => {
            stream.quiet("error", json!({"code": "server_error", "message": message, "param": null}));
        }
        _ => {
            let response = response(reply, &items);
            let status = response["status"].as_str().unwrap_or_default().to_owned();
            stream.quiet(&format!("response.{status}"), json!({"response": response}));
        }
    }
    stream.frames.events()
}

/// Numbered events.
#[derive(Debug, Default)]
struct Stream {
    frames: Frames,
    number: u64,
}

/// Where an item stands in the output.
struct Place {
    index: usize,
    /// The item when it is done.
    item: Value,
}

impl Stream {
    fn quiet(&mut self, name: &str, data: Value) {
        let data = self.numbered(data);
        self.frames.quiet(named(name, data));
    }

    fn content(&mut self, name: &str, data: Value) {
        let data = self.numbered(data);
        self.frames.content(named(name, data));
    }

    fn numbered(&mut self, mut data: Value) -> Value {
        data["sequence_number"] = json!(self.number);
        self.number += 1;
        data
    }

    fn part(&mut self, part: &Part<'_>, place: &Place) {
        match *part {
            Part::Thinking(pieces) => self.reasoning(pieces, place),
            Part::Text(pieces) => {
                self.message("output_text", place, &json!({"logprobs": []}), "text", pieces);
                self.done(place);
            }
            Part::Refusal(pieces) => {
                self.message("refusal", place, &json!({}), "refusal", pieces);
                self.done(place);
            }
            Part::Call { input, .. } => self.call(input, place),
        }
    }

    fn reasoning(&mut self, pieces: &[&str], place: &Place) {
        self.quiet("response.output_item.added", place.opening(&[("summary", json!([]))]));
        let at = |data: Value| place.at("summary_index", data);
        let empty = json!({"type": "summary_text", "text": ""});
        self.quiet("response.reasoning_summary_part.added", at(json!({"part": empty})));
        for piece in pieces {
            self.content("response.reasoning_summary_text.delta", at(json!({"delta": piece})));
        }
        self.content("response.reasoning_summary_text.done", at(json!({"text": pieces.concat()})));
        let whole = json!({"part": place.item["summary"][0]});
        self.content("response.reasoning_summary_part.done", at(whole));
        self.done(place);
    }

    /// `member` is where a part has its words, and `beside` what their events say besides.
    fn message(&mut self, kind: &str, place: &Place, beside: &Value, member: &str, pieces: &[&str]) {
        let opening = [("status", json!("in_progress")), ("content", json!([]))];
        self.quiet("response.output_item.added", place.opening(&opening));
        let whole = &place.item["content"][0];
        let mut empty = whole.clone();
        empty[member] = json!("");
        let at = |data: Value| place.at("content_index", data);
        self.quiet("response.content_part.added", at(json!({"part": empty})));
        for piece in pieces {
            let delta = with(json!({"delta": piece}), beside);
            self.content(&format!("response.{kind}.delta"), at(delta));
        }
        let done = with(json!({member: pieces.concat()}), beside);
        self.content(&format!("response.{kind}.done"), at(done));
        self.content("response.content_part.done", at(json!({"part": whole})));
    }

    fn call(&mut self, input: &[&str], place: &Place) {
        let opening = [("status", json!("in_progress")), ("arguments", json!(""))];
        self.content("response.output_item.added", place.opening(&opening));
        let at = json!({"item_id": place.item["id"], "output_index": place.index});
        for piece in input {
            self.content("response.function_call_arguments.delta", with(json!({"delta": piece}), &at));
        }
        let done = json!({"name": place.item["name"], "arguments": input.concat()});
        self.content("response.function_call_arguments.done", with(done, &at));
        self.done(place);
    }

    fn done(&mut self, place: &Place) {
        let data = json!({"output_index": place.index, "item": place.item});
        self.content("response.output_item.done", data);
    }
}

impl Place {
    /// The item as it is announced: with these members as they are at first, and without its seal.
    fn opening(&self, members: &[(&str, Value)]) -> Value {
        let mut item = self.item.clone();
        for (key, value) in members {
            item[*key] = value.clone();
        }
        item.as_object_mut().unwrap().remove("encrypted_content");
        json!({"output_index": self.index, "item": item})
    }

    /// Data of the item's only part, whose number has this name.
    fn at(&self, number: &str, data: Value) -> Value {
        with(data, &json!({"item_id": self.item["id"], "output_index": self.index, number: 0}))
    }
}

fn item(index: usize, part: &Part<'_>, reply: &Reply<'_>) -> Value {
    let is_last = index + 1 == reply.parts.len();
    let status = if is_last { status(reply) } else { "completed" };
    let message = |part: Value| {
        json!({
            "id": format!("msg_{index}"), "type": "message", "status": status, "role": "assistant",
            "content": [part],
        })
    };
    match *part {
        Part::Thinking(pieces) => json!({
            "id": format!("rs_{index}"), "type": "reasoning", "encrypted_content": SIGNATURE,
            "summary": [{"type": "summary_text", "text": pieces.concat()}],
        }),
        Part::Text(pieces) => message(
            json!({"type": "output_text", "text": pieces.concat(), "annotations": [], "logprobs": []}),
        ),
        Part::Refusal(pieces) => message(json!({"type": "refusal", "refusal": pieces.concat()})),
        Part::Call { id, name, input } => json!({
            "id": format!("fc_{index}"), "type": "function_call", "status": status,
            "call_id": id.to_string(), "name": name, "arguments": input.concat(),
        }),
    }
}

fn response(reply: &Reply<'_>, items: &[Value]) -> Value {
    let counts = reply.counts();
    let usage = json!({
        "input_tokens": counts.input, "input_tokens_details": {"cached_tokens": counts.cached, "cache_write_tokens": 0},
        "output_tokens": counts.output, "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.input + counts.output,
    });
    let mut response = object(status(reply), &json!(items), &usage);
    match reply.ending {
        Ending::Limit => response["incomplete_details"] = json!({"reason": "max_output_tokens"}),
        Ending::Filter => response["incomplete_details"] = json!({"reason": "content_filter"}),
        Ending::Complete | Ending::Failure(_) => {}
    }
    response
}

fn status(reply: &Reply<'_>) -> &'static str {
    match reply.ending {
        Ending::Limit | Ending::Filter => "incomplete",
        Ending::Complete | Ending::Failure(_) => "completed",
    }
}

fn object(status: &str, output: &Value, usage: &Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1_767_225_600, "status": status, "error": null,
        "incomplete_details": null, "instructions": null, "metadata": {}, "model": "m", "output": output,
        "parallel_tool_calls": true, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": usage,
    })
}

/// The members of both objects.
fn with(mut object: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}
