//! Usage in the names of Amazon Bedrock Converse.

use super::{ServiceTier, Usage};
use crate::json::{Kind, Value};

impl Usage {
    /// Reads the `usage` object of Bedrock Converse; none for another kind of value. Cached tokens are counted beside
    /// the input, as by Anthropic, and added here (Bedrock user guide, "Prompt caching").
    pub(crate) fn of_converse(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        let cached = count("cacheReadInputTokens");
        let written = count("cacheWriteInputTokens");
        let with_cache =
            |input: u64| input.saturating_add(cached.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        let details = usage.get("cacheDetails").map(Value::elements).unwrap_or_default();
        let hour =
            details.iter().find(|detail| detail.get("ttl").and_then(Value::as_str).as_deref() == Some("1h"));
        Some(Self {
            input_tokens: count("inputTokens").map(with_cache),
            output_tokens: count("outputTokens"),
            cached_input_tokens: cached,
            cache_write_tokens: written,
            cache_write_1h_tokens: hour.and_then(|detail| detail.get("inputTokens")?.as_u64()),
            ..Self::default()
        })
    }

    /// Reads the usage of a whole answer, or of the `metadata` that ends a stream; the tier stands beside it.
    pub(crate) fn of_metadata(metadata: &Value<'_>) -> Option<Self> {
        let usage = metadata.get("usage").and_then(Self::of_converse)?;
        let tier = tier_of(|key| ServiceTier::of(metadata.get(key)?));
        Some(Self { tier: usage.tier.or(tier), ..usage })
    }
}

/// The tier of an answer, whose members `member` reads: an answer of lower latency costs more (Amazon Bedrock pricing,
/// "Latency optimized inference"), whatever tier is told beside it.
pub(super) fn tier_of(member: impl Fn(&str) -> Option<ServiceTier>) -> Option<ServiceTier> {
    let fast = member("performanceConfig").filter(|tier| *tier == ServiceTier::Fast);
    fast.or_else(|| member("serviceTier"))
}
