//! The retry budgets' rules, checked.

use domain::RetryBudgetPolicy;

use super::super::spec::RetryBudgetSpec;
use super::Compiler;
use super::breaker::WINDOW_MIN;

const PATH: &str = "retry_budget";

impl Compiler<'_> {
    pub(super) fn retry_budget(&mut self, spec: &RetryBudgetSpec) -> RetryBudgetPolicy {
        let usual = RetryBudgetPolicy::default();
        let policy = RetryBudgetPolicy {
            enabled: spec.enabled.unwrap_or(usual.enabled),
            percent: self.within((PATH, "percent"), (spec.percent, usual.percent), 0..=1000),
            per_second: self.within((PATH, "per_second"), (spec.per_second, usual.per_second), 0..=100_000),
            window: spec.window.map_or(usual.window, |span| span.0),
        };
        if policy.window < WINDOW_MIN {
            self.report(format!("{PATH}.window"), "expected at least one second");
        }
        policy
    }
}
