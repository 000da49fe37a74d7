//! What replicas agree on about one account of a budget: how much of it each may use, so that together they never use more.
//!
//! The value that they share has a row for each holder, which is one start of a replica. A row says how much is granted to the holder, and only
//! the holder itself takes from that: by saying that it needs less ([`Pool::exchange`]). So the grants never exceed the limit together,
//! whatever is lost, comes late, or comes twice, and a holder that is gone leaves behind no more than what was granted to it.

mod spent;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::contact::{HOLDER_SILENCE_MAX, StoreTime};
use super::{encoding, slots};
pub(super) use spent::Spent;

/// Most holders with rows of their own, unless more are alive. Those that were gone first are summed up, and what was granted to them
/// counts as spent.
const HOLDERS_MAX: usize = 64;
/// A holder may have so much of what is left without a request that needs it, divided by the number of holders.
const SLICES_PER_HOLDER: i128 = 2;

/// The account of a fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pool {
    /// Whose account it is, for people who look into the store.
    group: Box<str>,
    /// What holders spent that have left.
    past: Spent,
    holders: BTreeMap<Box<str>, Row>,
}

/// What one holder has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// What it has spent and holds may rise to this.
    #[serde(with = "encoding::amount")]
    granted: i128,
    spent: Spent,
    /// What one of its requests needs more than there was for it.
    #[serde(with = "encoding::amount")]
    wanting: i128,
    /// When it last said so, by the clock of the store.
    #[serde(with = "encoding::milliseconds")]
    seen_at: Duration,
}

/// What a holder says of itself.
#[derive(Debug, Clone)]
pub(super) struct Report<'a> {
    pub(super) holder: &'a str,
    pub(super) spent: Spent,
    /// What it has spent, and holds for requests under way.
    pub(super) used: i128,
    /// What one of its requests needs more.
    pub(super) needed: i128,
    /// What its requests take in a short time.
    pub(super) pace: i128,
    /// Whether it ends.
    pub(super) is_leaving: bool,
}

/// What may be granted, and for how long it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) limit: i128,
    /// The length of a rolling span.
    pub(super) rolling: Option<Duration>,
}

/// How the others stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Others {
    /// What is granted to them together, with what was spent by those that are gone.
    pub(super) granted: i128,
    /// How much of that they have spent.
    pub(super) spent: i128,
    /// What was granted to holders that are gone, who may have spent it or not.
    pub(super) unaccounted: i128,
    /// How many of them are alive.
    alive: i128,
    /// Whether one of them has a request that needs more than there is.
    are_wanting: bool,
}

impl Pool {
    /// The account of a group that has none yet.
    pub(super) fn of(group: &str) -> Self {
        Self { group: group.into(), ..Self::default() }
    }

    /// Whose account it is.
    pub(super) fn group(&self) -> &str {
        &self.group
    }

    /// How all stand but one holder.
    pub(super) fn without(mut self, holder: &str, rolling: Option<Duration>, at: Duration) -> Others {
        self.forget(rolling, at);
        self.others(holder, at)
    }

    /// Takes what a holder says of itself; says how much is granted to it from now on, and how the others stand.
    pub(super) fn exchange(&mut self, report: Report<'_>, bounds: Bounds, time: StoreTime) -> (i128, Others) {
        self.forget(bounds.rolling, time.at_least);
        let others = self.others(report.holder, time.at_least);
        let before = self.holders.get(report.holder).map_or(0, |row| row.granted);
        let reachable = before.max(bounds.limit.saturating_sub(others.granted));
        let is_fitting = report.used.saturating_add(report.needed) <= reachable;
        let needed = if is_fitting { report.needed } else { 0 };
        let wanted = report.used.saturating_add(needed.max(slice(&report, &others, bounds.limit)));
        // What is used is a fact, also where it is more than there is, such as after a limit was lowered.
        let granted = wanted.min(reachable).max(report.used);
        let wanting = if is_fitting { 0 } else { report.needed };
        let row = Row { granted, spent: report.spent, wanting, seen_at: time.at_most };
        if report.is_leaving {
            self.holders.remove(report.holder);
            self.sum_up(&row, bounds.rolling);
        } else {
            self.holders.insert(report.holder.into(), row);
        }
        self.sum_up_the_gone(bounds.rolling, time.at_least);
        (granted, others)
    }

    /// Whether somebody has to be told of what has become of another state of it: whether a holder has said anything new, or was silent for
    /// long enough that others may soon take it for gone.
    pub(super) fn is_news_of(&self, holder: &str, before: &Self) -> bool {
        let (Some(now), Some(before)) = (self.holders.get(holder), before.holders.get(holder)) else {
            return true;
        };
        let is_old = now.seen_at.saturating_sub(before.seen_at) >= HOLDER_SILENCE_MAX / 3;
        is_old || Row { seen_at: before.seen_at, ..now.clone() } != *before
    }

    fn others(&self, holder: &str, at: Duration) -> Others {
        let summed_up = Others { granted: self.past.total(), spent: self.past.total(), ..Others::default() };
        let rows = self.holders.iter().filter(|(name, _)| &***name != holder);
        rows.fold(summed_up, |others, (_, row)| {
            let is_alive = row.is_alive(at);
            let unspent = row.granted.saturating_sub(row.spent.total()).max(0);
            Others {
                granted: others.granted.saturating_add(row.granted),
                spent: others.spent.saturating_add(row.spent.total()),
                unaccounted: others.unaccounted.saturating_add(if is_alive { 0 } else { unspent }),
                alive: others.alive + i128::from(is_alive),
                are_wanting: others.are_wanting || (is_alive && row.wanting > 0),
            }
        })
    }

    /// Forgets what is out of a rolling span. A holder does not use what was granted to it for longer than the span after it last
    /// said something, and what it spent until then is out of the span after as long again.
    fn forget(&mut self, rolling: Option<Duration>, at: Duration) {
        if let Some(span) = rolling {
            self.past.forget(span, at);
            for row in self.holders.values_mut() {
                row.granted = row.granted.saturating_sub(row.spent.forget(span, at));
                if at >= row.seen_at.saturating_add(span.saturating_mul(2)) {
                    row.granted = row.spent.total();
                }
            }
        }
        self.holders.retain(|_, row| row.granted != 0 || row.spent.total() != 0 || row.is_alive(at));
    }

    /// Makes room for the rows of those who come.
    fn sum_up_the_gone(&mut self, rolling: Option<Duration>, at: Duration) {
        while self.holders.len() > HOLDERS_MAX {
            let gone = self.holders.iter().filter(|(_, row)| !row.is_alive(at));
            let first = gone.min_by_key(|(_, row)| row.seen_at).map(|(name, _)| name.clone());
            let Some(row) = first.and_then(|name| self.holders.remove(&name)) else { break };
            self.sum_up(&row, rolling);
        }
    }

    /// Counts what was granted to a holder as spent, as late as it can have been.
    fn sum_up(&mut self, row: &Row, rolling: Option<Duration>) {
        let unspent = row.granted.saturating_sub(row.spent.total()).max(0);
        let slot = rolling.map(|span| slots::after(span, row.seen_at.saturating_add(span)));
        self.past.add(&row.spent);
        self.past.spend(slot, unspent);
    }
}

impl Row {
    /// What is granted to a holder that is gone stays granted, but nobody leaves it a part of the rest.
    fn is_alive(&self, at: Duration) -> bool {
        at.saturating_sub(self.seen_at) < HOLDER_SILENCE_MAX
    }
}

/// What a holder may have without a request that needs it. Near the limit that is little, so that the others find something.
fn slice(report: &Report<'_>, others: &Others, limit: i128) -> i128 {
    if report.is_leaving || others.are_wanting {
        return 0;
    }
    let left = limit.saturating_sub(others.granted).saturating_sub(report.used).max(0);
    report.pace.min(left / (SLICES_PER_HOLDER * (others.alive + 1)))
}
