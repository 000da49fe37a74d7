//! `toolConfig`, and what of the choice of tools only Claude models can be told.

use std::collections::HashSet;

use super::block_writer::write_cache_point;
use super::family::Family;
use crate::convert::Format;
use crate::convert::form::{Part, Prompt, Tool, ToolChoice};
use crate::convert::prompt_shape::narrowed_tools;
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// The schema of a tool's input that nobody told.
const ANY_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// Writes `toolConfig`. It must be there when earlier turns used tools, whatever may be used now.
pub(super) fn write(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    let tools = tools(prompt, family);
    let used = used_names(prompt);
    if tools.is_empty() && used.is_empty() {
        return;
    }
    request.object("toolConfig", |config| {
        config.array("tools", |array| {
            tools.iter().for_each(|tool| write_tool(array, tool, family));
            if tools.is_empty() {
                used.iter().for_each(|name| write_spec(array, name, None, ANY_INPUT, false));
            }
        });
        if !tools.is_empty() && !is_claudes_own(prompt, family) {
            write_choice(config, prompt.tool_choice.as_ref());
        }
    });
}

/// Writes Claude's own `tool_choice`, where it says more than Bedrock's: beside `toolChoice` it is refused.
pub(super) fn write_claudes_own(fields: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    if !is_claudes_own(prompt, family) || tools(prompt, family).is_empty() {
        return;
    }
    let (kind, name) = match &prompt.tool_choice {
        Some(ToolChoice::None) => return fields.raw("tool_choice", r#"{"type":"none"}"#),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name)),
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } | ToolChoice::Foreign(_))
        | None => ("auto", None),
    };
    fields.object("tool_choice", |choice| {
        choice.str("type", kind);
        choice.text_if("name", name);
        choice.bool("disable_parallel_tool_use", true);
    });
}

/// Whether the choice is one that Bedrock has no word for, and Claude has.
fn is_claudes_own(prompt: &Prompt<'_>, family: Family) -> bool {
    let says_more = prompt.parallel_tool_calls == Some(false) || prompt.tool_choice == Some(ToolChoice::None);
    says_more && family.claude().is_some()
}

/// The tools that the model is told of. Bedrock cannot forbid their use, but by not telling.
fn tools<'p, 'a>(prompt: &'p Prompt<'a>, family: Family) -> Vec<&'p Tool<'a>> {
    match prompt.tool_choice {
        Some(ToolChoice::None) if family.claude().is_none() && used_names(prompt).is_empty() => Vec::new(),
        Some(ToolChoice::Allowed { .. }) => narrowed_tools(prompt),
        _ => prompt.tools.iter().collect(),
    }
}

/// The tools that earlier turns used, each once, in their order.
fn used_names<'p, 'a>(prompt: &'p Prompt<'a>) -> Vec<&'p Text<'a>> {
    let mut seen = HashSet::new();
    let parts = prompt.turns.iter().flat_map(|turn| &turn.parts);
    let names = parts.filter_map(|part| match part {
        Part::ToolCall(call) => Some(&call.name),
        Part::ToolResult(result) => result.name.as_ref(),
        _ => None,
    });
    names.filter(|name| seen.insert(name.plain().into_owned())).collect()
}

fn write_choice(config: &mut ObjectWriter<'_>, choice: Option<&ToolChoice<'_>>) {
    match choice {
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            config.raw("toolChoice", r#"{"any":{}}"#);
        }
        Some(ToolChoice::Named(name)) => config.object("toolChoice", |choice| {
            choice.object("tool", |tool| tool.text("name", name));
        }),
        Some(ToolChoice::Foreign(foreign)) if foreign.format == Format::Converse => {
            config.raw("toolChoice", foreign.raw);
        }
        // `auto` is what models do unasked, and some refuse to be told.
        Some(
            ToolChoice::Auto
            | ToolChoice::None
            | ToolChoice::Allowed { required: false, .. }
            | ToolChoice::Foreign(_),
        )
        | None => {}
    }
}

fn write_tool(array: &mut ArrayWriter<'_>, tool: &Tool<'_>, family: Family) {
    match tool {
        Tool::Function { name, description, schema, strict, cache } => {
            let strict = *strict == Some(true) && family.takes_strict_tools();
            write_spec(array, name, description.as_ref(), schema.as_deref().unwrap_or(ANY_INPUT), strict);
            // Nova keeps no tools.
            if let Some(cache) = cache.filter(|_| family.claude().is_some()) {
                write_cache_point(array, cache, family);
            }
        }
        Tool::Hosted(foreign) => array.raw(foreign.raw),
        Tool::FreeText { .. } => {}
    }
}

fn write_spec(
    array: &mut ArrayWriter<'_>,
    name: &Text<'_>,
    description: Option<&Text<'_>>,
    schema: &str,
    is_strict: bool,
) {
    array.object(|tool| {
        tool.object("toolSpec", |spec| {
            spec.text("name", name);
            spec.text_if("description", description.filter(|description| !description.is_empty()));
            spec.object("inputSchema", |input| input.raw("json", schema));
            if is_strict {
                spec.bool("strict", true);
            }
        });
    });
}
