//! How often requests may be tried more than once, as data that retry budgets decide on.

use std::time::Duration;

/// The rules of every retry budget.
///
/// A target that answers one call in two fails one request in two, so that with a share of 100 % a single further attempt is always
/// there for each; what more an outage would multiply is what is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryBudgetPolicy {
    /// Whether attempts are ever held back.
    pub enabled: bool,
    /// Further attempts within the window, in percent of the requests whose first attempt was judged in it.
    pub percent: u32,
    /// Further attempts in a second that are allowed on top, however few requests there are.
    pub per_second: u32,
    /// How far back is counted.
    pub window: Duration,
}

impl Default for RetryBudgetPolicy {
    fn default() -> Self {
        Self { enabled: true, percent: 100, per_second: 10, window: Duration::from_secs(10) }
    }
}
