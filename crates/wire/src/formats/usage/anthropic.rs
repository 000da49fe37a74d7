//! Usage in Anthropic's names.

use super::{ServiceTier, Usage};
use crate::json::{Kind, Value};

impl Usage {
    /// Reads the `usage` object of Anthropic Messages; none for another kind of value.
    pub(crate) fn of_anthropic(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |path: &[&str]| usage.at(path).and_then(|count| count.as_u64());
        let cached = count(&["cache_read_input_tokens"]);
        let written = count(&["cache_creation_input_tokens"]);
        let with_cache =
            |input: u64| input.saturating_add(cached.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        let speed = usage.get("speed").and_then(ServiceTier::of);
        let tier = usage.get("service_tier").and_then(ServiceTier::of);
        Some(Self {
            input_tokens: count(&["input_tokens"]).map(with_cache),
            output_tokens: count(&["output_tokens"]),
            cached_input_tokens: cached,
            cache_write_tokens: written,
            cache_write_1h_tokens: count(&["cache_creation", "ephemeral_1h_input_tokens"]),
            reasoning_tokens: count(&["output_tokens_details", "thinking_tokens"]),
            searches: count(&["server_tool_use", "web_search_requests"]),
            tier: speed.filter(|speed| *speed != ServiceTier::Standard).or(tier),
            ..Self::default()
        })
    }
}
