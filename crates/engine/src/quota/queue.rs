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
    /// What all of them take together.
    sum: Sum,
    /// Virtual time.
    now: u64,
    /// Up to where each key has had its share.
    finished: HashMap<KeyName, u64>,
}

/// What some of those who wait take together, exactly, and how many they are: no queue is so long that it does not fit.
#[derive(Debug, Clone, Copy, Default)]
struct Sum([u128; 4]);

impl Sum {
    fn of(Cost { input, cached_input, output }: &Cost) -> Self {
        Self([*input, *cached_input, *output, 1].map(u128::from))
    }

    fn with(self, other: Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place].saturating_add(other.0[place])))
    }

    fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place].saturating_sub(other.0[place])))
    }

    fn told(self) -> (Cost, u64) {
        let bounded = self.0.map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        let [input, cached_input, output, calls] = bounded;
        (Cost { input, cached_input, output }, calls)
    }
}

impl<T> Lane<T> {
    /// What those take who are before a place. Counted from whichever end of the queue is nearer, since most come to its end.
    fn before(&self, place: Place) -> Sum {
        let (mut ahead, mut behind) = (self.waiting.range(..place), self.waiting.range(place..));
        let (mut passed, mut left) = (Sum::default(), self.sum);
        loop {
            let Some((_, (cost, _))) = ahead.next() else { return passed };
            passed = passed.with(Sum::of(cost));
            let Some((_, (cost, _))) = behind.next() else { return left };
            left = left.without(Sum::of(cost));
        }
    }
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        let lane =
            || Lane { waiting: BTreeMap::new(), sum: Sum::default(), now: 0, finished: HashMap::new() };
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
            lane.sum = lane.sum.with(Sum::of(&cost));
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
        let higher = self.lanes.iter().skip(ticket.priority as usize + 1).map(|lane| lane.sum);
        let own = self.lane(ticket.priority).map(|lane| lane.before(ticket.place));
        higher.chain(own).fold(Sum::default(), Sum::with).told()
    }

    /// Leaves the queue, served or not.
    pub fn leave(&mut self, ticket: Ticket) {
        let Some(lane) = self.lanes.get_mut(ticket.priority as usize) else { return };
        let is_first = lane.waiting.first_key_value().is_some_and(|(place, _)| *place == ticket.place);
        if let Some((cost, _)) = lane.waiting.remove(&ticket.place) {
            lane.sum = lane.sum.without(Sum::of(&cost));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_ahead_is_what_those_take_together_who_go_first(
            steps in prop::collection::vec((0_usize..3, 0_usize..4, any::<u32>(), any::<bool>()), 1..80),
            huge: bool,
        ) {
            let keys: Vec<KeyName> = (0..4).map(|key| KeyName::from(format!("key-{key}"))).collect();
            let mut queue = FairQueue::default();
            let mut waiting: Vec<(Ticket, Cost)> = Vec::new();
            for (lane, key, tokens, leaves) in steps {
                let (priority, claimant) = (Priority::ALL[lane], Claimant { key: &keys[key], weight: 1 });
                let output = if huge { u64::MAX - u64::from(tokens) } else { 7 };
                let cost = Cost { input: tokens.into(), cached_input: 1, output };
                let ticket = queue.place(priority, claimant, &cost);
                let before = |(other, _): &&(Ticket, Cost)| {
                    (std::cmp::Reverse(other.priority), other.place) < (std::cmp::Reverse(priority), ticket.place)
                };
                let first: Vec<_> = waiting.iter().filter(before).map(|(_, cost)| *cost).collect();
                let sum = |of: fn(&Cost) -> u64| first.iter().fold(0_u64, |sum, cost| sum.saturating_add(of(cost)));
                let expected = Cost {
                    input: sum(|cost| cost.input),
                    cached_input: sum(|cost| cost.cached_input),
                    output: sum(|cost| cost.output),
                };
                prop_assert_eq!(queue.ahead(ticket), (expected, first.len() as u64));
                if leaves && let Some((ticket, _)) = waiting.pop() {
                    queue.leave(ticket);
                } else {
                    queue.join(ticket, claimant, cost, ());
                    waiting.push((ticket, cost));
                }
                prop_assert_eq!(queue.len(), waiting.len());
            }
        }
    }
}
