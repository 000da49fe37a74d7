//! When a target is left alone for a while, as data that circuit breakers decide on.

use std::time::Duration;

/// The rules of every circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Whether breakers ever open.
    pub enabled: bool,
    /// Failures in a row that open a breaker; at least 1.
    pub consecutive_failures: u32,
    /// Share of failed calls within the window that opens it, in percent; 1 to 100.
    pub failure_percent: u32,
    /// A call whose first content takes longer is slow, and a target of which so long nothing is heard is silent; nothing is when
    /// absent.
    pub slow_after: Option<Duration>,
    /// Share of slow calls within the window that opens it, in percent; 1 to 100.
    pub slow_percent: u32,
    /// How far back shares are counted.
    pub window: Duration,
    /// Fewest calls within the window for a share to mean anything.
    pub calls_min: u32,
    /// How long an opened breaker stays open; doubled each time that a probe fails.
    pub cool_down: Duration,
    /// The longest time that it stays open, a provider's wish included.
    pub cool_down_max: Duration,
    /// Probes that must succeed, one after another, before it closes.
    pub probes: u32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            consecutive_failures: 5,
            failure_percent: 50,
            slow_after: None,
            slow_percent: 80,
            window: Duration::from_secs(30),
            calls_min: 20,
            cool_down: Duration::from_secs(10),
            cool_down_max: Duration::from_secs(60),
            probes: 1,
        }
    }
}
