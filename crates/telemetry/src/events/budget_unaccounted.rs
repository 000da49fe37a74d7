//! A part of a shared budget was granted to a process of which nothing is heard any more. It counts as spent.

use crate::Telemetry;
use crate::meters::AllotmentLabels;

/// What is not accounted for.
#[derive(Debug)]
pub struct BudgetUnaccounted<'a> {
    /// The name of the budget.
    pub budget: &'a str,
    /// Whose account of it; empty where all share one.
    pub group: &'a str,
    /// How much, for people.
    pub amount: &'a str,
}

impl BudgetUnaccounted<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        let labels = AllotmentLabels { allotment: self.budget.to_owned(), decision: "unaccounted" };
        telemetry.meters.allotments.get_or_create(&labels).inc();
        tracing::warn!(
            target: "tollgate::allotment",
            budget = self.budget,
            group = self.group,
            amount = self.amount,
            "nobody knows whether this was spent; it counts as spent until the span is over"
        );
    }
}
