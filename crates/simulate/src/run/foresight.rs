//! What would come of the first calls of requests if all were sent at once, without regard to quotas: the same walk with the same luck, that sees
//! no quota and lets no credential rest, before the same providers with accounts of their own. Nothing of what it does is seen by anybody else.

use domain::FailureClass;
use engine::Walk;

use super::Run;
use crate::attempt::Fate;
use crate::gateway::View;
use crate::luck::{Luck, Purpose};
use crate::traffic::Request;

impl Run {
    /// Whether the first call of a request would be answered with 429, had it and all before it been sent at once.
    pub(super) fn would_be_limited(&self, request: &Request) -> bool {
        self.gateway.may_be_limited && self.would_fail_of(request) == Some(FailureClass::RateLimited)
    }

    fn would_fail_of(&self, request: &Request) -> Option<FailureClass> {
        let route = self.route_of(request)?;
        let (route, _) = self.settles(request, &route.foreseen)?;
        let mut luck = Luck::of(self.seed, Purpose::Decision, &[request.number]);
        let mut view = View { is_blind: true, ..self.gateway.view(request, &mut luck) };
        let walk = Walk::start(route, &mut self.fits(request), &mut view);
        let target = walk.target()?;
        let state = &self.gateway.targets[self.gateway.place(target, &request.shape.model)];
        let mut accounts = state.foreseen_accounts.borrow_mut();
        let turn = usize::try_from(request.number).unwrap_or(0).checked_rem(accounts.len());
        let call = state.call(&self.gateway, (request, target), 1, self.seed);
        let account = turn.and_then(|turn| accounts.get_mut(turn));
        match state.callee(target).fate(call, account) {
            (Fate::Fails { failure, .. }, _) => Some(failure.class),
            (Fate::Answers { .. }, _) => None,
        }
    }
}
