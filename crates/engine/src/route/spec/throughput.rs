//! The form of the least that a stream has to say.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::time::TimeSpan;

/// The least that a stream has to say while its provider is waited for. A slower one ends with the error event of its format,
/// and counts against its target. Time in which the client does not read is nobody's.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThroughputSpec {
    /// About so many tokens, at four bytes of text each, 0 to 10000; 0 asks for nothing.
    #[schemars(range(max = 10000))]
    pub tokens_per_second: u32,
    /// How long a stream is waited for until it is judged, again and again, at least `100ms`; `10s` when absent.
    #[serde(default)]
    pub window: Option<TimeSpan>,
    /// How long at most a stream is held back after its first content until it has said that much, at most as long as `window`. One
    /// that is too slow then falls over to the next target. Not at all when absent.
    #[serde(default)]
    pub hold: Option<TimeSpan>,
}
