//! The course of a simulation: events in the order of their time, and no time between them.
//!
//! What `inference/src/attempt/dispatch.rs` does for a request over time, this does in steps: every decision is `engine`'s, and
//! what it decides on is kept as the data plane keeps it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, FailureClass, Route, Snapshot, Target};
use engine::canary::End as Ending;
use engine::credentials::Tried;
use engine::fitness::{Demand, lack};
use engine::route::settled;
use engine::{Step, Walk, Watch};

use crate::attempt::{Call, Fate, Provider};
use crate::canaries::{Enrolling, Parts};
use crate::gateway::{Gateway, Guarding, View};
use crate::luck::{Luck, Purpose, number_of};
use crate::scenario::Scenario;
use crate::tally::{Ended, Tally};
use crate::traffic::{Request, RequestFacts, Requests};

/// Runs a configuration through a scenario. The same seed gives the same tally.
#[must_use]
pub fn run(snapshot: &Snapshot, scenario: &Scenario, seed: u64) -> Tally {
    let gateway = Rc::new(Gateway::new(snapshot, scenario));
    let tally = Tally::new(&gateway, scenario.traffic.start);
    let (events, flights, free) = (BinaryHeap::new(), Vec::new(), Vec::new());
    let routes = restarted(scenario);
    let mut run = Run { scenario, seed, gateway, routes, events, sequence: 0, flights, free, tally };
    let mut requests = scenario.traffic.requests(seed);
    run.next_arrival(&mut requests);
    while let Some(Reverse(Event { at, what, .. })) = run.events.pop() {
        run.gateway.at(at);
        match what {
            What::Arrives(request) => {
                run.next_arrival(&mut requests);
                run.arrives(*request);
            }
            What::Calls(place) => run.calls(place),
            What::Fails(place) => run.fails(place),
            What::Answers(place) => run.answers(place),
            What::Ends(place) => run.ends(place),
        }
    }
    run.tally.finish(&run.gateway, &scenario.faults)
}

/// Every route of the traffic with one that has counted nothing yet, so that no run begins where another ended.
fn restarted(scenario: &Scenario) -> Vec<(Arc<Route>, Arc<Route>)> {
    let mut routes: Vec<(Arc<Route>, Arc<Route>)> = Vec::new();
    for shape in scenario.traffic.shapes() {
        if routes.iter().all(|(known, _)| !Arc::ptr_eq(known, &shape.route)) {
            let Route { name, root } = &*shape.route;
            let restarted = Route { name: name.clone(), root: root.restarted() };
            routes.push((Arc::clone(&shape.route), Arc::new(restarted)));
        }
    }
    routes
}

struct Run<'s> {
    scenario: &'s Scenario,
    seed: u64,
    gateway: Rc<Gateway>,
    routes: Vec<(Arc<Route>, Arc<Route>)>,
    events: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    flights: Vec<Option<Flight>>,
    /// Places of `flights` that are empty.
    free: Vec<usize>,
    tally: Tally,
}

/// A request under way.
struct Flight {
    request: Request,
    walk: Walk,
    /// Its parts in the trials of canaries, each with the place of the trial.
    parts: Parts,
    luck: Luck,
    tried: Tried,
    attempts: u32,
    first_token: Option<Duration>,
    attempt: Option<Attempt>,
}

/// A call under way.
struct Attempt {
    target: usize,
    credential: usize,
    began: Duration,
    watch: Watch<Guarding>,
    end: End,
}

/// How it goes on.
enum End {
    Fails(Failure),
    Ends { at: Duration, breaks_off: bool },
}

/// Something that happens; what was planned first comes first among what happens at the same time.
struct Event {
    at: Duration,
    sequence: u64,
    what: What,
}

/// What happens; to the request at this place of the flights.
enum What {
    Arrives(Box<Request>),
    Calls(usize),
    Fails(usize),
    Answers(usize),
    Ends(usize),
}

impl Run<'_> {
    fn plan(&mut self, at: Duration, what: What) {
        self.sequence += 1;
        self.events.push(Reverse(Event { at, sequence: self.sequence, what }));
    }

    fn next_arrival(&mut self, requests: &mut Requests<'_>) {
        if let Some(request) = requests.next() {
            self.plan(request.at, What::Arrives(Box::new(request)));
        }
    }

    fn arrives(&mut self, request: Request) {
        let Some((route, parts)) = self.route_of(&request) else {
            return self.tally.refused(request.at);
        };
        let mut luck = Luck::of(self.seed, Purpose::Decision, &[request.number]);
        let needs = request.shape.needs.clone();
        let demand = Demand { needs, text_bytes: request.body_bytes };
        let mut spared = false;
        let mut view = View {
            gateway: &self.gateway,
            request: &request,
            start_seconds: self.tally.start_seconds,
            luck: &mut luck,
            spared: &mut spared,
        };
        let mut fits = |target: &Target| !lacks(&self.gateway, target, &request, &demand);
        let walk = Walk::start(route, &mut fits, &mut view);
        if spared && walk.target().is_some_and(|target| self.is_ready(target, &request)) {
            self.tally.spared();
        }
        let flight = Flight {
            request,
            walk,
            parts,
            luck,
            tried: Tried::default(),
            attempts: 0,
            first_token: None,
            attempt: None,
        };
        let place = self.seat(flight);
        self.calls(place);
    }

    /// The route of a request as its facts and the canaries settle it, and its parts in their trials; none where the facts, or the regions that it is bound to, leave
    /// nothing of it.
    fn route_of(&self, request: &Request) -> Option<(Arc<Route>, Parts)> {
        let known = self.routes.iter().find(|(route, _)| Arc::ptr_eq(route, &request.shape.route));
        let (_, route) = known?;
        let now = self.scenario.traffic.start + self.gateway.now();
        let permits = |target: &Target| request.shape.permits(target);
        let facts = RequestFacts { request, seed: self.seed, now };
        let luck = Luck::of(self.seed, Purpose::Arm, &[request.number]);
        let enrolling = Enrolling::of(&self.gateway.canaries, route, luck);
        let settled = settled(route, &facts, Some(&permits), &enrolling).ok()?;
        Some((settled, enrolling.into_parts()))
    }

    fn is_ready(&self, target: &Target, request: &Request) -> bool {
        let place = self.gateway.place(target, &request.shape.model);
        let bench = self.gateway.bench(target, place);
        bench.is_none_or(|bench| bench.has_fresh(Tried::default(), self.gateway.now()))
    }

    fn seat(&mut self, flight: Flight) -> usize {
        match self.free.pop() {
            Some(place) => {
                self.flights[place] = Some(flight);
                place
            }
            None => {
                self.flights.push(Some(flight));
                self.flights.len() - 1
            }
        }
    }

    /// The target of its walk is called.
    fn calls(&mut self, place: usize) {
        let now = self.gateway.now();
        let Some(flight) = self.flights.get_mut(place).and_then(Option::as_mut) else { return };
        let Flight { request, walk, parts, tried, attempts, .. } = flight;
        let Some(target) = walk.target() else { return };
        *attempts += 1;
        parts.iter_mut().for_each(|(_, part)| part.called(target, now));
        let at = self.gateway.place(target, &request.shape.model);
        let bench = self.gateway.bench(target, at);
        let credential = bench.and_then(|bench| bench.choose(*tried, now)).map_or(0, |choice| choice.index);
        tried.add(credential);
        let watch = Watch::begin(Guarding { gateway: Rc::clone(&self.gateway), target: at }, false);
        let fate = self.gateway.fate(target, at, credential, &called(request, *attempts, self.seed));
        let (happens, what, end) = match fate {
            Fate::Fails { after, failure } => (after, What::Fails(place), End::Fails(failure)),
            Fate::Answers { first, ends, breaks_off } => {
                (first, What::Answers(place), End::Ends { at: now + ends, breaks_off })
            }
        };
        flight.attempt = Some(Attempt { target: at, credential, began: now, watch, end });
        self.tally.called(at);
        self.plan(now + happens, what);
    }

    fn fails(&mut self, place: usize) {
        let now = self.gateway.now();
        let Some(flight) = self.flights.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(Attempt { target: at, credential, watch, end: End::Fails(failure), .. }) =
            flight.attempt.take()
        else {
            return;
        };
        let Some(target) = flight.walk.target() else { return };
        let bench = self.gateway.bench(target, at);
        if let Some(bench) = bench {
            bench.failed(credential, failure.class, failure.retry_after, now);
        }
        watch.failed(&failure);
        flight.parts.iter_mut().for_each(|(_, part)| part.failed(target, failure.class));
        let fresh = bench.is_some_and(|bench| bench.has_fresh(flight.tried, now));
        self.tally.failed(at, failure.class);
        let route = Arc::clone(&flight.request.shape.route);
        if flight.attempts == 1 {
            self.gateway.earn(&route);
        }
        let mut view = View {
            gateway: &self.gateway,
            request: &flight.request,
            start_seconds: self.tally.start_seconds,
            luck: &mut flight.luck,
            spared: &mut false,
        };
        let step = flight.walk.failed(&failure, fresh, &mut view);
        if matches!(step, Step::NextTarget | Step::Retry(_)) {
            flight.tried = Tried::default();
        }
        match step {
            Step::OtherCredential | Step::NextTarget | Step::Retry(_) if !self.gateway.spend(&route) => {
                self.leaves(place, at, Some(failure.class));
            }
            Step::OtherCredential | Step::NextTarget => self.calls(place),
            Step::Retry(wait) => self.plan(now + wait, What::Calls(place)),
            Step::GiveUp => self.leaves(place, at, Some(failure.class)),
        }
    }

    fn answers(&mut self, place: usize) {
        let now = self.gateway.now();
        let Some(flight) = self.flights.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(attempt) = &mut flight.attempt else { return };
        if let Some(target) = flight.walk.target() {
            flight.parts.iter_mut().for_each(|(_, part)| part.answered(target, now));
            if let Some(bench) = self.gateway.bench(target, attempt.target) {
                bench.served(attempt.credential);
            }
        }
        attempt.watch.answered(now - attempt.began);
        if flight.attempts == 1 {
            self.gateway.earn(&flight.request.shape.route);
        }
        flight.first_token = Some(now - flight.request.at);
        if let End::Ends { at, .. } = attempt.end {
            self.plan(at, What::Ends(place));
        }
    }

    fn ends(&mut self, place: usize) {
        let flight = self.flights.get_mut(place).and_then(Option::as_mut);
        let Some(Attempt { target, watch, end, .. }) = flight.and_then(|flight| flight.attempt.take()) else {
            return;
        };
        if let End::Ends { breaks_off: true, .. } = end {
            watch.broke_off();
            self.tally.failed(target, FailureClass::Broken);
            self.leaves(place, target, Some(FailureClass::Broken));
        } else {
            if let Some(flight) = self.flights.get(place).and_then(Option::as_ref) {
                watch.used(&flight.request.usage());
            }
            watch.ended();
            self.leaves(place, target, None);
        }
    }

    /// The client has its answer, or an error.
    fn leaves(&mut self, place: usize, target: usize, failure: Option<FailureClass>) {
        let Some(flight) = self.flights.get_mut(place).and_then(mem::take) else { return };
        self.free.push(place);
        let ended = Ended {
            request: &flight.request,
            target: &self.gateway.targets[target],
            place: target,
            attempts: flight.attempts,
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
    }
}

/// A call of an attempt of a request.
struct Called {
    is_stream: bool,
    tokens: u64,
    output_tokens: u64,
    seed: u64,
    request: u64,
    attempt: u32,
}

fn called(request: &Request, attempt: u32, seed: u64) -> Called {
    Called {
        is_stream: request.shape.is_stream,
        tokens: request.input_tokens + request.output_tokens,
        output_tokens: request.output_tokens,
        seed,
        request: request.number,
        attempt,
    }
}

impl Gateway {
    /// How a call of a target goes.
    fn fate(&self, target: &Target, at: usize, credential: usize, called: &Called) -> Fate {
        let state = &self.targets[at];
        let error_rules = &target.provider.error_rules;
        let provider = Provider { behaviour: &state.behaviour, faults: &state.faults, error_rules };
        let numbers = [called.request, called.attempt.into(), number_of(&state.name)];
        let call = Call {
            now: self.now(),
            is_stream: called.is_stream,
            tokens: called.tokens,
            output_tokens: called.output_tokens,
            timeouts: &target.timeouts,
            luck: Luck::of(called.seed, Purpose::Attempt, &numbers),
        };
        provider.fate(call, state.accounts.borrow_mut().get_mut(credential))
    }
}

/// Whether a target's model is known to lack something of what a request needs.
fn lacks(gateway: &Gateway, target: &Target, request: &Request, demand: &Demand) -> bool {
    let state = &gateway.targets[gateway.place(target, &request.shape.model)];
    state.known.as_deref().is_some_and(|known| lack(known, demand).is_some())
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}
