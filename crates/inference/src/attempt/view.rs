//! What the walk of a request sees of its targets: which of them rest at this moment.

use std::time::Duration;

use domain::price::Tier;
use domain::route::Target;
use domain::{CredentialId, Money};
use engine::breaker::Stage;
use engine::credentials::Bench;
use engine::{Load, Outlook, Prefix};
use fleet::quotas::Shape;
use telemetry::cost::{Service, cost};

use super::Call;
use super::chosen::{is_out_of, untried_at};
use super::quota::{Claim, is_shaped};
use crate::pinned::ProviderState;
use crate::refusal::Refusal;

/// What the walk of a request sees of its targets.
#[derive(Clone, Copy)]
pub(super) struct View<'c> {
    pub(super) call: &'c Call,
    pub(super) claim: Claim,
    /// What is taken to be down by whoever asks where a request would go: providers, or `provider/model`.
    pub(super) down: &'c [String],
}

/// Why a target is left alone for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// The breaker at this stage is open.
    Breaker(Stage),
    /// All of its credentials rest.
    Credentials,
    /// Somebody said so.
    Down,
    /// A call would have to wait for its provider's quota.
    Quota,
}

impl<'c> View<'c> {
    /// What a request sees.
    ///
    /// # Errors
    /// When it asks for a priority that is none, or that its key may not have.
    pub(super) fn of(call: &'c Call) -> Result<Self, Refusal> {
        Ok(Self { call, claim: Claim::of(call)?, down: &[] })
    }

    /// Why a target is left alone, if it is.
    pub(super) fn rest(&self, target: &Target) -> Option<Rest> {
        match self.seen(target) {
            Ok(load) => (!load.has_room()).then_some(Rest::Quota),
            Err(rest) => Some(rest),
        }
    }

    /// How busy and how fast a target is.
    ///
    /// # Errors
    /// When it is left alone.
    fn seen(&self, target: &Target) -> Result<Load, Rest> {
        let gateway = &self.call.origin.gateway;
        let (now, model) = (gateway.uptime(), self.call.model_at(target));
        let defaults = &self.call.pinned.snapshot.route_defaults;
        // To the others it seems to rest for longer.
        let seen_at = now.saturating_sub(defaults.probes.head_start(&target.provider.name, model));
        let standing = gateway.health.standing(target, model, seen_at);
        if let Some(stage) = standing.shut
            && defaults.breaker.enabled
        {
            return Err(Rest::Breaker(stage));
        }
        let state = self.call.pinned.state(&target.provider);
        let is_out_of_credentials = bench_of(target, &state).is_some_and(|bench| {
            !target.credentials.is_empty() && !bench.has_fresh(untried_at(self.call, target), now)
        });
        if is_out_of_credentials || is_out_of(self.call, target) {
            return Err(Rest::Credentials);
        }
        if self.is_down(target) {
            return Err(Rest::Down);
        }
        Ok(standing.load.with_used(self.used(target, &state, now)))
    }

    /// How much of a target's quota is used, by what this request would take of it.
    fn used(&self, target: &Target, state: &ProviderState, now: Duration) -> u32 {
        let Claim { cost, priority } = &self.claim;
        let used = |shape: &Shape, own: &[CredentialId]| shape.used(cost, *priority, own, now);
        self.quota(target, state, now, used).unwrap_or_default()
    }

    /// How much of what a target has for its model is in use, in thousandths, where that is too much for this request.
    pub(super) fn too_much_in_use(&self, target: &Target) -> Option<u64> {
        let (state, now) = (self.call.pinned.state(&target.provider), self.call.origin.gateway.uptime());
        let see = |shape: &Shape, own: &[CredentialId]| shape.too_much_in_use(self.claim.priority, own, now);
        self.quota(target, &state, now, see).flatten()
    }

    /// What is seen of a target's quota where one is known, with the credentials that this request may use.
    fn quota<R>(
        &self,
        target: &Target,
        state: &ProviderState,
        now: Duration,
        see: impl FnOnce(&Shape, &[CredentialId]) -> R,
    ) -> Option<R> {
        let call = self.call;
        if !is_shaped(call, target, state) {
            return None;
        }
        let shape = call.origin.gateway.quotas.find(target, call.model_at(target), &state.meters)?;
        let untried = untried_at(call, target);
        let is_awake = |index: &usize| !untried.has(*index) && !state.bench.rests(*index, now);
        let awake = (0..target.credentials.len()).find(is_awake);
        let chosen = (awake.unwrap_or_default(), untried);
        Some(see(&shape, &state.bench.in_turn(&target.credentials, chosen, now)))
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
        let Call { origin, pinned, .. } = self.call;
        let model = self.call.model_at(target);
        let known = pinned.models.find(&target.provider.name, model)?;
        let habit = origin.gateway.health.standing(target, model, origin.gateway.uptime()).habit;
        let usage = habit.foretold(self.claim.cost.input);
        let service = Service { tier: Tier::Standard, unix_seconds: origin.gateway.wall_clock().as_second() };
        cost(&usage, &known.prices, service).ok().map(|cost| cost.total)
    }

    fn prefix(&mut self) -> Option<Prefix> {
        Some(self.call.prefix().clone())
    }

    fn saving(&mut self, target: &Target, prefix: &Prefix) -> u64 {
        let gateway = &self.call.origin.gateway;
        gateway.health.saving((target, self.call.model_at(target)), prefix, gateway.uptime())
    }
}

/// Where the health of a target's credentials is kept; nowhere for one that is written into the route.
pub(super) fn bench_of<'a>(target: &Target, state: &'a ProviderState) -> Option<&'a Bench> {
    target.uses_credentials_of(&state.provider).then_some(&*state.bench)
}
