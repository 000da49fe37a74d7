//! The calls of requests, one after another, as `inference/src/attempt/dispatch.rs` and `leg.rs` make them.

use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use domain::{FailureClass, Target};
use engine::canary::End as Ending;
use engine::credentials::Tried;
use engine::quota::{Cost, Granted};
use engine::{Step, Watch};

use super::flight::{Called, End, Flight, Leg, Lost, Stage};
use super::queue::{cost_of, heard, spent};
use super::{Run, What};
use crate::attempt::{Call, Callee, Fate};
use crate::gateway::{Gateway, Guarding, TargetState};
use crate::luck::{Luck, Purpose, number_of};
use crate::quotas::Waiter;
use crate::tally::{Ended, OVER_QUOTA};
use crate::traffic::Request;

impl Run {
    /// The request at a place calls the target of its walk.
    pub(super) fn begins(&mut self, place: usize) {
        let leg = self.flights.next_leg();
        let Some(flight) = self.flights.at(place) else { return };
        let Some(target) = flight.walk.target().map(Arc::clone) else { return };
        flight.first = Some(begun(&self.gateway, flight, leg, target));
        let call = Waiter { flight: place, leg };
        let patience = self.patience(call);
        self.enters(call);
        if let Some(patience) = patience {
            self.plan(self.gateway.now() + patience, What::Joins(call));
        }
    }

    /// A call is made.
    pub(super) fn calls(&mut self, call: Waiter, granted: Option<Granted>) {
        let now = self.gateway.now();
        let Some((request, leg)) = self.flights.leg(call) else { return };
        if let Some(granted) = &granted {
            let index = leg.target.credentials.iter().position(|own| own.id == granted.credential);
            leg.credential = index.unwrap_or(leg.credential);
        }
        leg.tried.add(leg.credential);
        let watch = Watch::begin(Guarding { gateway: Rc::clone(&self.gateway), target: leg.place }, false);
        let state = &self.gateway.targets[leg.place];
        let made = state.call(&self.gateway, (request, &leg.target), leg.number, self.seed);
        let mut accounts = state.accounts.borrow_mut();
        let (fate, told) = state.callee(&leg.target).fate(made, accounts.get_mut(leg.credential));
        drop(accounts);
        let (happens, what, end) = match fate {
            Fate::Fails { after, failure } => (after, What::Fails(call), End::Fails(failure)),
            Fate::Answers { first, ends, breaks_off } => {
                (first, What::Answers(call), End::Ends { at: now + ends, breaks_off })
            }
        };
        leg.stage = Stage::Called(Box::new(Called { began: now, watch, granted, told, end }));
        self.tally.called(leg.place);
        self.plan(now + happens, what);
    }

    /// A call fails before it is answered.
    pub(super) fn fails(&mut self, call: Waiter) {
        let Some((request, leg)) = self.flights.leg(call) else { return };
        if let Stage::Called(called) = &leg.stage
            && let End::Fails(failure) = &called.end
        {
            heard(&self.gateway, request, leg, Some(failure));
        }
        let Stage::Called(called) = mem::replace(&mut leg.stage, Stage::Begun) else { return };
        let Called { watch, granted, end: End::Fails(failure), .. } = *called else { return };
        spent(&self.gateway, leg.place, granted.as_ref(), Some(Cost::default()));
        watch.failed(&failure);
        if let Some(bench) = self.gateway.bench(&leg.target, leg.place) {
            bench.failed(leg.credential, failure.class, failure.retry_after, self.gateway.now());
        }
        self.tally.failed(leg.place, failure.class);
        self.told.push(leg.place);
        self.loses(call, Lost { failure, is_over_quota: false });
    }

    /// A call has failed, made or not. Where another is under way, that one is waited for.
    pub(super) fn loses(&mut self, call: Waiter, lost: Lost) {
        let Some(flight) = self.flights.of(call) else { return };
        let class = lost.failure.class;
        flight.has_failed = true;
        flight.was_limited |= class == FailureClass::RateLimited;
        let Flight { first, second, parts, .. } = &mut *flight;
        let mut legs = first.iter_mut().chain(second.as_deref_mut());
        if let Some(leg) = legs.find(|leg| leg.id == call.leg) {
            parts.iter_mut().for_each(|(_, part)| part.failed(&leg.target, class));
            leg.stage = Stage::Failed(lost);
        }
        if flight.has_failed_whole() {
            self.tally.hedges.failed += u64::from(flight.second.is_some());
            self.goes_on(call.flight);
        }
    }

    /// What follows when all calls that were begun have failed.
    fn goes_on(&mut self, place: usize) {
        let now = self.gateway.now();
        let Some(flight) = self.flights.at(place) else { return };
        let Some(leg) = flight.take_last() else { return };
        let Stage::Failed(Lost { failure, is_over_quota }) = leg.stage else { return };
        let route = Arc::clone(&flight.request.shape.route);
        if !is_over_quota {
            judged(&self.gateway, flight);
        }
        let bench = self.gateway.bench(&leg.target, leg.place);
        let fresh = bench.is_some_and(|bench| bench.has_fresh(leg.tried, now));
        let Flight { request, walk, luck, .. } = &mut *flight;
        let step = walk.failed(&failure, fresh, &mut self.gateway.view(request, luck));
        flight.tried = match step {
            Step::NextTarget | Step::Retry(_) => Tried::default(),
            Step::OtherCredential | Step::GiveUp => leg.tried,
        };
        let is_paid = step == Step::GiveUp || !flight.has_called || self.gateway.spend(&route);
        match step {
            Step::OtherCredential | Step::NextTarget if is_paid => self.begins(place),
            Step::Retry(wait) if is_paid => self.plan(now + wait, What::Calls(place)),
            _ => {
                let failed_of = if is_over_quota { OVER_QUOTA } else { failure.class.name() };
                self.leaves(place, leg.place, Some(failed_of));
            }
        }
    }

    /// The first content of a call is there.
    pub(super) fn answers(&mut self, call: Waiter) {
        let now = self.gateway.now();
        let Some((request, leg)) = self.flights.leg(call) else { return };
        heard(&self.gateway, request, leg, None);
        if let Some(bench) = self.gateway.bench(&leg.target, leg.place) {
            bench.served(leg.credential);
        }
        let Stage::Called(called) = &mut leg.stage else { return };
        called.watch.answered(now - called.began);
        let End::Ends { at, .. } = called.end else { return };
        self.told.push(leg.place);
        self.plan(at, What::Ends(call));
        self.wins(call);
        let Some(flight) = self.flights.of(call) else { return };
        judged(&self.gateway, flight);
        flight.first_token = Some(now - flight.request.at);
        let Flight { first, parts, .. } = &mut *flight;
        if let Some(leg) = first {
            parts.iter_mut().for_each(|(_, part)| part.answered(&leg.target, now));
        }
    }

    /// An answer is whole, or breaks off.
    pub(super) fn ends(&mut self, call: Waiter) {
        let Some((request, leg)) = self.flights.leg(call) else { return };
        let (usage, place) = (request.usage(), leg.place);
        let Stage::Called(called) = mem::replace(&mut leg.stage, Stage::Begun) else { return };
        let Called { watch, granted, end, .. } = *called;
        let breaks_off = matches!(end, End::Ends { breaks_off: true, .. });
        if breaks_off {
            watch.broke_off();
            self.tally.failed(place, FailureClass::Broken);
        } else {
            watch.used(&usage);
            watch.ended();
        }
        let used = (!breaks_off).then(|| cost_of(&usage));
        spent(&self.gateway, place, granted.as_ref(), used);
        self.told.push(place);
        self.leaves(call.flight, place, breaks_off.then(|| FailureClass::Broken.name()));
    }

    /// The client has its answer, or an error.
    fn leaves(&mut self, place: usize, target: usize, failure: Option<&'static str>) {
        let Some(flight) = self.flights.leaves(place) else { return };
        let ended = Ended {
            request: &flight.request,
            target: &self.gateway.targets[target],
            place: target,
            has_failed: flight.has_failed,
            first_token: flight.first_token,
            now: self.gateway.now(),
            failure,
        };
        if !flight.parts.is_empty() {
            let cost = || self.tally.cost_of(&ended).ok();
            let end = if failure.is_some() { Ending::Failed } else { Ending::Whole(cost()) };
            self.gateway.canaries.ended(&flight.parts, end, self.gateway.now());
        }
        self.tally.ended(&ended);
        if flight.would_be_limited && !flight.was_limited {
            self.tally.limits_avoided += 1;
        }
    }
}

/// A call of a target, with the credential whose turn it is.
pub(super) fn begun(gateway: &Gateway, flight: &mut Flight, id: u64, target: Arc<Target>) -> Leg {
    let now = gateway.now();
    flight.attempts += 1;
    flight.parts.iter_mut().for_each(|(_, part)| part.called(&target, now));
    let place = gateway.place(&target, &flight.request.shape.model);
    let bench = gateway.bench(&target, place);
    let credential = bench.and_then(|bench| bench.choose(flight.tried, now)).map_or(0, |choice| choice.index);
    let (number, tried) = (flight.attempts, flight.tried);
    Leg { id, target, place, number, tried, credential, stage: Stage::Begun }
}

/// A call was answered or has failed. The first one of a request earns a share of a further one.
fn judged(gateway: &Gateway, flight: &mut Flight) {
    if !mem::replace(&mut flight.has_called, true) {
        gateway.earn(&flight.request.shape.route);
    }
}

impl TargetState {
    /// A request as it calls this target now; the luck of a call is that of its place among those of its request.
    pub(super) fn call<'c>(
        &self,
        gateway: &Gateway,
        (request, target): (&Request, &'c Target),
        number: u32,
        seed: u64,
    ) -> Call<'c> {
        let numbers = [request.number, number.into(), number_of(&self.name)];
        Call {
            now: gateway.now(),
            clock: gateway.clock(),
            is_stream: request.shape.is_stream,
            tokens: request.tokens(),
            timeouts: &target.timeouts,
            luck: Luck::of(seed, Purpose::Attempt, &numbers),
        }
    }

    /// Who is called there.
    pub(super) fn callee<'c>(&'c self, target: &'c Target) -> Callee<'c> {
        Callee {
            behaviour: &self.behaviour,
            faults: &self.faults,
            error_rules: &target.provider.error_rules,
            rate_limit_headers: &target.provider.rate_limit_headers,
        }
    }
}
