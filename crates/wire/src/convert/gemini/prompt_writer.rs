//! A prompt as a request. The model and whether the answer is streamed are said in its path.

use super::generation::{Generation, Thinking};
use super::layout::{self, Content, Said};
use super::prompt_reader::CACHED;
use super::{labels, part_writer, settings_writer, tool_writer};
use crate::convert::feature::Feature;
use crate::convert::form::{Part, Prompt, Tool};
use crate::convert::prompt_shape::seals;
use crate::convert::{Format, Target};
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

/// The tiers of service that there are, in OpenAI's words and in Google's.
const TIERS: [(&str, &str); 3] = [("default", "standard"), ("flex", "flex"), ("priority", "priority")];

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let generation = Generation::of(target.model);
    object(&mut out, |request| {
        write_conversation(request, prompt, generation);
        request.raw_if(CACHED, layout::cached(prompt));
        tool_writer::write(request, prompt);
        settings_writer::write(request, prompt, generation);
        labels::write(request, prompt.attribution.metadata);
        write_tier(request, prompt);
        write_unknown(request, prompt);
    });
    out
}

/// Instructions alone are no conversation to Google, so they are said by the user then.
fn write_conversation(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation) {
    let mut contents = layout::contents(prompt, generation);
    let system = layout::system(prompt);
    match (contents.is_empty(), system.is_empty()) {
        (true, false) => contents.push(Content { is_model: false, parts: system }),
        (false, false) => {
            request.object("systemInstruction", |content| write_parts(content, &system, generation))
        }
        (_, true) => {}
    }
    request.array("contents", |array| {
        contents.iter().for_each(|content| write_content(array, content, generation));
    });
}

fn write_content(array: &mut ArrayWriter<'_>, said: &Content<'_, '_>, generation: Generation) {
    array.object(|content| {
        content.str("role", if said.is_model { "model" } else { "user" });
        write_parts(content, &said.parts, generation);
    });
}

fn write_parts(content: &mut ObjectWriter<'_>, parts: &[Said<'_, '_>], generation: Generation) {
    content.array("parts", |array| parts.iter().for_each(|said| part_writer::write(array, said, generation)));
}

fn write_tier(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    if let Some(tier) = prompt.attribution.service_tier.as_ref().and_then(tier) {
        request.str("serviceTier", tier);
    }
}

/// Google's word for a tier.
pub(super) fn tier(asked: &Text<'_>) -> Option<&'static str> {
    let asked = asked.plain();
    TIERS.iter().find(|(name, own)| *name == asked || *own == asked).map(|(_, own)| *own)
}

/// Members of Google's own that stand in the request itself.
fn write_unknown(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let own = prompt.unknown.iter().filter(|unknown| unknown.format == Format::Gemini);
    for unknown in own.filter(|unknown| !unknown.path.contains(['.', '['])) {
        request.named(&unknown.path, unknown.raw);
    }
}

/// Whether a request for this target carries whole what the table says it changes or loses.
pub(super) fn keeps(feature: Feature, prompt: &Prompt<'_>, generation: Generation) -> bool {
    let (sampling, reasoning) = (&prompt.sampling, &prompt.reasoning);
    match feature {
        Feature::ImageDetail => generation.is_third,
        Feature::ToolResultMedia => generation.is_third && results(prompt).all(part_writer::is_bytes),
        Feature::StrictTools => prompt.tools.iter().all(|tool| is_strict(tool) || !is_function(tool)),
        Feature::SealReplay => seals(prompt).all(|seal| seal.format == Format::Gemini),
        Feature::SpokenOutput => settings_writer::can_speak(prompt),
        Feature::Choices => !generation.is_third,
        Feature::Temperature | Feature::TopP | Feature::TopK => generation.takes_sampling,
        Feature::Seed => sampling.seed.is_none_or(settings_writer::is_seed),
        Feature::ManyStops => sampling.stop.len() <= settings_writer::STOPS_MAX,
        Feature::ReasoningEffort => settings_writer::keeps_effort(reasoning, generation.thinking),
        Feature::ReasoningTokens => settings_writer::keeps_tokens(reasoning, generation.thinking),
        Feature::ReasoningShown => generation.thinking != Thinking::Unasked,
        Feature::Metadata => prompt.attribution.metadata.is_none_or(labels::are_kept),
        Feature::ServiceTier => {
            // `auto` is what Google does unasked.
            let asked = prompt.attribution.service_tier.as_ref();
            asked.is_none_or(|asked| asked.plain() == "auto" || tier(asked).is_some())
        }
        _ => false,
    }
}

fn is_strict(tool: &Tool<'_>) -> bool {
    matches!(tool, Tool::Function { strict: Some(true), .. })
}

fn is_function(tool: &Tool<'_>) -> bool {
    matches!(tool, Tool::Function { .. })
}

fn results<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Part<'a>> {
    prompt.turns.iter().flat_map(|turn| &turn.parts).flat_map(|part| match part {
        Part::ToolResult(result) => result.parts.as_slice(),
        _ => &[],
    })
}
