//! The course of a simulation: events in the order of their time, and no time between them.
//!
//! What `inference/src/attempt/dispatch.rs` does for a request over time, this does in steps: every decision is `engine`'s, and
//! what it decides on is kept as the data plane keeps it.

mod calls;
mod flight;
mod foresight;
mod hedge;
mod queue;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::{Route, Snapshot, Target};
use engine::Walk;
use engine::fitness::{Demand, lack};
use engine::route::settled;

use crate::canaries::{Enrolling, Parts};
use crate::gateway::Gateway;
use crate::luck::{Luck, Purpose};
use crate::quotas::Waiter;
use crate::scenario::Scenario;
use crate::tally::Tally;
use crate::traffic::{Request, RequestFacts, Requests};
use flight::{Flight, Flights};

/// Runs a configuration through a scenario. The same seed gives the same tally.
#[must_use]
pub fn run(snapshot: &Snapshot, scenario: &Scenario, seed: u64) -> Tally {
    let gateway = Rc::new(Gateway::new(snapshot, scenario));
    let tally = Tally::new(&gateway, scenario.traffic.start);
    let mut run = Run {
        seed,
        gateway,
        routes: routes(scenario),
        events: BinaryHeap::new(),
        sequence: 0,
        flights: Flights::default(),
        told: Vec::new(),
        tally,
    };
    let mut requests = scenario.traffic.requests(seed);
    run.next_arrival(&mut requests);
    while let Some(Reverse(Event { at, what, .. })) = run.events.pop() {
        run.gateway.at(at);
        match what {
            What::Arrives(request) => {
                run.next_arrival(&mut requests);
                run.arrives(*request);
            }
            What::Calls(place) => run.begins(place),
            What::Joins(call) => run.joins(call),
            What::Fails(call) => run.fails(call),
            What::Answers(call) => run.answers(call),
            What::Ends(call) => run.ends(call),
            What::Looks(target) => run.looks(target),
            What::Despairs(call) => run.despairs(call),
        }
        run.tells();
    }
    run.tally.finish(&run.gateway, &scenario.faults)
}

/// A route of the traffic.
struct RouteState {
    /// As the traffic names it.
    known: Arc<Route>,
    /// As requests go through it: it has counted nothing yet, so that no run begins where another ended.
    live: Arc<Route>,
    /// The same for what is only asked about, so that asking changes nothing.
    foreseen: Arc<Route>,
}

fn routes(scenario: &Scenario) -> Vec<RouteState> {
    let mut routes: Vec<RouteState> = Vec::new();
    for shape in scenario.traffic.shapes() {
        if routes.iter().all(|route| !Arc::ptr_eq(&route.known, &shape.route)) {
            let Route { name, root } = &*shape.route;
            let restarted = || Arc::new(Route { name: name.clone(), root: root.restarted() });
            let known = Arc::clone(&shape.route);
            routes.push(RouteState { known, live: restarted(), foreseen: restarted() });
        }
    }
    routes
}

struct Run {
    seed: u64,
    gateway: Rc<Gateway>,
    routes: Vec<RouteState>,
    events: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    flights: Flights,
    /// Targets before whose quota it may be somebody's turn now.
    told: Vec<usize>,
    tally: Tally,
}

/// Something that happens; what was planned first comes first among what happens at the same time.
struct Event {
    at: Duration,
    sequence: u64,
    what: What,
}

/// What happens.
enum What {
    Arrives(Box<Request>),
    /// The request at this place calls the target of its walk.
    Calls(usize),
    /// A call has taken so long that it is joined by another.
    Joins(Waiter),
    Fails(Waiter),
    Answers(Waiter),
    Ends(Waiter),
    /// Whoever is next before the quota of this target looks whether it is their turn.
    Looks(usize),
    /// A call cannot wait for its turn any longer.
    Despairs(Waiter),
}

impl Run {
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
        let enrolling = |route: &Arc<Route>| self.settles(&request, route);
        let live = self.route_of(&request).map(|route| &route.live);
        let Some((route, parts)) = live.and_then(enrolling) else {
            return self.tally.refused(request.at);
        };
        let mut luck = Luck::of(self.seed, Purpose::Decision, &[request.number]);
        let mut view = self.gateway.view(&request, &mut luck);
        let walk = Walk::start(route, &mut self.fits(&request), &mut view);
        let would_be_limited = self.would_be_limited(&request);
        let flight = Flight { would_be_limited, ..Flight::new(request, walk, parts, luck) };
        let place = self.flights.seat(flight);
        self.begins(place);
    }

    fn route_of(&self, request: &Request) -> Option<&RouteState> {
        self.routes.iter().find(|route| Arc::ptr_eq(&route.known, &request.shape.route))
    }

    /// A route as a request's facts and the canaries settle it, and its parts in their trials; none where the facts, or the regions that it
    /// is bound to, leave nothing of it.
    fn settles(&self, request: &Request, route: &Arc<Route>) -> Option<(Arc<Route>, Parts)> {
        let now = self.gateway.clock();
        let permits = |target: &Target| request.shape.permits(target);
        let facts = RequestFacts { request, seed: self.seed, now };
        let luck = Luck::of(self.seed, Purpose::Arm, &[request.number]);
        let enrolling = Enrolling::of(&self.gateway.canaries, route, luck);
        let settled = settled(route, &facts, Some(&permits), &enrolling).ok()?;
        Some((settled, enrolling.into_parts()))
    }

    /// Whether a target's model is not known to lack anything that a request needs.
    fn fits(&self, request: &Request) -> impl FnMut(&Target) -> bool {
        let demand = Demand { needs: request.shape.needs.clone(), text_bytes: request.body_bytes };
        move |target| {
            let state = &self.gateway.targets[self.gateway.place(target, &request.shape.model)];
            state.known.as_deref().is_none_or(|known| lack(known, &demand).is_none())
        }
    }

    /// Lets everybody go whose turn it is before the quotas of which something has changed.
    fn tells(&mut self) {
        while let Some(target) = self.told.pop() {
            self.serves(target);
        }
    }
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
