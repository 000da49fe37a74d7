//! A prompt as a request.

use super::content_writer;
use super::reasoning_details;
use crate::convert::Target;
use crate::convert::form::{
    Effort, OutputFormat, Part, Prompt, Role, Sampling, Tool, ToolCall, ToolChoice, ToolResult, Turn,
};
use crate::convert::prompt_shape::narrowed_tools;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

/// The most stop sequences that OpenAI takes.
const STOPS_MAX: usize = 4;

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |request| {
        request.str("model", target.model);
        request.array("messages", |messages| write_messages(messages, prompt, target));
        if prompt.stream {
            request.bool("stream", true);
            if target.chat.takes_stream_options {
                request.object("stream_options", |options| options.bool("include_usage", true));
            }
        }
        write_tools(request, prompt);
        write_output(request, prompt);
        write_sampling(request, &prompt.sampling, target);
        write_reasoning(request, prompt, target);
        write_attribution(request, prompt);
    });
    out
}

fn write_messages(messages: &mut ArrayWriter<'_>, prompt: &Prompt<'_>, target: &Target<'_>) {
    // Pictures that tools gave wait until all results of one answer's calls are said.
    let mut waiting: Vec<&Part<'_>> = Vec::new();
    for turn in &prompt.turns {
        let (results, rest): (Vec<_>, Vec<_>) =
            turn.parts.iter().partition(|part| matches!(part, Part::ToolResult(_)));
        for part in results {
            if let Part::ToolResult(result) = part {
                write_result(messages, result, &mut waiting);
            }
        }
        if rest.is_empty() && turn.role == Role::User && !turn.parts.is_empty() {
            continue;
        }
        flush(messages, &mut waiting);
        write_turn(messages, turn, &rest, target);
    }
    flush(messages, &mut waiting);
}

fn flush(messages: &mut ArrayWriter<'_>, waiting: &mut Vec<&Part<'_>>) {
    if waiting.is_empty() {
        return;
    }
    let parts = std::mem::take(waiting);
    messages.object(|message| {
        message.str("role", "user");
        content_writer::write(message, &parts);
    });
}

fn write_result<'p>(
    messages: &mut ArrayWriter<'_>,
    result: &'p ToolResult<'_>,
    waiting: &mut Vec<&'p Part<'p>>,
) {
    let is_text = |part: &&Part<'_>| matches!(part, Part::Text { .. });
    let texts: Vec<&Part<'_>> = result.parts.iter().filter(is_text).collect();
    waiting.extend(result.parts.iter().filter(|part| !is_text(part)));
    messages.object(|message| {
        message.str("role", "tool");
        message.text("tool_call_id", &result.call);
        content_writer::write(message, &texts);
    });
}

fn write_turn(messages: &mut ArrayWriter<'_>, turn: &Turn<'_>, parts: &[&Part<'_>], target: &Target<'_>) {
    messages.object(|message| {
        message.str("role", role_name(turn.role, target));
        message.text_if("name", turn.name.as_ref());
        if turn.role == Role::Assistant {
            write_assistant(message, parts, target);
        } else {
            content_writer::write(message, parts);
        }
    });
}

fn role_name(role: Role, target: &Target<'_>) -> &'static str {
    match role {
        Role::Developer if target.chat.of_openai => "developer",
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn write_assistant(message: &mut ObjectWriter<'_>, parts: &[&Part<'_>], target: &Target<'_>) {
    let calls: Vec<&ToolCall<'_>> = parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
        .collect();
    let said = |part: &&&Part<'_>| !matches!(part, Part::ToolCall(_) | Part::Thought(_) | Part::Refusal(_));
    let content: Vec<&Part<'_>> = parts.iter().filter(said).copied().collect();
    if content.is_empty() && !calls.is_empty() {
        message.null("content");
    } else {
        content_writer::write(message, &content);
    }
    for part in parts {
        if let Part::Refusal(text) = part {
            message.text("refusal", text);
        }
    }
    if target.chat.takes_reasoning_details {
        write_thoughts(message, parts);
    }
    if !calls.is_empty() {
        message.array("tool_calls", |array| {
            calls.iter().for_each(|call| array.object(|it| write_call(it, call)))
        });
    }
}

fn write_thoughts(message: &mut ObjectWriter<'_>, parts: &[&Part<'_>]) {
    let is_thought = |part: &&&Part<'_>| matches!(part, Part::Thought(_));
    if !parts.iter().any(|part| is_thought(&part)) {
        return;
    }
    message.array("reasoning_details", |array| {
        for (index, part) in (0..).zip(parts.iter().filter(is_thought)) {
            if let Part::Thought(thought) = part {
                reasoning_details::write(array, thought, index);
            }
        }
    });
}

/// Writes a call, of a request or of an answer.
pub(super) fn write_call(object: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    object.text("id", &call.id);
    if call.is_free_text {
        object.str("type", "custom");
        object.object("custom", |custom| {
            custom.text("name", &call.name);
            custom.text("input", &call.input);
        });
        return;
    }
    object.str("type", "function");
    object.object("function", |function| {
        function.text("name", &call.name);
        function.text("arguments", &call.input);
    });
}

fn write_tools(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let tools = match prompt.tool_choice {
        Some(ToolChoice::Allowed { .. }) => narrowed_tools(prompt),
        _ => prompt.tools.iter().collect(),
    };
    if tools.is_empty() {
        return;
    }
    request.array("tools", |array| tools.iter().for_each(|tool| write_tool(array, tool)));
    match &prompt.tool_choice {
        None | Some(ToolChoice::Foreign(_)) => {}
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => {
            request.str("tool_choice", "auto")
        }
        Some(ToolChoice::None) => request.str("tool_choice", "none"),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            request.str("tool_choice", "required");
        }
        Some(ToolChoice::Named(name)) => write_named_choice(request, name, &tools),
    }
    request.bool_if("parallel_tool_calls", prompt.parallel_tool_calls);
}

fn write_named_choice(request: &mut ObjectWriter<'_>, name: &Text<'_>, tools: &[&Tool<'_>]) {
    let is_free_text = tools
        .iter()
        .any(|tool| matches!(tool, Tool::FreeText { name: tool, .. } if tool.plain() == name.plain()));
    let kind = if is_free_text { "custom" } else { "function" };
    request.object("tool_choice", |choice| {
        choice.str("type", kind);
        choice.object(kind, |tool| tool.text("name", name));
    });
}

fn write_tool(array: &mut ArrayWriter<'_>, tool: &Tool<'_>) {
    match tool {
        Tool::Function { name, description, schema, strict, .. } => array.object(|tool| {
            tool.str("type", "function");
            tool.object("function", |function| {
                function.text("name", name);
                function.text_if("description", description.as_ref());
                function.raw_if("parameters", schema.as_deref());
                function.bool_if("strict", *strict);
            });
        }),
        Tool::FreeText { name, description, grammar } => array.object(|tool| {
            tool.str("type", "custom");
            tool.object("custom", |custom| {
                custom.text("name", name);
                custom.text_if("description", description.as_ref());
                if let Some(grammar) = grammar {
                    custom.object("format", |format| {
                        format.str("type", "grammar");
                        format.object("grammar", |object| {
                            object.text("syntax", &grammar.syntax);
                            object.text("definition", &grammar.definition);
                        });
                    });
                }
            });
        }),
        Tool::Hosted(foreign) => array.raw(foreign.raw),
    }
}

fn write_output(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    match &prompt.output {
        OutputFormat::Text => {}
        OutputFormat::Json => request.object("response_format", |format| format.str("type", "json_object")),
        OutputFormat::Schema { name, description, schema, strict } => {
            request.object("response_format", |format| {
                format.str("type", "json_schema");
                format.object("json_schema", |json| {
                    json.text("name", name.as_ref().unwrap_or(&Text::from("answer")));
                    json.text_if("description", description.as_ref());
                    json.raw("schema", schema);
                    json.bool_if("strict", *strict);
                });
            });
        }
    }
    if let Some(spoken) = &prompt.spoken {
        request.raw("modalities", r#"["text","audio"]"#);
        request.object("audio", |audio| {
            audio.text("voice", spoken.voice.as_ref().unwrap_or(&Text::from("alloy")));
            audio.text("format", spoken.format.as_ref().unwrap_or(&Text::from("wav")));
        });
    } else if prompt.pictures {
        request.raw("modalities", r#"["text","image"]"#);
    }
}

fn write_sampling(request: &mut ObjectWriter<'_>, sampling: &Sampling<'_>, target: &Target<'_>) {
    let limit = if target.chat.of_openai { "max_completion_tokens" } else { "max_tokens" };
    request.number_if(limit, sampling.output_tokens_max);
    for (key, number) in [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("top_k", sampling.top_k.filter(|_| !target.chat.of_openai)),
        ("seed", sampling.seed),
        ("presence_penalty", sampling.presence_penalty),
        ("frequency_penalty", sampling.frequency_penalty),
        ("logit_bias", sampling.logit_bias),
    ] {
        request.raw_if(key, number);
    }
    if !sampling.stop.is_empty() {
        request.array("stop", |array| sampling.stop.iter().take(STOPS_MAX).for_each(|stop| array.text(stop)));
    }
    request.bool_if("logprobs", sampling.logprobs);
    request.number_if("top_logprobs", sampling.top_logprobs);
    request.number_if("n", sampling.choices.filter(|choices| *choices > 1));
    request.text_if("verbosity", sampling.verbosity.as_ref());
}

/// OpenAI's word; with providers that take it, OpenRouter's object.
fn write_reasoning(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, target: &Target<'_>) {
    let reasoning = &prompt.reasoning;
    let effort = reasoning.effort.or_else(|| reasoning.tokens_max.map(Effort::of_tokens));
    if !target.chat.takes_reasoning_details {
        if let Some(effort) = effort {
            request.str("reasoning_effort", effort.name());
        }
        return;
    }
    if effort.is_none() && reasoning.shown.is_none() && !reasoning.adaptive {
        return;
    }
    request.object("reasoning", |object| {
        match (reasoning.tokens_max, effort) {
            (Some(tokens), _) => object.number("max_tokens", tokens),
            (None, Some(effort)) => object.str("effort", effort.name()),
            (None, None) => object.bool("enabled", true),
        }
        object.bool_if("exclude", reasoning.shown.map(|shown| !shown));
    });
}

fn write_attribution(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let attribution = &prompt.attribution;
    request.text_if("user", attribution.user.as_ref());
    request.text_if("safety_identifier", attribution.safety_identifier.as_ref());
    request.raw_if("metadata", attribution.metadata);
    request.text_if("service_tier", attribution.service_tier.as_ref());
    request.bool_if("store", attribution.store);
    request.text_if("prompt_cache_key", attribution.prompt_cache_key.as_ref());
    request.text_if("prompt_cache_retention", attribution.prompt_cache_retention.as_ref());
}
