//! What the walk of a request sees of its targets: which of them rest at this moment.

use std::sync::Arc;

use domain::route::Target;
use engine::credentials::{Bench, Tried};
use engine::{Load, Outlook};

use super::Call;
use crate::pinned::ProviderState;

/// What the walk of a request sees of its targets.
pub(super) struct View<'c> {
    pub(super) call: &'c Call,
}

impl Outlook for View<'_> {
    fn random(&mut self) -> u64 {
        self.call.origin.gateway.random()
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        let gateway = &self.call.origin.gateway;
        let now = gateway.uptime();
        let state = self.call.pinned.state(&target.provider);
        let is_out_of_credentials = || {
            bench_of(target, &state).is_some_and(|bench| {
                !target.credentials.is_empty() && !bench.has_fresh(Tried::default(), now)
            })
        };
        let has_breakers = self.call.pinned.snapshot.route_defaults.breaker.enabled;
        let standing = gateway.health.standing(target, self.call.model_at(target), now);
        let rests = (has_breakers && standing.is_shut) || is_out_of_credentials();
        (!rests).then_some(standing.load)
    }
}

/// Where the health of a target's credentials is kept; nowhere for one that is written into the route.
pub(super) fn bench_of<'a>(target: &Target, state: &'a ProviderState) -> Option<&'a Bench> {
    let own = Arc::ptr_eq(&target.credentials, &target.provider.credentials);
    Some(&*state.bench).filter(|_| own && Arc::ptr_eq(&target.provider, &state.provider))
}
