//! The provider's quota before a call, as `inference/src/attempt/quota.rs` and `quotas/waiting.rs` carry it out: who may call now, who waits,
//! who is refused, and what answers say is left.

use std::time::Duration;

use domain::{CredentialId, Failure, FailureClass, Usage};
use engine::quota::{Arrival, Asked, Bounds, Cost, Granted, Report, Turn, over_quota, reports};

use super::flight::{Leg, Lost, Stage, Wait};
use super::{Run, What};
use crate::gateway::Gateway;
use crate::quotas::Waiter;
use crate::scenario::model_at;
use crate::tally::WaitEnd;
use crate::traffic::Request;

impl Run {
    /// A call that was begun is made where its target's quota has room; else it waits, or fails at once.
    pub(super) fn enters(&mut self, call: Waiter) {
        let now = self.gateway.now();
        let Some((request, leg)) = self.flights.leg(call) else { return };
        let shape = self.gateway.shape(&leg.target, leg.place, request);
        let Some(shape) = shape.filter(|shape| shape.is_known()) else {
            return self.calls(call, None);
        };
        let credentials = self.gateway.credentials(&leg.target, leg.place, (leg.credential, leg.tried));
        let bounds = Bounds::of(&self.gateway.limits, &leg.target.timeouts);
        let asked = asked(request, &credentials);
        match shape.with(|shaper| shaper.arrive(&asked, bounds, || call, now)) {
            Some(Arrival::Go(granted)) => self.calls(call, Some(granted)),
            Some(Arrival::Waits(ticket)) => {
                leg.stage = Stage::Waits(Wait { ticket, since: now, credentials });
                self.told.push(leg.place);
                self.plan(now + bounds.patience, What::Despairs(call));
            }
            Some(Arrival::Refused { retry_after }) => self.refuses(call, retry_after),
            None => {}
        }
    }

    /// Lets those go whose turn it is before a target's quota.
    pub(super) fn serves(&mut self, target: usize) {
        let now = self.gateway.now();
        while let Some(call) = self.gateway.targets[target].shape.next() {
            match self.turn(call) {
                Some(Turn::Go(granted)) => self.goes(call, granted),
                Some(Turn::In(wait)) => {
                    if self.gateway.targets[target].shape.looks_again(now + wait) {
                        self.plan(now + wait, What::Looks(target));
                    }
                    return;
                }
                Some(Turn::WhenTold) | None => return,
            }
        }
    }

    /// Time has passed for whoever is next before a target's quota.
    pub(super) fn looks(&mut self, target: usize) {
        if self.gateway.targets[target].shape.looks_now(self.gateway.now()) {
            self.serves(target);
        }
    }

    /// A call has waited for as long as it can: it goes if it is its turn by now, else it fails. Nothing happens to one that went before.
    pub(super) fn despairs(&mut self, call: Waiter) {
        match self.turn(call) {
            Some(Turn::Go(granted)) => self.goes(call, granted),
            Some(Turn::In(_) | Turn::WhenTold) => self.gives_up(call),
            None => {}
        }
    }

    /// Whether it is the turn of a call; none where it does not wait.
    fn turn(&mut self, call: Waiter) -> Option<Turn> {
        let now = self.gateway.now();
        let (request, leg) = self.flights.leg(call)?;
        let Stage::Waits(wait) = &leg.stage else { return None };
        let asked = asked(request, &wait.credentials);
        self.gateway.targets[leg.place].shape.with(|shaper| shaper.turn(&asked, wait.ticket, now))
    }

    /// A call that has waited is made.
    fn goes(&mut self, call: Waiter, granted: Granted) {
        self.has_waited(call, WaitEnd::Went);
        self.calls(call, Some(granted));
    }

    fn gives_up(&mut self, call: Waiter) {
        let now = self.gateway.now();
        self.has_waited(call, WaitEnd::Refused);
        let Some((request, leg)) = self.flights.leg(call) else { return };
        let Stage::Waits(Wait { ticket, credentials, .. }) = &leg.stage else { return };
        let retry_after = self.gateway.targets[leg.place].shape.with(|shaper| {
            let retry_after = shaper.expected(&asked(request, credentials), *ticket, now);
            shaper.leave(*ticket);
            retry_after
        });
        self.refuses(call, retry_after.unwrap_or_default());
    }

    fn has_waited(&mut self, call: Waiter, end: WaitEnd) {
        let now = self.gateway.now();
        let Some((request, leg)) = self.flights.leg(call) else { return };
        if let Stage::Waits(wait) = &leg.stage {
            self.tally.waited(request.shape.claim.priority, leg.place, (wait.since, now), end);
            self.told.push(leg.place);
        }
    }

    /// There is no place for a call in time: it fails without being made.
    fn refuses(&mut self, call: Waiter, retry_after: Duration) {
        let Some((request, leg)) = self.flights.leg(call) else { return };
        let bounds = Bounds::of(&self.gateway.limits, &leg.target.timeouts);
        let model = model_at(&leg.target, &request.shape.model);
        let failure = over_quota(&leg.target, model, retry_after, bounds.patience);
        self.tally.over_quota += 1;
        self.loses(call, Lost { failure, is_over_quota: true });
    }
}

fn asked<'a>(request: &'a Request, credentials: &'a [CredentialId]) -> Asked<'a> {
    let claim = &request.shape.claim;
    let (cost, priority) = (claim.cost(request.body_bytes), claim.priority);
    Asked { cost, priority, claimant: claim.claimant(), credentials }
}

/// Takes over what the answer to a call says about the quota of its credential, and that it is a refusal for it.
pub(super) fn heard(gateway: &Gateway, request: &Request, leg: &Leg, refusal: Option<&Failure>) {
    let Leg { target, place, credential, stage: Stage::Called(called), .. } = leg else { return };
    let Some(shape) = gateway.shape(target, *place, request) else { return };
    let Some(credential) = target.credentials.get(*credential) else { return };
    let known = &target.provider.rate_limit_headers;
    let quota = target.provider.quota(model_at(target, &request.shape.model)).map(AsRef::as_ref);
    let read = |headers| reports(headers, known, quota, gateway.clock());
    let told: Vec<Report> = called.told.as_deref().into_iter().flat_map(read).collect();
    let refusal = refusal.filter(|failure| failure.class == FailureClass::RateLimited);
    if told.is_empty() && refusal.is_none() {
        return;
    }
    let now = gateway.now();
    shape.learn(|shaper| {
        for report in &told {
            shaper.learn(&credential.id, report, called.granted.as_ref(), now);
        }
        if let Some(refusal) = refusal {
            let wish = refusal.retry_after.filter(|_| target.retry.use_retry_after_header);
            shaper.refused(&credential.id, wish, now);
        }
    });
}

/// The call of a leg has ended, having used this much, or what was thought where nobody knows.
pub(super) fn spent(gateway: &Gateway, place: usize, granted: Option<&Granted>, used: Option<Cost>) {
    if let Some(granted) = granted {
        gateway.targets[place].shape.with(|shaper| shaper.ended(granted, used, gateway.now()));
    }
}

/// What an answer took of a quota.
pub(super) fn cost_of(usage: &Usage) -> Cost {
    Cost {
        input: usage.input_tokens.unwrap_or_default(),
        cached_input: usage.cached_input_tokens.unwrap_or_default(),
        output: usage.output_tokens.unwrap_or_default(),
    }
}
