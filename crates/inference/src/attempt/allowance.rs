//! What one request may take of its route's retry budget.

use domain::Route;
use engine::Step;
use telemetry::events::RetryStopped;

use super::Call;
use super::failed::FailedAttempt;
use super::give_up::Attempts;
use super::hold::Committed;

/// A request's claim on the budget of its route. Its first call is free; what was never sent is no call.
pub(super) struct Allowance<'r> {
    call: &'r Call,
    route: &'r Route,
    has_called: bool,
}

impl<'r> Allowance<'r> {
    pub(super) fn of(call: &'r Call, route: &'r Route) -> Self {
        Self { call, route, has_called: false }
    }

    /// The same where the first call was made before.
    pub(super) fn of_further(call: &'r Call, route: &'r Route) -> Self {
        Self { call, route, has_called: true }
    }

    /// An attempt has an answer, or failed.
    pub(super) fn judged(&mut self, result: &Result<Committed, FailedAttempt>) {
        let is_call = !matches!(result, Err(FailedAttempt { objection: Some(_), .. }));
        if is_call && !self.has_called {
            self.has_called = true;
            let Call { pinned, origin, .. } = self.call;
            let policy = &pinned.snapshot.route_defaults.retry_budget;
            pinned.retry_budgets.find(self.route).lock().earn(policy, origin.gateway.uptime());
        }
    }

    /// The step that follows a failure, where the budget has room for it; else the end.
    pub(super) fn held_to(&self, step: Step, attempts: &mut Attempts) -> Step {
        if step == Step::GiveUp || !self.has_called || self.spend() {
            return step;
        }
        let route = self.route.name.as_ref().map(|name| name.as_str());
        attempts.stopped(route);
        RetryStopped { request_id: self.call.origin.id.as_str(), route }
            .emit(&self.call.origin.gateway.telemetry);
        Step::GiveUp
    }

    /// Takes a further call from the budget, where it has room for one.
    pub(super) fn spend(&self) -> bool {
        let Call { pinned, origin, .. } = self.call;
        let policy = &pinned.snapshot.route_defaults.retry_budget;
        pinned.retry_budgets.find(self.route).lock().spend(policy, origin.gateway.uptime())
    }
}
