//! A prompt as a request.

use super::content_reader::LIFETIMES;
use super::content_writer::keeps_citation;
use super::generation::takes_cache_marks;
use super::item_writer::{Items, is_template};
use super::prompt_reader::{LOGPROBS, SEALED_THINKING};
use crate::convert::feature::Feature;
use crate::convert::form::{Cache, Effort, OutputFormat, Part, Prompt, Reasoning, Role, Tool, ToolChoice};
use crate::convert::prompt_shape::caches;
use crate::convert::{Format, Target};
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

/// The fewest tokens of output that OpenAI takes: "integer below minimum value. Expected a value >= 16".
const OUTPUT_TOKENS_MIN: u64 = 16;

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let items = Items::of(prompt, takes_cache_marks(target.model));
    object(&mut out, |request| {
        request.str("model", target.model);
        request.text_if("instructions", items.instructions());
        write_template(request, prompt);
        request.array("input", |array| items.write(array));
        if prompt.stream {
            request.bool("stream", true);
        }
        write_tools(request, prompt);
        write_text(request, prompt);
        write_sampling(request, prompt);
        write_reasoning(request, prompt);
        write_include(request, prompt);
        write_attribution(request, prompt);
        write_unknown(request, prompt, "");
    });
    out
}

/// What a target takes as it was said.
pub(super) fn keeps(feature: Feature, prompt: &Prompt<'_>, target: &Target<'_>) -> bool {
    match feature {
        Feature::OutputLimit => {
            prompt.sampling.output_tokens_max.is_none_or(|tokens| tokens >= OUTPUT_TOKENS_MIN)
        }
        Feature::CitationReplay => prompt.turns.iter().flat_map(|turn| &turn.parts).all(|part| match part {
            Part::Text { citations, .. } => citations.iter().all(keeps_citation),
            _ => true,
        }),
        Feature::CacheMark => takes_cache_marks(target.model) && marks_content(prompt),
        Feature::CacheLifetime => {
            let has = |seconds: u32| LIFETIMES.iter().any(|(_, known)| *known == seconds);
            takes_cache_marks(target.model)
                && caches(prompt).filter_map(|cache: Cache| cache.seconds).all(has)
        }
        _ => false,
    }
}

/// Whether all marks of cached prompts stand where OpenAI takes them: at what is shown to the model.
fn marks_content(prompt: &Prompt<'_>) -> bool {
    let marks_tool = prompt.tools.iter().any(|tool| matches!(tool, Tool::Function { cache: Some(_), .. }));
    let takes_mark = |role: Role, part: &Part<'_>| {
        let is_content = matches!(part, Part::Text { .. } | Part::Image(_) | Part::Document(_));
        part.cache().is_none() || (is_content && role != Role::Assistant)
    };
    !marks_tool && prompt.turns.iter().all(|turn| turn.parts.iter().all(|part| takes_mark(turn.role, part)))
}

fn write_template(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    for part in prompt.turns.iter().flat_map(|turn| &turn.parts) {
        if let Part::Foreign(foreign) = part
            && is_template(foreign)
        {
            request.raw("prompt", foreign.raw);
        }
    }
}

fn write_tools(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    if prompt.tools.is_empty() {
        return;
    }
    request.array("tools", |array| prompt.tools.iter().for_each(|tool| write_tool(array, tool)));
    match &prompt.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => request.str("tool_choice", "auto"),
        Some(ToolChoice::None) => request.str("tool_choice", "none"),
        Some(ToolChoice::Required) => request.str("tool_choice", "required"),
        Some(ToolChoice::Named(name)) => {
            request.object("tool_choice", |choice| write_named(choice, name, &prompt.tools));
        }
        Some(ToolChoice::Allowed { names, required }) => request.object("tool_choice", |choice| {
            choice.str("type", "allowed_tools");
            choice.str("mode", if *required { "required" } else { "auto" });
            choice.array("tools", |array| {
                names.iter().for_each(|name| array.object(|tool| write_named(tool, name, &prompt.tools)));
            });
        }),
        Some(ToolChoice::Foreign(foreign)) if foreign.format == Format::Responses => {
            request.raw("tool_choice", foreign.raw);
        }
        Some(ToolChoice::Foreign(_)) => {}
    }
    request.bool_if("parallel_tool_calls", prompt.parallel_tool_calls);
}

fn write_named(choice: &mut ObjectWriter<'_>, name: &Text<'_>, tools: &[Tool<'_>]) {
    let is_free_text = tools
        .iter()
        .any(|tool| matches!(tool, Tool::FreeText { name: tool, .. } if tool.plain() == name.plain()));
    choice.str("type", if is_free_text { "custom" } else { "function" });
    choice.text("name", name);
}

/// A function is strict unless it says that it is not ("Migrate to the Responses API"), which other formats do not mean.
fn write_tool(array: &mut ArrayWriter<'_>, tool: &Tool<'_>) {
    match tool {
        Tool::Function { name, description, schema, strict, .. } => array.object(|tool| {
            tool.str("type", "function");
            tool.text("name", name);
            tool.text_if("description", description.as_ref());
            tool.raw("parameters", schema.as_deref().unwrap_or(r#"{"type":"object","properties":{}}"#));
            tool.bool("strict", strict.unwrap_or(false));
        }),
        Tool::FreeText { name, description, grammar } => array.object(|tool| {
            tool.str("type", "custom");
            tool.text("name", name);
            tool.text_if("description", description.as_ref());
            if let Some(grammar) = grammar {
                tool.object("format", |format| {
                    format.str("type", "grammar");
                    format.text("syntax", &grammar.syntax);
                    format.text("definition", &grammar.definition);
                });
            }
        }),
        Tool::Hosted(foreign) => array.raw(foreign.raw),
    }
}

fn write_text(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let verbosity = prompt.sampling.verbosity.as_ref();
    if prompt.output == OutputFormat::Text && verbosity.is_none() && !has_unknown(prompt, "text.") {
        return;
    }
    request.object("text", |text| {
        match &prompt.output {
            OutputFormat::Text => {}
            OutputFormat::Json => text.object("format", |format| format.str("type", "json_object")),
            OutputFormat::Schema { name, description, schema, strict } => text.object("format", |format| {
                format.str("type", "json_schema");
                format.text("name", name.as_ref().unwrap_or(&Text::from("answer")));
                format.text_if("description", description.as_ref());
                format.raw("schema", schema);
                format.bool_if("strict", *strict);
            }),
        }
        text.text_if("verbosity", verbosity);
        write_unknown(text, prompt, "text.");
    });
}

fn write_sampling(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let sampling = &prompt.sampling;
    let limit = sampling.output_tokens_max.map(|tokens| tokens.max(OUTPUT_TOKENS_MIN));
    request.number_if("max_output_tokens", limit);
    request.raw_if("temperature", sampling.temperature);
    request.raw_if("top_p", sampling.top_p);
    request.number_if("top_logprobs", sampling.top_logprobs);
}

/// A summary is asked for only where thinking is to be shown: OpenAI gives it to verified organisations alone.
fn write_reasoning(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let reasoning = &prompt.reasoning;
    let effort = reasoning.effort.or_else(|| reasoning.tokens_max.map(Effort::of_tokens));
    let auto = Text::from("auto");
    let shown = (reasoning.shown == Some(true)).then_some(&auto);
    let summary = reasoning.summary.as_ref().or(shown);
    if effort.is_none() && summary.is_none() && !has_unknown(prompt, "reasoning.") {
        return;
    }
    request.object("reasoning", |object| {
        if let Some(effort) = effort {
            object.str("effort", effort.name());
        }
        object.text_if("summary", summary);
        write_unknown(object, prompt, "reasoning.");
    });
}

/// Thinking comes sealed only when it is asked for, and models that do not think refuse to be asked.
fn write_include(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let sealed = thinks(&prompt.reasoning) || has_sealed(prompt);
    let logprobs = prompt.sampling.logprobs == Some(true);
    let others = || own_unknown(prompt).filter(|(path, _)| path.starts_with("include["));
    if !sealed && !logprobs && others().next().is_none() {
        return;
    }
    request.array("include", |array| {
        if sealed {
            array.str(SEALED_THINKING);
        }
        if logprobs {
            array.str(LOGPROBS);
        }
        others().for_each(|(_, raw)| array.raw(raw));
    });
}

fn thinks(reasoning: &Reasoning<'_>) -> bool {
    let asked = reasoning.effort.is_some_and(|effort| effort != Effort::None);
    asked || reasoning.tokens_max.is_some() || reasoning.adaptive || reasoning.shown == Some(true)
}

fn has_sealed(prompt: &Prompt<'_>) -> bool {
    prompt.turns.iter().flat_map(|turn| &turn.parts).any(|part| match part {
        Part::Thought(thought) => thought.seal.as_ref().is_some_and(|seal| seal.format == Format::Responses),
        _ => false,
    })
}

/// Nothing is kept unless the client asked for it: the conversation comes whole with each request.
fn write_attribution(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let attribution = &prompt.attribution;
    request.bool("store", attribution.store.unwrap_or(false));
    request.text_if("user", attribution.user.as_ref());
    request.text_if("safety_identifier", attribution.safety_identifier.as_ref());
    request.raw_if("metadata", attribution.metadata);
    request.text_if("service_tier", attribution.service_tier.as_ref());
    request.text_if("prompt_cache_key", attribution.prompt_cache_key.as_ref());
    request.text_if("prompt_cache_retention", attribution.prompt_cache_retention.as_ref());
}

/// What the request said in this format beyond the form, below `prefix`.
fn write_unknown(object: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, prefix: &str) {
    for (path, raw) in own_unknown(prompt) {
        if let Some(key) = path.strip_prefix(prefix)
            && !key.contains(['.', '['])
        {
            object.named(key, raw);
        }
    }
}

fn has_unknown(prompt: &Prompt<'_>, prefix: &str) -> bool {
    own_unknown(prompt).any(|(path, _)| path.starts_with(prefix))
}

fn own_unknown<'p>(prompt: &'p Prompt<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    let own = prompt.unknown.iter().filter(|unknown| unknown.format == Format::Responses);
    own.map(|unknown| (unknown.path.as_str(), unknown.raw))
}
