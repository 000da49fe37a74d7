//! What the walk of a request sees of its targets: which of them rest at this moment.

use std::sync::Arc;

use domain::Money;
use domain::price::Tier;
use domain::route::Target;
use engine::credentials::{Bench, Tried};
use engine::{Load, Outlook};
use telemetry::cost::{Service, cost};

use super::Call;
use crate::facts::BYTES_PER_TOKEN;
use crate::pinned::ProviderState;

/// What the walk of a request sees of its targets.
pub(super) struct View<'c> {
    pub(super) call: &'c Call,
    /// What is taken to be down by whoever asks where a request would go: providers, or `provider/model`.
    pub(super) down: &'c [String],
}

/// Why a target is left alone for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Its breaker is open.
    Breaker,
    /// All of its credentials rest.
    Credentials,
    /// Somebody said so.
    Down,
}

impl<'c> View<'c> {
    /// What a request sees.
    pub(super) fn of(call: &'c Call) -> Self {
        Self { call, down: &[] }
    }

    /// Why a target is left alone, if it is.
    pub(super) fn rest(&self, target: &Target) -> Option<Rest> {
        self.seen(target).err()
    }

    /// How busy and how fast a target is.
    ///
    /// # Errors
    /// When it is left alone.
    fn seen(&self, target: &Target) -> Result<Load, Rest> {
        let gateway = &self.call.origin.gateway;
        let now = gateway.uptime();
        let standing = gateway.health.standing(target, self.call.model_at(target), now);
        if standing.is_shut && self.call.pinned.snapshot.route_defaults.breaker.enabled {
            return Err(Rest::Breaker);
        }
        let state = self.call.pinned.state(&target.provider);
        let is_out_of_credentials = bench_of(target, &state)
            .is_some_and(|bench| !target.credentials.is_empty() && !bench.has_fresh(Tried::default(), now));
        if is_out_of_credentials {
            return Err(Rest::Credentials);
        }
        if self.is_down(target) { Err(Rest::Down) } else { Ok(standing.load) }
    }

    fn is_down(&self, target: &Target) -> bool {
        self.down.iter().any(|down| {
            let below = down.strip_prefix(target.provider.name.as_str());
            below.is_some_and(|below| {
                below.is_empty() || below.strip_prefix('/') == Some(self.call.model_at(target))
            })
        })
    }
}

impl Outlook for View<'_> {
    fn random(&mut self) -> u64 {
        self.call.origin.gateway.random()
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        self.seen(target).ok()
    }

    fn cost(&mut self, target: &Target) -> Option<Money> {
        let Call { origin, pinned, document, .. } = self.call;
        let model = self.call.model_at(target);
        let known = pinned.models.find(&target.provider.name, model)?;
        let habit = origin.gateway.health.standing(target, model, origin.gateway.uptime()).habit;
        let tokens = document.body().len().div_ceil(BYTES_PER_TOKEN);
        let usage = habit.foretold(u64::try_from(tokens).unwrap_or(u64::MAX));
        let service = Service { tier: Tier::Standard, unix_seconds: origin.gateway.wall_clock().as_second() };
        cost(&usage, &known.prices, service).ok().map(|cost| cost.total)
    }
}

/// Where the health of a target's credentials is kept; nowhere for one that is written into the route.
pub(super) fn bench_of<'a>(target: &Target, state: &'a ProviderState) -> Option<&'a Bench> {
    let own = Arc::ptr_eq(&target.credentials, &target.provider.credentials);
    Some(&*state.bench).filter(|_| own && Arc::ptr_eq(&target.provider, &state.provider))
}
