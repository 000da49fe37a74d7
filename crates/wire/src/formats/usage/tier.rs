//! The tier that an answer was served in. Providers charge by it, and it need not be the one that was asked for.

use crate::json::Value;

/// How quickly and how surely an answer was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceTier {
    /// As an answer is served that nothing else was asked for.
    Standard,
    /// In a batch.
    Batch,
    /// If there was room.
    Flex,
    /// Before others.
    Priority,
    /// With faster output.
    Fast,
    /// Otherwise, such as by capacity that was bought before.
    Other,
}

impl ServiceTier {
    /// Reads `service_tier` (OpenAI, Groq, Mistral, Anthropic), `speed` (Anthropic), `trafficType` (Vertex AI), `serviceTier`
    /// (Gemini API; Amazon Bedrock, where it is an object) or `performanceConfig` (Amazon Bedrock); none where the value says
    /// nothing.
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        let text = value.get("type").or_else(|| value.get("latency")).unwrap_or(value).as_str()?;
        Some(match text.to_ascii_lowercase().as_str() {
            "" | "traffic_type_unspecified" | "unspecified" => return None,
            "default" | "standard" | "auto" | "on_demand" => Self::Standard,
            "batch" => Self::Batch,
            "flex" | "on_demand_flex" => Self::Flex,
            "priority" | "on_demand_priority" => Self::Priority,
            "fast" | "optimized" => Self::Fast,
            _ => Self::Other,
        })
    }
}
