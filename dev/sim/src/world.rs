//! The course of a simulation: events in the order of their time, and no time between them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use engine::ledger::EXCHANGE_INTERVAL;
use jiff::SignedDuration;

use crate::audit::Audit;
use crate::faults::{Fault, schedule};
use crate::luck::Luck;
use crate::network::Network;
use crate::replica::{Message, Open, Patience, Replica, Request, STORE_WAIT_MAX, Verdict, WAIT_MAX};
use crate::scenario::{COST_MAX, KEYS, PERMITS, REQUESTS, Scenario};
use crate::store::{Answer, STORE_AHEAD, Store};
use crate::trace::Trace;

/// How far clocks of replicas are off, in milliseconds.
const SKEW_MS: u64 = 5_000;
/// When requests go to one replica alone, and for how long the others may keep what nobody needs of them.
const LOPSIDED_FROM: Duration = Duration::from_secs(2);
const KEPT_MAX: Duration = Duration::from_secs(5);
/// What comes back of a limit before the store is told that it was taken counts for nobody: an interval, and the way to the store.
const LATE_MAX: Duration = Duration::from_millis(300);
/// When nothing is left of what was taken, and of those that were killed.
const ALL_OVER: Duration = Duration::from_secs(15);

/// What came of a course.
#[derive(Debug)]
pub struct Report {
    /// How many requests were served.
    pub served: u64,
    /// How many were refused.
    pub refused: u64,
    /// What should not have been.
    pub findings: Vec<String>,
    /// The same for the same course.
    pub digest: u64,
    /// Everything that happened, a line each, where that was asked for.
    pub lines: Vec<String>,
}

/// Runs a course. The same seed gives the same one.
#[must_use]
pub fn run(scenario: &Scenario, seed: u64, is_read: bool) -> Report {
    let mut world = World::new(scenario, seed, is_read);
    while let Some(Reverse(event)) = world.events.pop() {
        world.now = event.at;
        world.happens(event.what);
    }
    world.finish()
}

/// A replica, by the number of its start.
type Start = u64;

#[derive(Debug)]
enum What {
    Arrives(u64, Request),
    Ends(Start, u64),
    Ticks(Start),
    Reaches(Start, Message),
    Returns(Start, Message, Answer, Duration),
    TimesOut(Start, Message),
    Breaks(Fault),
    /// No more requests come, and nothing goes wrong any more.
    Closes,
}

#[derive(Debug)]
struct Event {
    at: Duration,
    /// Which of those at the same time is the first.
    number: u64,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
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
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct World {
    scenario: Scenario,
    now: Duration,
    luck: Luck,
    events: BinaryHeap<Reverse<Event>>,
    numbers: u64,
    starts: Start,
    replicas: BTreeMap<Start, Replica>,
    /// Which replica requests are sent to, by place.
    places: Vec<Start>,
    store: Store,
    network: Network,
    audit: Audit,
    served: u64,
    refused: u64,
    trace: Trace,
}

impl World {
    fn new(scenario: &Scenario, seed: u64, is_read: bool) -> Self {
        let mut world = Self {
            scenario: *scenario,
            now: Duration::from_secs(1),
            luck: Luck::of(seed),
            events: BinaryHeap::new(),
            numbers: 0,
            starts: 0,
            replicas: BTreeMap::new(),
            places: Vec::new(),
            store: Store::default(),
            network: Network { has_faults: scenario.has_faults },
            audit: Audit::default(),
            served: 0,
            refused: 0,
            trace: Trace::new(is_read),
        };
        for _ in 0..scenario.replicas {
            let start = world.start();
            world.places.push(start);
        }
        let lasts = u64::try_from(scenario.lasts.as_micros()).unwrap_or(u64::MAX);
        for number in 0..scenario.requests {
            let most = 1 + world.luck.below(COST_MAX);
            let request = Request {
                key: KEYS[usize::try_from(world.luck.below(2)).unwrap_or_default()],
                most: most.into(),
                cost: world.luck.below(most + 1).into(),
                lasts: Duration::from_millis(1 + world.luck.below(4_000)),
                first: usize::from(world.luck.below(4) == 0),
            };
            let at = Duration::from_micros(world.luck.below(lasts));
            world.after(at, What::Arrives(number, request));
        }
        for (at, fault) in schedule(scenario, &mut world.luck) {
            world.after(at, What::Breaks(fault));
        }
        world.after(scenario.lasts + Duration::from_secs(10), What::Closes);
        world
    }

    fn happens(&mut self, what: What) {
        match what {
            What::Arrives(number, request) => self.arrives(number, request),
            What::Ends(start, number) => self.ends(start, number),
            What::Ticks(start) => self.ticks(start),
            What::Reaches(start, message) => self.reaches(start, &message),
            What::Returns(start, message, answer, at) => self.returns(start, &message, answer, at),
            What::TimesOut(start, message) => {
                if let Some(replica) = self.replicas.get_mut(&start) {
                    replica.give_up(&message);
                }
                self.leaves(start);
            }
            What::Breaks(fault) => self.breaks(fault),
            What::Closes => {
                (self.store.is_down, self.network.has_faults) = (false, false);
                for start in self.places.clone() {
                    self.ends_in_order(start);
                }
            }
        }
    }

    fn arrives(&mut self, number: u64, request: Request) {
        let place = usize::try_from(self.luck.below(u64::MAX)).unwrap_or_default() % self.places.len();
        let place = if self.is_lopsided() { 0 } else { place };
        let start = self.places[place];
        self.asks(start, number, request, self.now + WAIT_MAX);
    }

    /// A request is served, waits for what others may give back, or is refused.
    fn asks(&mut self, start: Start, number: u64, request: Request, until: Duration) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        let patience = match until.saturating_sub(self.now) {
            _ if replica.is_leaving => Patience::Over,
            Duration::ZERO => Patience::Over,
            WAIT_MAX => Patience::Fresh,
            _ => Patience::Waits,
        };
        match replica.reserve(&request, patience, self.now) {
            Verdict::Served(held, credential) => {
                let unix_second = replica.moment(self.now).wall.as_second();
                let known = self.audit.holds((request.key, credential), request.most, self.now, unix_second);
                replica.open.insert(number, Open { known, request, credential, held });
                self.served += 1;
                self.trace.note(self.now, format_args!("{start} serves {number} with {credential}"));
                self.after(request.lasts, What::Ends(start, number));
            }
            Verdict::Short(accounts) if patience != Patience::Over => {
                replica.waiting.insert(number, (request, until));
                self.exchange(start, accounts);
            }
            Verdict::Short(_) | Verdict::Refused => self.refuses(start, number, &request),
        }
    }

    fn is_lopsided(&self) -> bool {
        self.scenario.is_lopsided && self.now >= LOPSIDED_FROM
    }

    fn refuses(&mut self, start: Start, number: u64, request: &Request) {
        self.refused += 1;
        self.trace.note(self.now, format_args!("{start} refuses {number}"));
        let is_alone =
            self.scenario.replicas == 1 || (self.is_lopsided() && self.now >= LOPSIDED_FROM + KEPT_MAX);
        let is_judged = is_alone && !self.scenario.has_faults;
        let Some(replica) = self.replicas.get(&start).filter(|_| is_judged) else { return };
        let unix_second = replica.moment(self.now).wall.as_second();
        let heard_in = if self.scenario.replicas == 1 { Duration::ZERO } else { LATE_MAX };
        if self.audit.has_room(request, heard_in, self.now, unix_second)
            && self.audit.is_slow_enough(request.most, LATE_MAX, self.now)
        {
            let finding = format!("request {number} is refused at {:?} although there is room", self.now);
            self.audit.findings.push(finding);
        }
    }

    fn ends(&mut self, start: Start, number: u64) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        if let Some(open) = replica.open.remove(&number) {
            let (known, cost) = (open.known, open.request.cost);
            replica.ends(open, self.now);
            self.audit.took(known, cost, self.now);
        }
        self.leaves(start);
    }

    fn ticks(&mut self, start: Start) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        let due = if replica.has_left { Vec::new() } else { replica.ledger.due(replica.moment(self.now)) };
        self.exchange(start, due);
        self.tries_again(start);
        self.leaves(start);
        self.after(EXCHANGE_INTERVAL, What::Ticks(start));
    }

    /// What waits is tried again.
    fn tries_again(&mut self, start: Start) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        for (number, (request, until)) in std::mem::take(&mut replica.waiting) {
            self.asks(start, number, request, until);
        }
    }

    fn exchange(&mut self, start: Start, accounts: Vec<engine::ledger::Shared>) {
        for account in accounts {
            let Some(replica) = self.replicas.get_mut(&start) else { return };
            if let Some(message) = replica.begin(account, self.now) {
                self.sends(start, message);
            }
        }
    }

    fn sends(&mut self, start: Start, message: Message) {
        for delay in self.network.copies(&mut self.luck) {
            self.after(delay, What::Reaches(start, message.clone()));
        }
        self.after(STORE_WAIT_MAX, What::TimesOut(start, message));
    }

    fn reaches(&mut self, start: Start, message: &Message) {
        let Some(answer) = self.store.answer(&message.key, message.ask.clone(), self.now) else { return };
        self.trace
            .note(self.now, format_args!("the store answers {start} about {}: {answer:?}", message.key));
        let at = self.now + STORE_AHEAD;
        for delay in self.network.copies(&mut self.luck) {
            self.after(delay, What::Returns(start, message.clone(), answer.clone(), at));
        }
    }

    fn returns(&mut self, start: Start, message: &Message, answer: Answer, at: Duration) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        match replica.answered(message, answer, at, self.now) {
            Some(next) => self.sends(start, next),
            None => self.tries_again(start),
        }
        self.leaves(start);
    }

    fn breaks(&mut self, fault: Fault) {
        self.trace.note(self.now, format_args!("{fault:?}"));
        match fault {
            Fault::Kill(place) => {
                let killed = self.replicas.remove(&self.places[place]);
                self.audit.killed(killed.map_or(0, |replica| replica.open.len()));
                self.places[place] = self.start();
            }
            Fault::Restart(place) => {
                let start = self.places[place];
                self.places[place] = self.start();
                self.ends_in_order(start);
            }
            Fault::StoreFails => self.store.is_down = true,
            Fault::StoreWorks => self.store.is_down = false,
        }
    }

    fn start(&mut self) -> Start {
        self.starts += 1;
        let ahead = i64::try_from(self.luck.below(2 * SKEW_MS)).unwrap_or_default() - 5_000;
        self.replicas.insert(self.starts, Replica::start(self.starts, SignedDuration::from_millis(ahead)));
        self.after(EXCHANGE_INTERVAL, What::Ticks(self.starts));
        self.starts
    }

    fn ends_in_order(&mut self, start: Start) {
        if let Some(replica) = self.replicas.get_mut(&start) {
            replica.is_leaving = true;
        }
        self.leaves(start);
    }

    /// A replica that ends gives back everything after its last request, once.
    fn leaves(&mut self, start: Start) {
        let Some(replica) = self.replicas.get_mut(&start) else { return };
        let is_done = replica.open.is_empty() && replica.waiting.is_empty() && replica.is_quiet();
        if !(replica.is_leaving && is_done) {
            return;
        }
        if replica.has_left {
            self.replicas.remove(&start);
            return;
        }
        replica.has_left = true;
        let granted = replica.ledger.granted(replica.moment(self.now));
        self.exchange(start, granted);
    }

    fn after(&mut self, delay: Duration, what: What) {
        self.numbers += 1;
        self.events.push(Reverse(Event { at: self.now + delay, number: self.numbers, what }));
    }

    /// When all has ended, what was not spent can still be spent, and no more.
    fn finish(mut self) -> Report {
        self.now += ALL_OVER;
        let left = std::iter::once((None, self.audit.left())).chain(self.audit.left_of_credentials());
        let left: Vec<_> = left.collect();
        let last = self.start();
        if let Some(replica) = self.replicas.remove(&last) {
            for (credential, left) in left {
                let whose = credential.unwrap_or("all");
                let mut spends = |amount| replica.spends(credential, amount, &mut self.store, self.now);
                if !self.scenario.has_ends && left > 0 && !spends(left) {
                    self.audit.findings.push(format!("{left} of {whose} were not spent and cannot be"));
                }
                if spends(left + 1) {
                    let finding = format!("more can be spent of {whose} than the {left} that are left");
                    self.audit.findings.push(finding);
                }
            }
            let begins = replica.begins(&mut self.store, self.now);
            let most = (usize::try_from(PERMITS), usize::try_from(REQUESTS.count));
            if (Ok(begins.0), Ok(begins.1)) != most {
                self.audit.findings.push(format!("{begins:?} requests can begin, and not {most:?}"));
            }
        }
        let Self { served, refused, audit, trace, .. } = self;
        let digest = trace.digest();
        Report { served, refused, findings: audit.findings, digest, lines: trace.lines.unwrap_or_default() }
    }
}
