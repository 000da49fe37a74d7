//! What a model of Bedrock takes as it was said, of what Bedrock's models at large do not.

use super::family::Family;
use super::{cache_points, document_names, media, prompt_writer, request_metadata, thoughts};
use crate::convert::feature::Feature;
use crate::convert::form::{Cache, Effort, Part, Prompt, Source, Tool};
use crate::convert::prompt_shape::{caches, seals};

/// The efforts that models know which know three.
const THREE_EFFORTS: [Effort; 3] = [Effort::Low, Effort::Medium, Effort::High];

/// Whether a request for a model of this family carries whole what the table says it changes or loses.
pub(super) fn keeps(feature: Feature, prompt: &Prompt<'_>, family: Family) -> bool {
    match feature {
        Feature::ImageUrl | Feature::Audio | Feature::Video | Feature::DocumentUrl => {
            parts(prompt).filter_map(source).all(media::is_sendable)
        }
        Feature::ToolResultMedia => results(prompt).all(|part| !matches!(part, Part::Audio(_))),
        Feature::DocumentName => document_names::are_kept(prompt),
        Feature::SealReplay => seals(prompt).all(|seal| thoughts::is_taken(seal, family)),
        Feature::CacheMark => keeps_marks(prompt, family),
        Feature::CacheLifetime => caches(prompt).all(|cache| lives(cache, family)),
        Feature::ToolChoiceNone | Feature::ParallelToolCalls | Feature::ReasoningShown => {
            family.claude().is_some()
        }
        Feature::StrictTools => family.takes_strict_tools(),
        Feature::ToolFailure => family.takes_status(),
        Feature::Temperature => prompt_writer::is_drawn_as_asked(prompt, family),
        Feature::TopP => {
            let alone = family.claude().is_none() || prompt.sampling.temperature.is_none();
            alone && prompt_writer::is_drawn_as_asked(prompt, family)
        }
        Feature::TopK => {
            let is_known = matches!(family, Family::Claude(_) | Family::Nova { .. });
            is_known && prompt_writer::is_drawn_as_asked(prompt, family)
        }
        Feature::ReasoningEffort => keeps_effort(prompt, family),
        Feature::ReasoningTokens => family.claude().is_some_and(|generation| generation.takes_budgets),
        Feature::Metadata => prompt.attribution.metadata.is_none_or(request_metadata::are_kept),
        Feature::ServiceTier => {
            let tier = prompt.attribution.service_tier.as_ref().map(crate::json::Text::plain);
            // `auto` is what Bedrock does unasked.
            tier.is_none_or(|tier| tier == "auto" || prompt_writer::TIERS.contains(&tier.as_ref()))
        }
        _ => false,
    }
}

/// Claude models since 4.6 know every effort, Nova and OpenAI's open models three; Nova does not think unasked.
fn keeps_effort(prompt: &Prompt<'_>, family: Family) -> bool {
    let Some(effort) = prompt.reasoning.effort else { return true };
    match family {
        Family::Claude(generation) => generation.thinks_adaptively,
        Family::Nova { .. } if effort == Effort::None => true,
        Family::Nova { .. } | Family::GptOss => {
            THREE_EFFORTS.contains(&effort)
                && prompt_writer::effort_name(prompt, family) == Some(effort.name())
        }
        Family::Other => false,
    }
}

/// Nova keeps no tools, and no prompt is kept up to right after a document or a film.
fn keeps_marks(prompt: &Prompt<'_>, family: Family) -> bool {
    let at_file =
        |part: &Part<'_>| matches!(part, Part::Document(_) | Part::Video(_)) && part.cache().is_some();
    let at_tool = |tool: &Tool<'_>| matches!(tool, Tool::Function { cache: Some(_), .. });
    let takes_tools = family.claude().is_some() || !prompt.tools.iter().any(at_tool);
    family.takes_cache_points() && takes_tools && !parts(prompt).any(at_file)
}

fn lives(cache: Cache, family: Family) -> bool {
    let Some(seconds) = cache.seconds else { return true };
    match family {
        Family::Claude(_) => cache_points::is_lifetime(seconds),
        Family::Nova { .. } => cache_points::is_lifetime(seconds) && cache_points::lifetime(seconds) == "5m",
        Family::GptOss | Family::Other => false,
    }
}

/// All parts, those in results of tools included.
fn parts<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Part<'a>> {
    let outer = prompt.turns.iter().flat_map(|turn| &turn.parts);
    outer.chain(results(prompt))
}

fn results<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Part<'a>> {
    let outer = prompt.turns.iter().flat_map(|turn| &turn.parts);
    outer.flat_map(|part| match part {
        Part::ToolResult(result) => result.parts.as_slice(),
        _ => &[],
    })
}

fn source<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Source<'a>> {
    match part {
        Part::Image(media) | Part::Audio(media) | Part::Video(media) => Some(&media.source),
        Part::Document(document) => Some(&document.source),
        _ => None,
    }
}
