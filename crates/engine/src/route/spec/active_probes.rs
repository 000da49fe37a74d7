//! The form of the active probes' rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::time::TimeSpan;

/// Small calls of Tollgate's own that find out when a target is well again, so that no client's request has to. Each is a chat of one
/// word with an answer of one token, which the provider charges for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActiveProbesSpec {
    /// The models that are called while a circuit breaker of theirs is open, each time that its cool-down is over:
    /// `[openai/gpt-4o-mini]`; at most 20, none when absent.
    #[schemars(length(max = 20))]
    pub targets: Option<Vec<String>>,
    /// How often they are looked at, at least `100ms`; `30s` when absent.
    pub every: Option<TimeSpan>,
    /// Whether they are called, too, while nothing is known against them; `false` when absent.
    pub always: Option<bool>,
}
