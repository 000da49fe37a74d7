//! What tests of every format ask for, by name.

use serde_json::Value;
use wire::formats::EventStream;

use super::{Counts, EventScript, Reply};

/// Every format of conversations with tools and thinking: all that stream but legacy completions.
pub const CONVERSATIONS: [EventStream; 6] = [
    EventStream::Chat,
    EventStream::Responses,
    EventStream::Messages,
    EventStream::Gemini,
    EventStream::Converse,
    EventStream::Cohere,
];

/// An answer that calls a tool with this JSON object.
#[must_use]
pub fn answer_with_tool(format: EventStream, name: &str, input: &str) -> Value {
    Reply::new().call(name, &[input]).answer(format)
}

/// A stream that calls a tool, its input in these pieces; Gemini's brings them at once.
#[must_use]
pub fn stream_with_tool(format: EventStream, name: &str, input: &[&str]) -> EventScript {
    Reply::new().call(name, input).stream(format)
}

/// An answer that thinks first.
#[must_use]
pub fn answer_with_thinking(format: EventStream, thinking: &str, text: &str) -> Value {
    Reply::new().thinking(&[thinking]).text(&[text]).answer(format)
}

/// A stream that thinks first.
#[must_use]
pub fn stream_with_thinking(format: EventStream, thinking: &[&str], text: &[&str]) -> EventScript {
    Reply::new().thinking(thinking).text(text).stream(format)
}

/// An answer that refuses, as far as the format can.
#[must_use]
pub fn answer_refused(format: EventStream, words: &str) -> Value {
    Reply::new().refusal(&[words]).answer(format)
}

/// A stream that refuses, as far as the format can.
#[must_use]
pub fn stream_refused(format: EventStream, words: &[&str]) -> EventScript {
    Reply::new().refusal(words).stream(format)
}

/// An answer that a filter of content ended.
#[must_use]
pub fn answer_filtered(format: EventStream, text: &str) -> Value {
    Reply::new().text(&[text]).filtered().answer(format)
}

/// A stream that a filter of content ends.
#[must_use]
pub fn stream_filtered(format: EventStream, text: &[&str]) -> EventScript {
    Reply::new().text(text).filtered().stream(format)
}

/// An answer that ended at the most tokens.
#[must_use]
pub fn answer_limited(format: EventStream, text: &str) -> Value {
    Reply::new().text(&[text]).limited().answer(format)
}

/// A stream that ends at the most tokens.
#[must_use]
pub fn stream_limited(format: EventStream, text: &[&str]) -> EventScript {
    Reply::new().text(text).limited().stream(format)
}

/// A stream that says this and then breaks off with an error.
#[must_use]
pub fn stream_failing(format: EventStream, text: &[&str], message: &str) -> EventScript {
    Reply::new().text(text).failing(message).stream(format)
}

/// An answer with these counts.
#[must_use]
pub fn answer_counted(format: EventStream, text: &str, counts: Counts) -> Value {
    Reply::new().text(&[text]).counting(counts).answer(format)
}

/// A stream with these counts.
#[must_use]
pub fn stream_counted(format: EventStream, text: &[&str], counts: Counts) -> EventScript {
    Reply::new().text(text).counting(counts).stream(format)
}
