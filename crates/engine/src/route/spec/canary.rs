//! The form of what ends a canary.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ShareSpec;

/// By how much a canary may be worse than what serves today before it is rolled back. At least one is needed.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GuardsSpec {
    /// In percentage points of the requests that it could not answer, or whose answer broke off: with `2%`, 5 % errors are too many where today there are fewer than 3 %.
    pub errors: Option<ShareSpec>,
    /// In percent of the time to the first content, or to the whole answer where it is not streamed.
    pub first_token: Option<ShareSpec>,
    /// In percent of the cost of an answer, as far as it is known.
    pub cost: Option<ShareSpec>,
    /// In percentage points of the ratings of its answers (`POST /v1/feedback`) that are bad, which is below zero: with `5%`, 16 % are too many where today there are fewer than 11 %.
    pub feedback: Option<ShareSpec>,
}
