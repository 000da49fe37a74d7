//! `reasoning_details`: thinking with its proofs, as OpenRouter defined it for chat ("Reasoning tokens", "Preserving
//! reasoning"). Each entry names the format of the provider whose proof it holds.

use crate::convert::form::{Seal, Thought};
use crate::convert::{Format, seal};
use crate::json::{ArrayWriter, Text, Value};

/// The names of formats in entries.
const FORMATS: [(&str, Format); 3] = [
    ("anthropic-claude-v1", Format::Messages),
    ("google-gemini-v1", Format::Gemini),
    ("openai-responses-v1", Format::Responses),
];

/// The thoughts of a message: entries of one number are one thought, such as a summary and what it sums up.
pub(super) fn read_all<'a>(entries: &[Value<'a>]) -> Vec<Thought<'a>> {
    let mut thoughts: Vec<(Option<u64>, Thought<'a>)> = Vec::new();
    for entry in entries {
        let index = entry.get("index").and_then(Value::as_u64);
        let Some(thought) = read(entry) else { continue };
        match thoughts.last_mut() {
            Some((last, begun)) if index.is_some() && *last == index && begun.seal.is_none() => {
                begun.id = begun.id.take().or(thought.id);
                begun.text = begun.text.take().or(thought.text);
                begun.summary.extend(thought.summary);
                begun.seal = thought.seal;
            }
            _ => thoughts.push((index, thought)),
        }
    }
    thoughts.into_iter().map(|(_, thought)| thought).collect()
}

/// One entry as a thought; none for an entry of another kind.
pub(super) fn read<'a>(entry: &Value<'a>) -> Option<Thought<'a>> {
    let format = format_of(entry);
    let text = |key: &str| entry.present(key).and_then(Value::text);
    let id = text("id");
    match entry.get("type").and_then(Value::as_str).as_deref() {
        Some("reasoning.text") => {
            let seal = text("signature").map(|data| seal::from_client(data, format, false));
            Some(Thought { id, text: text("text"), summary: Vec::new(), seal })
        }
        Some("reasoning.summary") => {
            Some(Thought { id, text: None, summary: text("summary").into_iter().collect(), seal: None })
        }
        Some("reasoning.encrypted") => {
            let seal = text("data").map(|data| seal::from_client(data, format, true));
            Some(Thought { id, text: None, summary: Vec::new(), seal })
        }
        _ => None,
    }
}

fn format_of(entry: &Value<'_>) -> Format {
    let name = entry.get("format").and_then(Value::as_str);
    let known = FORMATS.iter().find(|(known, _)| name.as_deref() == Some(*known));
    known.map_or(Format::Chat, |(_, format)| *format)
}

/// Writes a thought as entries.
pub(super) fn write(array: &mut ArrayWriter<'_>, thought: &Thought<'_>, index: u64) {
    let signature = thought.seal.as_ref().filter(|seal| !seal.is_redacted);
    if thought.text.is_some() || signature.is_some() {
        array.object(|entry| {
            entry.str("type", "reasoning.text");
            entry.text_if("text", thought.text.as_ref());
            if let Some(seal) = signature {
                entry.text("signature", &seal.data);
                write_format(entry, seal);
            }
            entry.number("index", index);
        });
    }
    for summary in &thought.summary {
        array.object(|entry| {
            entry.str("type", "reasoning.summary");
            entry.text("summary", summary);
            entry.number("index", index);
        });
    }
    if let Some(seal) = thought.seal.as_ref().filter(|seal| seal.is_redacted) {
        array.object(|entry| {
            entry.str("type", "reasoning.encrypted");
            entry.text("data", &seal.data);
            entry.text_if("id", thought.id.as_ref());
            write_format(entry, seal);
            entry.number("index", index);
        });
    }
}

fn write_format(entry: &mut crate::json::ObjectWriter<'_>, seal: &Seal<'_>) {
    if let Some((name, _)) = FORMATS.iter().find(|(_, format)| *format == seal.format) {
        entry.str("format", name);
    }
}

/// The signature of a call, where Google's own compatible endpoint puts it ("Thought signatures", OpenAI compatibility).
pub(super) fn signature_of_call<'a>(call: &Value<'a>) -> Option<Seal<'a>> {
    let data: Text<'a> = call.at(&["extra_content", "google", "thought_signature"])?.text()?;
    Some(seal::from_client(data, Format::Gemini, false))
}
