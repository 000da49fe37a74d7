//! A prompt as a request.

use super::block_writer::{write_block, write_cache};
use super::generation::{self, Generation};
use crate::convert::feature::Feature;
use crate::convert::form::{Cache, Effort, OutputFormat, Prompt, Tool, ToolChoice};
use crate::convert::prompt_shape::{caches, dialogue, instructions, narrowed_tools};
use crate::convert::{Format, Target};
use crate::json::{ArrayWriter, ObjectWriter, object};

/// `max_tokens` must be given. Where neither the client nor the catalogue says how much a model can answer, it is what
/// every Claude model can.
const OUTPUT_TOKENS: u64 = 8_192;
/// The lifetimes that a cached prompt can have ("Prompt caching").
const LIFETIMES_SECONDS: [u32; 2] = [300, 3_600];
/// The fewest tokens that thinking can be given ("Extended thinking").
const THINKING_TOKENS_MIN: u64 = 1_024;

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
        write_thinking(request, prompt, generation, limit);
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
    let samples = generation.takes_sampling && !thinks(prompt, generation);
    match feature {
        Feature::Temperature | Feature::TopK => samples,
        Feature::TopP => samples && prompt.sampling.temperature.is_none(),
        Feature::ReasoningEffort => generation.thinks_adaptively,
        Feature::ReasoningTokens => generation.takes_budgets,
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
    match budget(prompt, generation) {
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
    if !generation.takes_sampling || thinks(prompt, generation) {
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

/// Whether the model is asked to think.
fn thinks(prompt: &Prompt<'_>, generation: Generation) -> bool {
    let reasoning = &prompt.reasoning;
    reasoning.effort != Some(Effort::None)
        && (reasoning.adaptive
            || reasoning.tokens_max.is_some()
            || (reasoning.effort.is_some() && !generation.thinks_adaptively))
}

/// The tokens of thinking, where it is asked for in tokens.
fn budget(prompt: &Prompt<'_>, generation: Generation) -> Option<u64> {
    let reasoning = &prompt.reasoning;
    if !generation.takes_budgets || reasoning.effort == Some(Effort::None) {
        return None;
    }
    let of_effort = reasoning.effort.filter(|_| !generation.thinks_adaptively).map(Effort::tokens);
    let tokens = reasoning.tokens_max.or(of_effort)?;
    Some(tokens.max(THINKING_TOKENS_MIN))
}

fn write_thinking(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation, limit: u64) {
    let reasoning = &prompt.reasoning;
    let display = reasoning.shown.map(|shown| if shown { "summarized" } else { "omitted" });
    if let Some(budget) = budget(prompt, generation) {
        return request.object("thinking", |thinking| {
            thinking.str("type", "enabled");
            // It must be below `max_tokens`.
            let room = limit.saturating_sub(1).max(THINKING_TOKENS_MIN);
            thinking.number("budget_tokens", budget.min(room));
            if let Some(display) = display {
                thinking.str("display", display);
            }
        });
    }
    let asked = reasoning.adaptive || reasoning.tokens_max.is_some() || reasoning.effort.is_some();
    match reasoning.effort {
        Some(Effort::None) => request.raw("thinking", r#"{"type":"disabled"}"#),
        _ if asked && generation.thinks_adaptively => request.object("thinking", |thinking| {
            thinking.str("type", "adaptive");
            if let Some(display) = display {
                thinking.str("display", display);
            }
        }),
        _ => {}
    }
}

fn write_output(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation) {
    let asked = prompt.reasoning.effort.or_else(|| prompt.reasoning.tokens_max.map(Effort::of_tokens));
    let effort = asked.filter(|effort| generation.thinks_adaptively && *effort != Effort::None);
    let schema = match &prompt.output {
        OutputFormat::Schema { schema, .. } => Some(schema.as_ref()),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    request.object("output_config", |config| {
        if let Some(effort) = effort {
            config.str("effort", effort_name(effort));
        }
        if let Some(schema) = schema {
            config.object("format", |format| {
                format.str("type", "json_schema");
                format.raw("schema", schema);
            });
        }
    });
}

/// Anthropic has no effort below `low`.
fn effort_name(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        effort => effort.name(),
    }
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
