//! Usage in Gemini's names.

use std::collections::BTreeSet;

use memchr::memmem;

use super::{ServiceTier, Usage};
use crate::json::{Kind, Value};

impl Usage {
    /// Reads Gemini's `usageMetadata`; none for another kind of value. Thinking is counted beside the candidates, and
    /// the results of server-side tools beside the prompt; both are added here.
    pub(crate) fn of_gemini(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        let sum = |one: &str, other: &str| match (count(one), count(other)) {
            (None, None) => None,
            (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
        };
        let of = |details: &str, modality: &str| modality_tokens(usage.get(details)?, modality);
        let tier = usage.get("serviceTier").or_else(|| usage.get("trafficType"));
        Some(Self {
            input_tokens: sum("promptTokenCount", "toolUsePromptTokenCount"),
            output_tokens: sum("candidatesTokenCount", "thoughtsTokenCount"),
            cached_input_tokens: count("cachedContentTokenCount"),
            reasoning_tokens: count("thoughtsTokenCount"),
            input_audio_tokens: of("promptTokensDetails", "AUDIO"),
            cached_audio_tokens: of("cacheTokensDetails", "AUDIO"),
            output_audio_tokens: of("candidatesTokensDetails", "AUDIO"),
            input_image_tokens: of("promptTokensDetails", "IMAGE"),
            cached_image_tokens: of("cacheTokensDetails", "IMAGE"),
            output_image_tokens: of("candidatesTokensDetails", "IMAGE"),
            tier: tier.and_then(ServiceTier::of),
            ..Self::default()
        })
    }
}

/// The tokens of a modality; a list that does not have it says that there were none.
fn modality_tokens(details: &Value<'_>, modality: &str) -> Option<u64> {
    let is_of =
        |detail: &&Value<'_>| detail.get("modality").and_then(Value::as_str).as_deref() == Some(modality);
    match details.elements().iter().find(is_of) {
        Some(detail) => detail.get("tokenCount")?.as_u64(),
        None if details.kind() == Kind::Array => Some(0),
        None => None,
    }
}

/// How many searches of the web the `candidates` of an answer were grounded on.
pub(super) fn searches_in(raw_candidates: &[u8]) -> Option<u64> {
    memmem::find(raw_candidates, b"webSearchQueries")?;
    searches_of(Value::parse(raw_candidates).ok()?.elements())
}

/// The same of candidates that were read. "For billing purposes, we ignore the empty web search queries when counting unique
/// queries" (Gemini API docs, "Grounding with Google Search").
pub(in crate::formats) fn searches_of(candidates: &[Value<'_>]) -> Option<u64> {
    let queries =
        candidates.iter().filter_map(|candidate| candidate.at(&["groundingMetadata", "webSearchQueries"]));
    let queries = queries.flat_map(|queries| queries.elements().iter().filter_map(Value::as_str));
    let unique: BTreeSet<_> = queries.filter(|query| !query.is_empty()).collect();
    Some(unique.len() as u64).filter(|searches| *searches > 0)
}
