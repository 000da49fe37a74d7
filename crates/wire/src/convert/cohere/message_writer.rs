//! Turns as messages.

use super::documents;
use crate::convert::form::{Document, Media, Part, Prompt, Source, Thought, ToolCall, ToolResult};
use crate::convert::prompt_shape::{Say, dialogue, instructions};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// Writes the conversation. Instructions stand first ("system turn must be the first in the list"), and no message is
/// empty, which Cohere refuses.
pub(super) fn write(messages: &mut ArrayWriter<'_>, prompt: &Prompt<'_>) {
    write_turn(messages, "system", &instructions(prompt).filter(says_something).collect::<Vec<_>>());
    // Pictures that are not the user's have no place but the user's next message.
    let mut waiting: Vec<&Part<'_>> = Vec::new();
    for say in dialogue(prompt) {
        if say.is_assistant {
            waiting.extend(say.parts.iter().filter(|part| matches!(part, Part::Image(_))));
            write_assistant(messages, &say);
        } else {
            write_user(messages, &say, documents::stay(prompt, &say), &mut waiting);
        }
    }
    write_turn(messages, "user", &waiting);
}

fn says_something(part: &&Part<'_>) -> bool {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => !text.is_empty(),
        _ => true,
    }
}

fn write_user<'p>(
    messages: &mut ArrayWriter<'_>,
    say: &Say<'p, '_>,
    documents_stay: bool,
    waiting: &mut Vec<&'p Part<'p>>,
) {
    for part in &say.parts {
        if let Part::ToolResult(result) = part {
            write_result(messages, result);
            waiting.extend(result.parts.iter().filter(|part| matches!(part, Part::Image(_))));
        }
    }
    let stands = |part: &&&Part<'_>| match part {
        Part::ToolResult(_) => false,
        Part::Document(_) => documents_stay,
        part => says_something(part),
    };
    let mut parts = std::mem::take(waiting);
    parts.extend(say.parts.iter().filter(stands));
    write_turn(messages, "user", &parts);
}

fn write_turn(messages: &mut ArrayWriter<'_>, role: &str, parts: &[&Part<'_>]) {
    if parts.is_empty() {
        return;
    }
    messages.object(|message| {
        message.str("role", role);
        match parts {
            [Part::Text { text, .. }] => message.text("content", text),
            parts => {
                message.array("content", |content| parts.iter().for_each(|part| write_part(content, part)))
            }
        }
    });
}

fn write_part(content: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => write_text(content, text),
        Part::Image(media) => content.object(|part| write_image(part, media)),
        Part::Document(document) => write_document_as_text(content, document),
        Part::Foreign(foreign) => content.raw(foreign.raw),
        Part::Audio(_) | Part::Video(_) | Part::ToolCall(_) | Part::ToolResult(_) | Part::Thought(_) => {}
    }
}

fn write_text(content: &mut ArrayWriter<'_>, text: &Text<'_>) {
    content.object(|part| {
        part.str("type", "text");
        part.text("text", text);
    });
}

fn write_image(part: &mut ObjectWriter<'_>, media: &Media<'_>) {
    part.str("type", "image_url");
    part.object("image_url", |image| {
        match &media.source {
            Source::Inline(base64) => image.joined("url", |out| {
                out.extend_from_slice(b"data:");
                media.media_type.as_ref().unwrap_or(&Text::from("image/png")).write_inner(out);
                out.extend_from_slice(b";base64,");
                base64.write_inner(out);
            }),
            source => image.text("url", source.text()),
        }
        image.text_if("detail", media.detail.as_ref());
    });
}

fn write_document_as_text(content: &mut ArrayWriter<'_>, document: &Document<'_>) {
    let text = documents::text_of(document);
    for text in document.name.iter().chain(&document.context).chain(&text) {
        write_text(content, text);
    }
}

/// A result is a text, or texts and documents.
fn write_result(messages: &mut ArrayWriter<'_>, result: &ToolResult<'_>) {
    let parts: Vec<&Part<'_>> = result.parts.iter().filter(|part| !matches!(part, Part::Image(_))).collect();
    messages.object(|message| {
        message.str("role", "tool");
        message.text("tool_call_id", &result.call);
        match parts.as_slice() {
            [] => message.str("content", ""),
            [Part::Text { text, .. }] => message.text("content", text),
            parts => message.array("content", |content| {
                parts.iter().for_each(|part| write_part_of_result(content, part));
            }),
        }
    });
}

fn write_part_of_result(content: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Document(document) => {
            if let Some(text) = documents::text_of(document) {
                content.object(|part| {
                    part.str("type", "document");
                    part.object("document", |it| {
                        it.object("data", |data| documents::write_data(data, document, &text));
                    });
                });
            }
        }
        part => write_part(content, part),
    }
}

/// What the model says before it calls its tools is its plan.
fn write_assistant(messages: &mut ArrayWriter<'_>, say: &Say<'_, '_>) {
    let calls: Vec<&ToolCall<'_>> = say.parts.iter().filter_map(|part| call_of(part)).collect();
    let thoughts: Vec<&Thought<'_>> = say.parts.iter().filter_map(|part| own_thought_of(part)).collect();
    let texts: Vec<&Text<'_>> = say.parts.iter().filter_map(|part| text_of(part)).collect();
    if calls.is_empty() && thoughts.is_empty() && texts.is_empty() {
        return;
    }
    messages.object(|message| {
        message.str("role", "assistant");
        let said: &[&Text<'_>] = if calls.is_empty() { &texts } else { &[] };
        match (thoughts.as_slice(), said) {
            ([], []) => {}
            ([], [text]) => message.text("content", text),
            (thoughts, texts) => message.array("content", |content| {
                thoughts.iter().for_each(|thought| content.object(|it| write_words(it, thought)));
                texts.iter().for_each(|text| write_text(content, text));
            }),
        }
        if !calls.is_empty() {
            write_plan(message, &texts);
            message.array("tool_calls", |array| {
                calls.iter().for_each(|call| array.object(|it| write_call(it, call)));
            });
        }
    });
}

/// Writes the text before the calls, of a request or of an answer.
pub(super) fn write_plan(message: &mut ObjectWriter<'_>, texts: &[&Text<'_>]) {
    if !texts.is_empty() {
        message.joined("tool_plan", |out| texts.iter().for_each(|text| text.write_inner(out)));
    }
}

/// Writes thinking in its own words, of a request or of an answer.
pub(super) fn write_words(part: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    part.str("type", "thinking");
    part.joined("thinking", |out| {
        for (index, text) in thought.text.iter().chain(&thought.summary).enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\\n\\n");
            }
            text.write_inner(out);
        }
    });
}

/// Writes a call, of a request or of an answer.
pub(super) fn write_call(object: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    object.text("id", &call.id);
    object.str("type", "function");
    object.object("function", |function| {
        function.text("name", &call.name);
        function.text("arguments", &call.input);
    });
}

/// The call that a part is.
pub(super) fn call_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p ToolCall<'a>> {
    match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    }
}

/// The text that a part is. An empty one is refused, and says nothing in an answer.
pub(super) fn text_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Thinking that no other provider has sealed: Cohere's own is not sealed.
fn own_thought_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Thought<'a>> {
    match part {
        Part::Thought(thought) if thought.seal.is_none() => Some(thought),
        _ => None,
    }
}
