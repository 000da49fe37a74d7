//! The form of the retry budgets' rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::time::TimeSpan;

/// How much retries and fallbacks may add to the traffic of a route, so that an outage is not multiplied. A request's first
/// attempt is never held back; when the budget is spent, a failure is answered at once.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudgetSpec {
    /// Whether attempts are ever held back; `true` when absent.
    pub enabled: Option<bool>,
    /// Further attempts in the window, in percent of its requests, 0 to 1000; 100 when absent, so that there is always one for
    /// each request.
    #[schemars(range(max = 1000))]
    pub percent: Option<u32>,
    /// Further attempts in a second on top, however few requests there are, 0 to 100000; 10 when absent.
    #[schemars(range(max = 100000))]
    pub per_second: Option<u32>,
    /// How far back is counted, at least `1s`; `10s` when absent.
    pub window: Option<TimeSpan>,
}
