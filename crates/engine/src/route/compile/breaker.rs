//! The circuit breakers' rules, checked.

use std::ops::RangeInclusive;
use std::time::Duration;

use domain::BreakerPolicy;

use super::super::spec::BreakerSpec;
use super::super::time::TimeSpan;
use super::Compiler;

const PATH: &str = "circuit_breaker";
/// The shortest window.
pub(super) const WINDOW_MIN: Duration = Duration::from_secs(1);

impl Compiler<'_> {
    pub(super) fn breaker(&mut self, spec: &BreakerSpec) -> BreakerPolicy {
        let usual = BreakerPolicy::default();
        let span = |written: Option<TimeSpan>, usual| written.map_or(usual, |span| span.0);
        let failures = (spec.consecutive_failures, usual.consecutive_failures);
        let policy = BreakerPolicy {
            enabled: spec.enabled.unwrap_or(usual.enabled),
            consecutive_failures: self.within((PATH, "consecutive_failures"), failures, 1..=1000),
            failure_percent: self.within(
                (PATH, "failure_percent"),
                (spec.failure_percent, usual.failure_percent),
                1..=100,
            ),
            slow_after: spec.slow_after.map(|span| span.0),
            slow_percent: self.within(
                (PATH, "slow_percent"),
                (spec.slow_percent, usual.slow_percent),
                1..=100,
            ),
            window: span(spec.window, usual.window),
            calls_min: self.within(
                (PATH, "minimum_requests"),
                (spec.minimum_requests, usual.calls_min),
                1..=100_000,
            ),
            cool_down: span(spec.cool_down, usual.cool_down),
            cool_down_max: span(
                spec.cool_down_max,
                usual.cool_down_max.max(span(spec.cool_down, usual.cool_down)),
            ),
            probes: self.within((PATH, "probes"), (spec.probes, usual.probes), 1..=100),
        };
        self.check_times(&policy);
        policy
    }

    fn check_times(&mut self, policy: &BreakerPolicy) {
        if policy.window < WINDOW_MIN {
            self.report(format!("{PATH}.window"), "expected at least one second");
        }
        if policy.cool_down.is_zero() {
            self.report(
                format!("{PATH}.cool_down"),
                "expected a time above zero; `enabled: false` turns breakers off",
            );
        }
        if policy.cool_down > policy.cool_down_max {
            self.report(format!("{PATH}.cool_down"), "the first cool-down is longer than `cool_down_max`");
        }
        if policy.slow_after.is_some_and(|limit| limit.is_zero()) {
            self.report(format!("{PATH}.slow_after"), "expected a time above zero");
        }
    }

    /// What is written, else what is usual, reported when it is out of range.
    pub(super) fn within(
        &mut self,
        (path, name): (&str, &str),
        (written, usual): (Option<u32>, u32),
        range: RangeInclusive<u32>,
    ) -> u32 {
        let value = written.unwrap_or(usual);
        if !range.contains(&value) {
            let message = format!("expected {} to {}, not {value}", range.start(), range.end());
            self.report(format!("{path}.{name}"), message);
        }
        value
    }
}
