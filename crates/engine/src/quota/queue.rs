//! Those who wait for a quota: strictly by priority, and fairly among the keys of one priority.
//!
//! Fair by virtual time ("self-clocked fair queueing", Golestani 1994): each request has a time at which it would be finished if
//! every key had its share all the while, and the smallest is next.

use std::collections::{BTreeMap, HashMap};

use domain::{KeyName, Priority};

use super::cost::Cost;

/// Virtual time per unit of cost, so that weights divide it finely.
const SCALE: u64 = 1000;

/// Whose turn it may be: a key, with its share among the others.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'k> {
    /// The key.
    pub key: &'k KeyName,
    /// Twice the weight, twice the share; at least 1.
    pub weight: u32,
}

/// A place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    priority: Priority,
    place: Place,
}

/// When it is finished in virtual time, and which came first among equals.
type Place = (u64, u64);

/// Those who wait, each with what is to be told when it is its turn.
#[derive(Debug)]
pub struct FairQueue<T> {
    lanes: [Lane<T>; 3],
    sequence: u64,
}

#[derive(Debug)]
struct Lane<T> {
    waiting: BTreeMap<Place, (Cost, T)>,
    /// Virtual time.
    now: u64,
    /// Up to where each key has had its share.
    finished: HashMap<KeyName, u64>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        let lane = || Lane { waiting: BTreeMap::new(), now: 0, finished: HashMap::new() };
        Self { lanes: [lane(), lane(), lane()], sequence: 0 }
    }
}

impl<T> FairQueue<T> {
    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.waiting.len()).sum()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether somebody waits whom a request of this priority may not pass.
    #[must_use]
    pub fn blocks(&self, priority: Priority) -> bool {
        let from = self.lanes.iter().skip(priority as usize);
        from.into_iter().any(|lane| !lane.waiting.is_empty())
    }

    /// The place that a request would have.
    #[must_use]
    pub fn place(&self, priority: Priority, claimant: Claimant<'_>, cost: &Cost) -> Ticket {
        let finish = self.lane(priority).map_or(0, |lane| {
            let start = lane.finished.get(claimant.key).copied().unwrap_or_default().max(lane.now);
            start.saturating_add(cost.weight().saturating_mul(SCALE) / u64::from(claimant.weight.max(1)))
        });
        Ticket { priority, place: (finish, self.sequence) }
    }

    /// Takes a place that was just found.
    pub fn join(&mut self, ticket: Ticket, claimant: Claimant<'_>, cost: Cost, told: T) {
        self.sequence += 1;
        if let Some(lane) = self.lanes.get_mut(ticket.priority as usize) {
            lane.waiting.insert(ticket.place, (cost, told));
            lane.finished.insert(claimant.key.clone(), ticket.place.0);
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn head(&self) -> Option<(Ticket, &T)> {
        Priority::ALL.into_iter().rev().find_map(|priority| {
            let (place, (_, told)) = self.lane(priority)?.waiting.first_key_value()?;
            Some((Ticket { priority, place: *place }, told))
        })
    }

    /// What those take together who are before a place, and how many they are.
    #[must_use]
    pub fn ahead(&self, ticket: Ticket) -> (Cost, u64) {
        let higher = self.lanes.iter().skip(ticket.priority as usize + 1);
        let higher = higher.flat_map(|lane| lane.waiting.values());
        let own = self.lane(ticket.priority).into_iter();
        let own = own.flat_map(|lane| lane.waiting.range(..ticket.place).map(|(_, waiting)| waiting));
        higher.chain(own).fold((Cost::default(), 0), |(sum, count), (cost, _)| {
            let sum = Cost {
                input: sum.input.saturating_add(cost.input),
                cached_input: sum.cached_input.saturating_add(cost.cached_input),
                output: sum.output.saturating_add(cost.output),
            };
            (sum, count + 1)
        })
    }

    /// Leaves the queue, served or not.
    pub fn leave(&mut self, ticket: Ticket) {
        let Some(lane) = self.lanes.get_mut(ticket.priority as usize) else { return };
        let is_first = lane.waiting.first_key_value().is_some_and(|(place, _)| *place == ticket.place);
        lane.waiting.remove(&ticket.place);
        if lane.waiting.is_empty() {
            lane.finished.clear();
            lane.now = 0;
        } else if is_first {
            lane.now = lane.now.max(ticket.place.0);
            let now = lane.now;
            lane.finished.retain(|_, finish| *finish > now);
        }
    }

    fn lane(&self, priority: Priority) -> Option<&Lane<T>> {
        self.lanes.get(priority as usize)
    }
}
