//! Nothing is left of a budget, or too little for a request.

use crate::Telemetry;
use crate::meters::AllotmentLabels;

/// The end of a budget, told once in a span.
#[derive(Debug)]
pub struct BudgetExhausted<'a> {
    /// The request that found it; none where it was what other processes have spent.
    pub request_id: Option<&'a str>,
    /// The name of the budget.
    pub budget: &'a str,
    /// Whose account of it; empty where all share one.
    pub group: &'a str,
    /// How much is spent, in whole percent of the budget.
    pub percent: u64,
}

impl BudgetExhausted<'_> {
    /// Counts and logs it, whichever requests are logged: it is not about a request.
    pub fn emit(&self, telemetry: &Telemetry) {
        let labels = AllotmentLabels { allotment: self.budget.to_owned(), decision: "exhausted" };
        telemetry.meters.allotments.get_or_create(&labels).inc();
        tracing::warn!(
            target: "tollgate::allotment",
            request_id = self.request_id,
            budget = self.budget,
            group = self.group,
            percent = self.percent,
            "budget exhausted"
        );
    }
}
