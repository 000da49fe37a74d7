//! A limit or a budget decided something about a request, since too little was left for it as it was.

use crate::Telemetry;
use crate::meters::AllotmentLabels;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is refused.
    Refused,
    /// It waits.
    Queued,
    /// The length of its answers is bounded.
    Clamped,
    /// The targets that the budget is for are passed over.
    PassedOver,
    /// It takes another route.
    Downgraded,
    /// It is not tried again, since a further call is not paid for.
    Stopped,
}

impl Decided {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Queued => "queued",
            Self::Clamped => "clamped",
            Self::PassedOver => "passed_over",
            Self::Downgraded => "downgraded",
            Self::Stopped => "stopped",
        }
    }
}

/// One decision.
#[derive(Debug)]
pub struct AllotmentDecided<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The name of the limit or budget.
    pub allotment: &'a str,
    /// Whose account of it; empty where all share one.
    pub group: &'a str,
    /// What was decided.
    pub decided: Decided,
}

impl AllotmentDecided<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        let labels = AllotmentLabels { allotment: self.allotment.to_owned(), decision: self.decided.name() };
        telemetry.meters.allotments.get_or_create(&labels).inc();
        if telemetry.logs(self.decided == Decided::Refused) {
            tracing::info!(
                target: "tollgate::allotment",
                request_id = self.request_id,
                allotment = self.allotment,
                group = self.group,
                decision = self.decided.name(),
                "limit or budget reached"
            );
        }
    }
}
