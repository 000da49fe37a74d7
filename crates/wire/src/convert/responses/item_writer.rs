//! Turns as items.

use std::collections::HashSet;

use super::content_writer::{write_input, write_output};
use crate::convert::Format;
use crate::convert::form::{Foreign, Part, Prompt, Role, Thought, ToolCall, ToolResult, Turn};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// Where turns become items.
pub(super) struct Items<'p> {
    /// The calls of free text, whose results are items of another kind.
    free_text_calls: HashSet<String>,
    /// Whether marks of cached prompts are taken.
    marks: bool,
    turns: &'p [Turn<'p>],
}

impl<'p> Items<'p> {
    /// The items of a prompt; `marks` says whether its model takes marks of cached prompts.
    pub(super) fn of(prompt: &'p Prompt<'p>, marks: bool) -> Self {
        let parts = prompt.turns.iter().flat_map(|turn| &turn.parts);
        let free_text_calls = parts
            .filter_map(|part| match part {
                Part::ToolCall(call) if call.is_free_text => Some(call.id.plain().into_owned()),
                _ => None,
            })
            .collect();
        Self { free_text_calls, marks, turns: &prompt.turns }
    }

    /// What `instructions` can say: the first turn, when it is one instruction of one text.
    pub(super) fn instructions(&self) -> Option<&'p Text<'p>> {
        match self.turns.first() {
            Some(Turn { role: Role::System, parts, .. }) => match parts.as_slice() {
                [Part::Text { text, cache, .. }] if cache.is_none() || !self.marks => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Writes all items but the one that stands in `instructions`.
    pub(super) fn write(&self, items: &mut ArrayWriter<'_>) {
        let instructed = usize::from(self.instructions().is_some());
        self.turns.iter().skip(instructed).for_each(|turn| self.turn(items, turn));
    }

    fn turn(&self, items: &mut ArrayWriter<'_>, turn: &Turn<'_>) {
        // What is said in a row is one message.
        let mut said: Vec<&Part<'_>> = Vec::new();
        for part in &turn.parts {
            if is_content(part) {
                said.push(part);
                continue;
            }
            self.message(items, turn.role, &mut said);
            self.item(items, part);
        }
        if turn.parts.is_empty() {
            return self.empty_message(items, turn.role);
        }
        self.message(items, turn.role, &mut said);
    }

    fn empty_message(&self, items: &mut ArrayWriter<'_>, role: Role) {
        items.object(|item| {
            message_head(item, role);
            item.str("content", "");
        });
    }

    fn message(&self, items: &mut ArrayWriter<'_>, role: Role, said: &mut Vec<&Part<'_>>) {
        let parts = std::mem::take(said);
        if parts.is_empty() {
            return;
        }
        if role != Role::Assistant {
            return items.object(|item| {
                message_head(item, role);
                write_input(item, "content", &parts, self.marks);
            });
        }
        let is_spoken = |part: &&Part<'_>| matches!(part, Part::Text { .. } | Part::Refusal(_));
        let (spoken, shown): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_spoken);
        if !spoken.is_empty() {
            items.object(|item| {
                message_head(item, role);
                write_output(item, &spoken);
            });
        }
        // The model's own messages hold only text, so its pictures are shown to it again.
        if !shown.is_empty() {
            items.object(|item| {
                message_head(item, Role::User);
                write_input(item, "content", &shown, self.marks);
            });
        }
    }

    fn item(&self, items: &mut ArrayWriter<'_>, part: &Part<'_>) {
        match part {
            Part::ToolCall(call) => items.object(|item| write_call(item, call)),
            Part::ToolResult(result) => items.object(|item| self.result(item, result)),
            Part::Thought(thought) => write_thought(items, thought),
            Part::Foreign(foreign) if !is_template(foreign) => items.raw(foreign.raw),
            _ => {}
        }
    }

    fn result(&self, item: &mut ObjectWriter<'_>, result: &ToolResult<'_>) {
        let is_free_text = result.is_free_text || self.free_text_calls.contains(result.call.plain().as_ref());
        item.str("type", if is_free_text { "custom_tool_call_output" } else { "function_call_output" });
        item.text("call_id", &result.call);
        write_input(item, "output", &result.parts.iter().collect::<Vec<_>>(), self.marks);
    }
}

/// Whether a part stands in a message, instead of being an item of its own. Parts of messages that only this format knows
/// are named like those that all know: `input_…`, `output_…`.
fn is_content(part: &Part<'_>) -> bool {
    match part {
        Part::ToolCall(_) | Part::ToolResult(_) | Part::Thought(_) => false,
        Part::Foreign(foreign) => {
            let kind = foreign.kind.plain();
            kind.starts_with("input_") || kind.starts_with("output_")
        }
        _ => true,
    }
}

/// Whether this is the request's `prompt`, which is no item.
pub(super) fn is_template(foreign: &Foreign<'_>) -> bool {
    foreign.kind.plain() == "prompt"
}

fn message_head(item: &mut ObjectWriter<'_>, role: Role) {
    item.str("type", "message");
    item.str(
        "role",
        match role {
            Role::System => "system",
            Role::Developer => "developer",
            Role::User => "user",
            Role::Assistant => "assistant",
        },
    );
}

fn write_call(item: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    let (kind, input) =
        if call.is_free_text { ("custom_tool_call", "input") } else { ("function_call", "arguments") };
    item.str("type", kind);
    item.text("call_id", &call.id);
    item.text("name", &call.name);
    item.text(input, &call.input);
}

/// Thinking goes back only to those who sealed it. Its id is checked against the seal, so it is left out where it got lost.
fn write_thought(items: &mut ArrayWriter<'_>, thought: &Thought<'_>) {
    let Some(seal) = thought.seal.as_ref().filter(|seal| seal.format == Format::Responses) else { return };
    items.object(|item| {
        item.str("type", "reasoning");
        item.text_if("id", thought.id.as_ref().filter(|id| id.plain().starts_with("rs_")));
        item.array("summary", |array| {
            for text in &thought.summary {
                array.object(|part| {
                    part.str("type", "summary_text");
                    part.text("text", text);
                });
            }
        });
        item.text("encrypted_content", &seal.data);
    });
}
