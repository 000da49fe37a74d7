//! What an account may use of a model, as vendors write it: so much per second, minute or day.

use domain::quota::Counted;
use schemars::JsonSchema;
use serde::Deserialize;

/// What one account may use of each of some models. An account is one of the provider's credentials.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaEntry {
    /// The models, as the provider calls them, or patterns with `*`; all when left out.
    pub models: Option<Vec<String>>,
    /// Requests.
    pub requests: Spans,
    /// Tokens of input and output together.
    pub tokens: Spans,
    /// Tokens of input.
    pub input_tokens: Spans,
    /// Tokens of output.
    pub output_tokens: Spans,
    /// Most calls at once.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// Whether input that the provider had in its cache counts; `counted` when left out.
    pub cached_input: Option<CachedInput>,
    /// As how many tokens one of output counts; 1 when left out, and 5 for newer models of Anthropic at Bedrock.
    #[schemars(range(min = 1, max = 100))]
    pub output_factor: Option<u32>,
    /// That requests go by how much is in use, as the provider's answers say in the header that `rate_limits` names. Nobody goes by it when
    /// left out.
    pub utilization: Option<Utilization>,
}

/// How requests go by what is in use of a model. From all of it on they wait, or go elsewhere.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Utilization {
    /// From how many percent on those with the priority `batch` do; 80 when left out.
    #[schemars(range(min = 1, max = 100))]
    pub batch_percent_max: Option<u32>,
}

/// So much within some span of time; any of them, or several.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spans {
    /// Within any second.
    #[schemars(range(min = 1))]
    pub per_second: Option<u64>,
    /// Within any minute.
    #[schemars(range(min = 1))]
    pub per_minute: Option<u64>,
    /// Within any day.
    #[schemars(range(min = 1))]
    pub per_day: Option<u64>,
}

/// Whether input from a cache counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CachedInput {
    /// As any other.
    Counted,
    /// Not at all.
    Free,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaCount {
    /// Requests.
    Requests,
    /// Tokens of input and output together.
    Tokens,
    /// Tokens of input.
    InputTokens,
    /// Tokens of output.
    OutputTokens,
}

impl From<QuotaCount> for Counted {
    fn from(count: QuotaCount) -> Self {
        match count {
            QuotaCount::Requests => Self::Requests,
            QuotaCount::Tokens => Self::Tokens,
            QuotaCount::InputTokens => Self::InputTokens,
            QuotaCount::OutputTokens => Self::OutputTokens,
        }
    }
}
