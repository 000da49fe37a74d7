//! A prompt as a request.

use super::bounds::{self, K, P, PENALTY, STOPS_MAX, TEMPERATURE};
use super::{documents, message_writer};
use crate::convert::Target;
use crate::convert::feature::Feature;
use crate::convert::form::{
    Document, Effort, OutputFormat, Part, Prompt, Reasoning, Sampling, Source, Tool, ToolChoice,
};
use crate::convert::prompt_shape::narrowed_tools;
use crate::json::{ArrayWriter, ObjectWriter, object};

/// What is to be left of the output for the answer itself when thinking is given tokens ("Reasoning", "Thinking Budgets"),
/// unless that is more than half of it.
const ANSWER_TOKENS: u64 = 1_000;

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |request| {
        request.str("model", target.model);
        request.array("messages", |messages| message_writer::write(messages, prompt));
        if prompt.stream {
            request.bool("stream", true);
        }
        write_tools(request, prompt);
        documents::write(request, prompt);
        write_output(request, prompt);
        write_sampling(request, &prompt.sampling);
        write_thinking(request, &prompt.reasoning, prompt.sampling.output_tokens_max);
    });
    out
}

/// What a prompt says so that nothing of it changes.
pub(super) fn keeps(feature: Feature, prompt: &Prompt<'_>) -> bool {
    let sampling = &prompt.sampling;
    let has = |number: Option<&str>| number.is_some_and(bounds::is_penalty);
    match feature {
        Feature::TopP => sampling.top_p.is_some_and(|number| P.hold(number)),
        Feature::TopK => sampling.top_k.is_some_and(|number| K.hold(number)),
        Feature::FrequencyPenalty => sampling.frequency_penalty.is_some_and(|number| PENALTY.hold(number)),
        Feature::PresencePenalty => {
            let alone = !has(sampling.frequency_penalty) || !has(sampling.presence_penalty);
            alone && sampling.presence_penalty.is_some_and(|number| PENALTY.hold(number))
        }
        Feature::ManyStops => sampling.stop.len() <= STOPS_MAX,
        Feature::Logprobs => sampling.top_logprobs.unwrap_or(0) == 0,
        Feature::ReasoningEffort => prompt.reasoning.effort == Some(Effort::None),
        // Cohere shows all thinking.
        Feature::ReasoningShown => prompt.reasoning.shown == Some(true),
        Feature::StrictTools => prompt.tools.iter().all(is_strict),
        Feature::DocumentText => documents::beside(prompt).is_empty(),
        Feature::DocumentInline => all_documents(prompt).filter(is_inline).all(is_text),
        Feature::ToolResultMedia => !has_pictures_of_tools(prompt),
        _ => false,
    }
}

fn is_strict(tool: &Tool<'_>) -> bool {
    matches!(tool, Tool::Function { strict: Some(true), .. })
}

fn is_inline(document: &&Document<'_>) -> bool {
    matches!(document.source, Source::Inline(_))
}

fn is_text(document: &Document<'_>) -> bool {
    documents::text_of(document).is_some()
}

/// The documents of turns and of what tools gave.
fn all_documents<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Document<'a>> {
    prompt.turns.iter().flat_map(|turn| &turn.parts).flat_map(with_results).filter_map(|part| match part {
        Part::Document(document) => Some(document),
        _ => None,
    })
}

fn with_results<'p, 'a>(part: &'p Part<'a>) -> &'p [Part<'a>] {
    match part {
        Part::ToolResult(result) => &result.parts,
        part => std::slice::from_ref(part),
    }
}

fn has_pictures_of_tools(prompt: &Prompt<'_>) -> bool {
    let has_pictures = |part: &Part<'_>| match part {
        Part::ToolResult(result) => result.parts.iter().any(|part| matches!(part, Part::Image(_))),
        _ => false,
    };
    prompt.turns.iter().flat_map(|turn| &turn.parts).any(has_pictures)
}

/// Cohere can say that a tool must be used, but not which; so the others are left out.
fn write_tools(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let tools = narrowed_tools(prompt);
    if tools.is_empty() {
        return;
    }
    request.array("tools", |array| tools.iter().for_each(|tool| write_tool(array, tool)));
    if tools.iter().any(|tool| is_strict(tool)) {
        request.bool("strict_tools", true);
    }
    match &prompt.tool_choice {
        Some(ToolChoice::None) => request.str("tool_choice", "NONE"),
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { required: true, .. }) => {
            request.str("tool_choice", "REQUIRED")
        }
        None
        | Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } | ToolChoice::Foreign(_)) => {}
    }
}

fn write_tool(array: &mut ArrayWriter<'_>, tool: &Tool<'_>) {
    match tool {
        Tool::Function { name, description, schema, .. } => array.object(|tool| {
            tool.str("type", "function");
            tool.object("function", |function| {
                function.text("name", name);
                function.text_if("description", description.as_ref());
                function
                    .raw("parameters", schema.as_deref().unwrap_or(r#"{"type":"object","properties":{}}"#));
            });
        }),
        Tool::Hosted(foreign) => array.raw(foreign.raw),
        Tool::FreeText { .. } => {}
    }
}

fn write_output(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let schema = match &prompt.output {
        OutputFormat::Text => return,
        OutputFormat::Json => None,
        OutputFormat::Schema { schema, .. } => Some(schema.as_ref()),
    };
    request.object("response_format", |format| {
        format.str("type", "json_object");
        format.raw_if("json_schema", schema);
    });
}

fn write_sampling(request: &mut ObjectWriter<'_>, sampling: &Sampling<'_>) {
    let penalty = |number: Option<&'_ str>| number.is_some_and(bounds::is_penalty);
    let frequency = sampling.frequency_penalty.filter(|_| penalty(sampling.frequency_penalty));
    let presence = sampling.presence_penalty.filter(|_| penalty(sampling.presence_penalty));
    request.number_if("max_tokens", sampling.output_tokens_max);
    for (key, number, bounds) in [
        ("temperature", sampling.temperature, TEMPERATURE),
        ("p", sampling.top_p, P),
        ("k", sampling.top_k, K),
        ("frequency_penalty", frequency, PENALTY),
        ("presence_penalty", presence.filter(|_| frequency.is_none()), PENALTY),
    ] {
        request.raw_if(key, number.map(|number| bounds.fitted(number)));
    }
    request.raw_if("seed", sampling.seed);
    let stops = &sampling.stop;
    if !stops.is_empty() {
        request.array("stop_sequences", |array| {
            stops.iter().take(STOPS_MAX).for_each(|stop| array.text(stop));
        });
    }
    if sampling.logprobs == Some(true) {
        request.bool("logprobs", true);
    }
}

/// Cohere has no rough amounts, so an effort becomes tokens.
fn write_thinking(request: &mut ObjectWriter<'_>, reasoning: &Reasoning<'_>, limit: Option<u64>) {
    if reasoning.effort == Some(Effort::None) {
        return request.raw("thinking", r#"{"type":"disabled"}"#);
    }
    let budget = reasoning.tokens_max.or_else(|| reasoning.effort.map(Effort::tokens));
    if budget.is_none() && !reasoning.adaptive {
        return;
    }
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(ANSWER_TOKENS).max(limit / 2).max(1));
    request.object("thinking", |thinking| {
        thinking.str("type", "enabled");
        thinking.number_if("token_budget", budget.map(|budget| budget.clamp(1, room)));
    });
}
