//! The form of the circuit breakers' rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::time::TimeSpan;

/// When a target is left alone for a while: after failures in a row, or when too large a share of its recent calls failed or
/// was slow. Then single probes find out when it is well again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerSpec {
    /// Whether targets are ever left alone; `true` when absent.
    pub enabled: Option<bool>,
    /// Failures in a row after which it is left alone, 1 to 1000; 5 when absent.
    #[schemars(range(min = 1, max = 1000))]
    pub consecutive_failures: Option<u32>,
    /// Share of failed calls after which it is left alone, in percent; 50 when absent.
    #[schemars(range(min = 1, max = 100))]
    pub failure_percent: Option<u32>,
    /// A call is slow whose first content, or whole answer where it is not streamed, takes longer; none is slow when absent. A target
    /// is left alone, too, when nothing was heard of it for as long while as many calls as `consecutive_failures` waited.
    pub slow_after: Option<TimeSpan>,
    /// Share of slow calls after which it is left alone, in percent; 80 when absent. Of many calls in the window the newest count,
    /// twice as many as `minimum_requests`.
    #[schemars(range(min = 1, max = 100))]
    pub slow_percent: Option<u32>,
    /// How far back shares are counted, at least `1s`; `30s` when absent.
    pub window: Option<TimeSpan>,
    /// Fewest calls in the window for a share to count, 1 to 100000; 20 when absent.
    #[schemars(range(min = 1, max = 100000))]
    pub minimum_requests: Option<u32>,
    /// How long it is left alone before the first probe; `10s` when absent. Doubled each time that a probe fails.
    pub cool_down: Option<TimeSpan>,
    /// The longest time that it is left alone, a provider's `retry-after` included; `1m` when absent.
    pub cool_down_max: Option<TimeSpan>,
    /// Probes that must succeed one after another, 1 to 100; 1 when absent.
    #[schemars(range(min = 1, max = 100))]
    pub probes: Option<u32>,
}
