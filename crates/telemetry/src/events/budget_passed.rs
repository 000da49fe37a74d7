//! A budget was spent beyond one of its thresholds.

use crate::Telemetry;
use crate::meters::AllotmentLabels;

/// One threshold, told once in a span.
#[derive(Debug)]
pub struct BudgetPassed<'a> {
    /// The request that passed it; none where it was what other processes have spent.
    pub request_id: Option<&'a str>,
    /// The name of the budget.
    pub budget: &'a str,
    /// Whose account of it; empty where all share one.
    pub group: &'a str,
    /// The threshold, in percent of the budget.
    pub percent: u8,
}

impl BudgetPassed<'_> {
    /// Counts and logs it, whichever requests are logged: it is not about a request.
    pub fn emit(&self, telemetry: &Telemetry) {
        let labels = AllotmentLabels { allotment: self.budget.to_owned(), decision: "warned" };
        telemetry.meters.allotments.get_or_create(&labels).inc();
        tracing::warn!(
            target: "tollgate::allotment",
            request_id = self.request_id,
            budget = self.budget,
            group = self.group,
            percent = self.percent,
            "budget threshold passed"
        );
    }
}
