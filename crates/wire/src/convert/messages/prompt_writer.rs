//! A prompt as a request.

use super::block_writer::{write_block, write_cache};
use super::generation::{self, Generation};
use super::thinking;
use crate::convert::feature::Feature;
use crate::convert::form::{Cache, OutputFormat, Prompt, Tool, ToolChoice};
use crate::convert::prompt_shape::{caches, dialogue, instructions, narrowed_tools, seals};
use crate::convert::{Format, Target, seal};
use crate::json::{ArrayWriter, ObjectWriter, object};

/// `max_tokens` must be given. Where neither the client nor the catalogue says how much a model can answer, it is what
/// every Claude model can.
const OUTPUT_TOKENS: u64 = 8_192;
/// The lifetimes that a cached prompt can have ("Prompt caching").
const LIFETIMES_SECONDS: [u32; 2] = [300, 3_600];

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let generation = generation::of(target.model);
    object(&mut out, |request| {
        request.str("model", target.model);
        let limit = output_limit(prompt, target, generation);
        request.number("max_tokens", limit);
        write_system(request, prompt);
        request.array("messages", |messages| write_messages(messages, prompt));
        if prompt.stream {
            request.bool("stream", true);
        }
        write_tools(request, prompt);
        write_sampling(request, prompt, generation);
        thinking::write(request, prompt, generation, limit);
        write_output(request, prompt, generation);
        if let Some(user) = &prompt.attribution.user {
            request.object("metadata", |metadata| metadata.text("user_id", user));
        }
        write_tier(request, prompt);
    });
    out
}

/// What a model of this generation takes as it was said.
pub(super) fn keeps(feature: Feature, prompt: &Prompt<'_>, generation: Generation) -> bool {
    let samples = generation.takes_sampling && !thinking::thinks(prompt, generation);
    match feature {
        Feature::Temperature | Feature::TopK => samples,
        Feature::TopP => samples && prompt.sampling.temperature.is_none(),
        Feature::ReasoningEffort => generation.thinks_adaptively,
        Feature::ReasoningTokens => generation.takes_budgets,
        Feature::SealReplay => {
            seals(prompt).all(|seal| seal.format == Format::Messages || seal::is_signature_of_claude(seal))
        }
        Feature::CacheLifetime => {
            let is_own =
                |cache: Cache| cache.seconds.is_none_or(|seconds| LIFETIMES_SECONDS.contains(&seconds));
            caches(prompt).all(is_own)
        }
        _ => false,
    }
}

/// The client's own limit, else what the model can; thinking in tokens needs room for an answer beside it.
fn output_limit(prompt: &Prompt<'_>, target: &Target<'_>, generation: Generation) -> u64 {
    let asked = prompt.sampling.output_tokens_max;
    let limit = asked.or(target.output_tokens_max).unwrap_or(OUTPUT_TOKENS);
    match thinking::budget(prompt, generation) {
        Some(budget) if asked.is_none() => limit.max(budget.saturating_add(OUTPUT_TOKENS)),
        _ => limit,
    }
}

fn write_system(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let mut parts = instructions(prompt).peekable();
    if parts.peek().is_some() {
        request.array("system", |blocks| parts.for_each(|part| write_block(blocks, part)));
    }
}

fn write_messages(messages: &mut ArrayWriter<'_>, prompt: &Prompt<'_>) {
    for say in dialogue(prompt) {
        messages.object(|message| {
            message.str("role", if say.is_assistant { "assistant" } else { "user" });
            message.array("content", |blocks| say.parts.iter().for_each(|part| write_block(blocks, part)));
        });
    }
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
    let disabled = prompt.parallel_tool_calls == Some(false);
    let (kind, name) = match &prompt.tool_choice {
        Some(ToolChoice::None) => return request.raw("tool_choice", r#"{"type":"none"}"#),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name)),
        Some(ToolChoice::Foreign(foreign)) if foreign.format == Format::Messages => {
            return request.raw("tool_choice", foreign.raw);
        }
        None | Some(ToolChoice::Foreign(_)) if !disabled => return,
        None
        | Some(ToolChoice::Auto | ToolChoice::Foreign(_) | ToolChoice::Allowed { required: false, .. }) => {
            ("auto", None)
        }
    };
    request.object("tool_choice", |choice| {
        choice.str("type", kind);
        choice.text_if("name", name);
        if disabled {
            choice.bool("disable_parallel_tool_use", true);
        }
    });
}

fn write_tool(array: &mut ArrayWriter<'_>, tool: &Tool<'_>) {
    match tool {
        Tool::Function { name, description, schema, strict, cache } => array.object(|tool| {
            tool.text("name", name);
            tool.text_if("description", description.as_ref());
            tool.raw("input_schema", schema.as_deref().unwrap_or(r#"{"type":"object","properties":{}}"#));
            if *strict == Some(true) {
                tool.bool("strict", true);
            }
            write_cache(tool, *cache);
        }),
        Tool::Hosted(foreign) => array.raw(foreign.raw),
        Tool::FreeText { .. } => {}
    }
}

/// `temperature` and `top_p` may not be given together since Claude 4.1; the temperature is the one people mean.
fn write_sampling(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation) {
    let sampling = &prompt.sampling;
    if !sampling.stop.is_empty() {
        request.array("stop_sequences", |array| sampling.stop.iter().for_each(|stop| array.text(stop)));
    }
    // Thinking takes no temperature but 1 ("Extended thinking", feature compatibility).
    if !generation.takes_sampling || thinking::thinks(prompt, generation) {
        return;
    }
    let is_hot = |text: &&str| text.parse::<f64>().is_ok_and(|number| number > 1.0);
    match sampling.temperature {
        Some(text) if is_hot(&text) => request.raw("temperature", "1"),
        Some(text) => request.raw("temperature", text),
        None => request.raw_if("top_p", sampling.top_p),
    }
    request.raw_if("top_k", sampling.top_k);
}

fn write_output(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation) {
    let effort = thinking::effort(prompt, generation);
    let schema = match &prompt.output {
        OutputFormat::Schema { schema, .. } => Some(schema.as_ref()),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    request.object("output_config", |config| {
        if let Some(effort) = effort {
            config.str("effort", effort);
        }
        if let Some(schema) = schema {
            config.object("format", |format| {
                format.str("type", "json_schema");
                format.raw("schema", schema);
            });
        }
    });
}

/// Anthropic has two tiers, named otherwise; any other means the usual one.
fn write_tier(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let Some(tier) = &prompt.attribution.service_tier else { return };
    match tier.plain().as_ref() {
        "auto" | "priority" => request.str("service_tier", "auto"),
        "default" => request.str("service_tier", "standard_only"),
        _ => {}
    }
}
