//! Usage in OpenAI's names, which most providers use.

use memchr::memmem;

use super::{ServiceTier, Usage};
use crate::json::{Kind, Value};

impl Usage {
    /// Reads the `usage` object of chat completions (`prompt_tokens`), Responses (`input_tokens`) or embeddings; none
    /// for another kind of value. Covers the names of DeepSeek for cached tokens, of Perplexity and xAI for searches, and
    /// of Mistral for the tier.
    pub(crate) fn of_openai(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let first = |paths: &[&[&str]]| paths.iter().find_map(|path| usage.at(path)?.as_u64());
        let input = |detail| first(&[&["prompt_tokens_details", detail], &["input_tokens_details", detail]]);
        let output =
            |detail| first(&[&["completion_tokens_details", detail], &["output_tokens_details", detail]]);
        let input_tokens = first(&[&["prompt_tokens"], &["input_tokens"]]);
        let reasoning_tokens = output("reasoning_tokens").or_else(|| first(&[&["reasoning_tokens"]]));
        let output_tokens = first(&[&["completion_tokens"], &["output_tokens"]]);
        let total_tokens = first(&[&["total_tokens"]]);
        Some(Self {
            input_tokens,
            output_tokens: output_tokens.map(|output| {
                with_reasoning(output, reasoning_tokens.unwrap_or(0), input_tokens, total_tokens)
            }),
            cached_input_tokens: input("cached_tokens").or_else(|| first(&[&["prompt_cache_hit_tokens"]])),
            cache_write_tokens: input("cache_write_tokens"),
            cache_write_12h_tokens: first(&[&[
                "input_tokens_details",
                "cache_write_tokens_details",
                "ttl_12h_tokens",
            ]]),
            reasoning_tokens,
            input_audio_tokens: input("audio_tokens"),
            output_audio_tokens: output("audio_tokens"),
            input_image_tokens: input("image_tokens"),
            output_image_tokens: output("image_tokens"),
            searches: first(&[&["num_search_queries"], &["num_sources_used"]]),
            tier: usage.get("service_tier").and_then(ServiceTier::of),
            ..Self::default()
        })
    }
}

impl Usage {
    /// Reads the `usage` object of rerankers, which may have a total and nothing else; none for another kind of value.
    pub(crate) fn of_total(usage: &Value<'_>) -> Option<Self> {
        let read = Self::of_openai(usage)?;
        let total = || usage.get("total_tokens").and_then(Value::as_u64);
        Some(Self { input_tokens: read.input_tokens.or_else(total), output_tokens: None, ..read })
    }

    /// Reads the `usage` of a realtime response, whose details have other names; none for another kind of value.
    pub(crate) fn of_realtime(usage: &Value<'_>) -> Option<Self> {
        let count = |path: &[&str]| usage.at(path).and_then(Value::as_u64);
        let input = |detail| count(&["input_token_details", detail]);
        let cached = |detail| count(&["input_token_details", "cached_tokens_details", detail]);
        (usage.kind() == Kind::Object).then(|| Self {
            input_tokens: count(&["input_tokens"]),
            output_tokens: count(&["output_tokens"]),
            cached_input_tokens: input("cached_tokens"),
            input_audio_tokens: input("audio_tokens"),
            input_image_tokens: input("image_tokens"),
            cached_audio_tokens: cached("audio_tokens"),
            cached_image_tokens: cached("image_tokens"),
            output_audio_tokens: count(&["output_token_details", "audio_tokens"]),
            ..Self::default()
        })
    }

    /// Reads what a response of OpenAI's Responses used: its `usage`, the tier that stands beside it, and the searches in its
    /// output; none when it reports no usage.
    pub(crate) fn of_response(response: &Value<'_>) -> Option<Self> {
        let usage = response.get("usage").and_then(Self::of_openai)?.with_tier(response.get("service_tier"));
        Some(usage.with_searches(response.get("output").and_then(searches_of)))
    }
}

/// Reasoning is part of the output that OpenAI counts and stands beside the output that xAI counts; the total says which.
fn with_reasoning(output: u64, reasoning: u64, input: Option<u64>, total: Option<u64>) -> u64 {
    let apart = output.saturating_add(reasoning);
    let is_apart = reasoning > 0 && total == input.and_then(|input| input.checked_add(apart));
    if is_apart { apart } else { output }
}

/// How many searches of the web the `output` of a response holds. Opening a page that was found is charged as tokens alone
/// (<https://developers.openai.com/api/docs/guides/tools-web-search>).
pub(super) fn searches_in(raw_output: &[u8]) -> Option<u64> {
    memmem::find(raw_output, b"web_search_call")?;
    searches_of(&Value::parse(raw_output).ok()?)
}

/// The same of an `output` that was read.
fn searches_of(output: &Value<'_>) -> Option<u64> {
    let is =
        |value: &Value<'_>, kind: &str| value.get("type").and_then(Value::as_str).as_deref() == Some(kind);
    let calls = output.elements().iter().filter(|item| is(item, "web_search_call"));
    // A call without an action is of an older form, in which every call was a search.
    let searches = calls.filter(|call| call.get("action").is_none_or(|action| is(action, "search")));
    Some(searches.count() as u64).filter(|searches| *searches > 0)
}
