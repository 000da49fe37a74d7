//! `tools` and `toolConfig` of a request.

use super::settings_writer::write_unknown;
use crate::convert::Format;
use crate::convert::form::{Prompt, Tool, ToolChoice};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// Writes both. Functions are one entry, each of Google's own tools another.
pub(super) fn write(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    if !prompt.tools.is_empty() {
        let is_function = |tool: &&Tool<'_>| matches!(tool, Tool::Function { .. });
        request.array("tools", |array| {
            if prompt.tools.iter().any(|tool| is_function(&tool)) {
                array.object(|entry| {
                    entry.array("functionDeclarations", |functions| {
                        prompt.tools.iter().for_each(|tool| write_function(functions, tool));
                    });
                });
            }
            for tool in &prompt.tools {
                if let Tool::Hosted(foreign) = tool {
                    array.object(|entry| entry.named(&foreign.kind.plain(), foreign.raw));
                }
            }
        });
    }
    request.object_if("toolConfig", |config| {
        if !prompt.tools.is_empty() {
            write_choice(config, prompt);
        }
        write_unknown(config, prompt, "toolConfig");
    });
}

fn write_function(functions: &mut ArrayWriter<'_>, tool: &Tool<'_>) {
    let Tool::Function { name, description, schema, .. } = tool else { return };
    functions.object(|function| {
        function.text("name", name);
        function.text_if("description", description.as_ref());
        function.raw_if("parametersJsonSchema", schema.as_deref());
    });
}

/// Input that follows its schema to the letter is a mode, and so holds for all tools.
fn write_choice(config: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let is_strict = |tool: &Tool<'_>| matches!(tool, Tool::Function { strict: Some(true), .. });
    let validated = prompt.tools.iter().any(is_strict);
    let (mode, names): (&str, &[Text<'_>]) = match &prompt.tool_choice {
        Some(ToolChoice::Foreign(foreign)) if foreign.format == Format::Gemini => {
            return config.raw("functionCallingConfig", foreign.raw);
        }
        None | Some(ToolChoice::Auto | ToolChoice::Foreign(_)) if validated => ("VALIDATED", &[]),
        None | Some(ToolChoice::Foreign(_)) => return,
        Some(ToolChoice::Auto) => ("AUTO", &[]),
        Some(ToolChoice::None) => ("NONE", &[]),
        Some(ToolChoice::Required) => ("ANY", &[]),
        Some(ToolChoice::Named(name)) => ("ANY", std::slice::from_ref(name)),
        Some(ToolChoice::Allowed { names, required: true }) => ("ANY", names),
        Some(ToolChoice::Allowed { names, required: false }) => ("VALIDATED", names),
    };
    config.object("functionCallingConfig", |calling| {
        calling.str("mode", mode);
        if !names.is_empty() {
            calling.array("allowedFunctionNames", |array| names.iter().for_each(|name| array.text(name)));
        }
    });
}
