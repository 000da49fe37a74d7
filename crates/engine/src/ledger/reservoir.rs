//! What replicas agree on about one account of a rate limit: what is owed to it, and how much more each may take without asking.
//!
//! What was taken is owed, and comes back steadily. What a holder may take without asking is its credit, and nobody else's. What is owed and all
//! credits together never exceed what can be taken at once, so that within any time all replicas take no more than one alone could: that, and
//! what comes back meanwhile. Requests at once are bounded by permits, of which each holder has some. A holder that is gone takes its permits
//! with it, since its requests ended with it; its credit may have been taken, and is owed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::allotment::RateLimit;
use domain::quota::Allowance;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::bucket::{Bucket, units};
use super::contact::{HOLDER_SILENCE_MAX, StoreTime};
use super::encoding;

/// A holder may have so much of what is left without a request that needs it, divided by the number of holders.
const SLICES_PER_HOLDER: i128 = 2;

/// The account of a fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reservoir {
    /// Whose account it is, for people who look into the store.
    group: Box<str>,
    /// Up to when what is owed has come back, by the clock of the store.
    #[serde(with = "encoding::nanoseconds")]
    as_of: Duration,
    /// What is owed of each allowance, in nanoseconds × count, as [`Bucket`] has it.
    #[serde(with = "encoding::list")]
    owed: SmallVec<[i128; 2]>,
    holders: BTreeMap<Box<str>, Row>,
}

/// What one holder has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// Which of the accounts that it has had for this one.
    born: u64,
    /// What it may take of each allowance without asking.
    #[serde(with = "encoding::list")]
    credit: SmallVec<[i128; 2]>,
    /// What it had taken of each allowance when it last said something, and what it had given back.
    #[serde(with = "encoding::list")]
    taken: SmallVec<[i128; 2]>,
    #[serde(with = "encoding::list")]
    returned: SmallVec<[i128; 2]>,
    permits: u32,
    /// How many requests it has under way.
    under_way: u32,
    /// Whether one of its requests needs what others have without need.
    is_wanting: bool,
    /// When it last said so, by the clock of the store.
    #[serde(with = "encoding::milliseconds")]
    seen_at: Duration,
}

/// What a holder says of itself.
#[derive(Debug, Clone)]
pub(super) struct Report<'a> {
    pub(super) holder: &'a str,
    /// Different for each account that it has had for this one.
    pub(super) born: u64,
    /// Of each allowance.
    pub(super) of: SmallVec<[Account; 2]>,
    pub(super) under_way: u32,
    /// How many more permits one of its requests needs, and how many all take in a short time.
    pub(super) permits: Wish,
    /// Whether it ends.
    pub(super) is_leaving: bool,
}

/// What a holder says of an allowance.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Account {
    /// What it has used in all.
    pub(super) used: Used,
    /// As much of it as the others are known to know of.
    pub(super) told: Used,
    pub(super) wish: Wish,
}

/// What was taken, and what was given back of that. The one is not simply less than the other: what comes back when nothing is owed any more is
/// nobody's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) taken: i128,
    pub(super) returned: i128,
}

impl Used {
    /// So much more is taken, or less.
    pub(super) fn add(&mut self, amount: i128) {
        self.taken = self.taken.saturating_add(amount.max(0));
        self.returned = self.returned.saturating_add(amount.min(0).saturating_neg());
    }

    /// What of it is not in another.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            taken: self.taken.saturating_sub(before.taken),
            returned: self.returned.saturating_sub(before.returned),
        }
    }
}

/// What a holder would have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    /// What one of its requests needs more.
    pub(super) needed: i128,
    /// What its requests take in a short time.
    pub(super) pace: i128,
}

/// What a rate limit is, and whether it only tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub(super) limit: &'a RateLimit,
    pub(super) is_warning: bool,
}

/// What is granted to a holder, and how the others stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grant {
    /// Of each allowance.
    pub(super) of: SmallVec<[Granted; 2]>,
    pub(super) permits: u32,
    pub(super) permits_of_others: u32,
    pub(super) under_way_at_others: u32,
}

/// What is granted of an allowance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Granted {
    /// What may be taken without asking.
    pub(super) credit: i128,
    /// What is owed, in nanoseconds × count.
    pub(super) owed: i128,
    /// The credits of the others.
    pub(super) of_others: i128,
}

/// What there is of something for one more holder.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// What nobody uses.
    unused: i128,
    /// What others may use all the same.
    of_others: i128,
    /// By how many it is divided: the others that are alive, and the one that asks.
    holders: i128,
    /// Whether one of the others has a request that needs more than there is.
    others_are_wanting: bool,
}

impl Reservoir {
    /// The account of a group that has none yet.
    pub(super) fn of(group: &str) -> Self {
        Self { group: group.into(), ..Self::default() }
    }

    /// Takes what a holder says of itself; says what it may take from now on, and how the others stand.
    pub(super) fn exchange(&mut self, report: &Report<'_>, bounds: Bounds<'_>, time: StoreTime) -> Grant {
        let allowances = &bounds.limit.allowances;
        self.advance(allowances, time.at_least);
        let before = self.holders.remove(report.holder).filter(|row| row.born == report.born);
        for (place, allowance) in allowances.iter().enumerate() {
            let Account { used, told, .. } = report.of.get(place).copied().unwrap_or_default();
            let Used { taken, returned } = used.since(before.as_ref().map_or(told, |row| row.used(place)));
            self.owe(place, returned.saturating_neg(), allowance, bounds.is_warning);
            self.owe(place, taken, allowance, bounds.is_warning);
        }
        let mut grant = Grant::default();
        let mut is_wanting = false;
        for (place, allowance) in allowances.iter().enumerate() {
            let owed = at(&self.owed, place);
            let of_others = self.holders.values().map(|row| at(&row.credit, place)).sum();
            let room = self.room(count(allowance).saturating_sub(in_whole(owed, allowance)), of_others);
            let wish = report.of.get(place).map(|account| account.wish).unwrap_or_default();
            let (credit, wants) = room.leave(wish, report.is_leaving);
            is_wanting |= wants;
            grant.of.push(Granted { credit, owed, of_others });
        }
        is_wanting |= self.leave_permits(&mut grant, report, bounds.limit);
        if !report.is_leaving {
            let row = Row {
                born: report.born,
                credit: grant.of.iter().map(|granted| granted.credit).collect(),
                taken: report.of.iter().map(|account| account.used.taken).collect(),
                returned: report.of.iter().map(|account| account.used.returned).collect(),
                permits: grant.permits,
                under_way: report.under_way,
                is_wanting,
                seen_at: time.at_most,
            };
            self.holders.insert(report.holder.into(), row);
        }
        grant
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

    /// How long it is of use: until all that is owed has come back, and every holder was heard of or is gone.
    pub(super) fn kept_for(&self, allowances: &[Allowance]) -> Duration {
        let places = allowances.iter().enumerate();
        let whole_in = places.map(|(place, allowance)| {
            let owed = u128::try_from(at(&self.owed, place)).unwrap_or_default();
            let credits = self.holders.values().map(|row| at(&row.credit, place)).sum::<i128>();
            let credits = u64::try_from(credits).unwrap_or_default();
            Bucket::owing(owed.saturating_add(units(credits, allowance)), allowance, Duration::ZERO)
                .whole_in(allowance, Duration::ZERO)
        });
        whole_in.max().unwrap_or_default().saturating_add(HOLDER_SILENCE_MAX.saturating_mul(3))
    }

    /// Brings it up to a time: some holders are gone, and some of what is owed has come back, also of their credits since then.
    fn advance(&mut self, allowances: &[Allowance], now: Duration) {
        self.owed.resize(allowances.len(), 0);
        let is_gone = |row: &Row| now.saturating_sub(row.seen_at) >= HOLDER_SILENCE_MAX;
        let (mut gone, alive): (Vec<_>, _) =
            std::mem::take(&mut self.holders).into_iter().partition(|(_, row)| is_gone(row));
        self.holders = alive.into_iter().collect();
        gone.sort_by_key(|(_, row)| row.seen_at);
        for (_, row) in gone {
            self.come_back(allowances, row.seen_at.saturating_add(HOLDER_SILENCE_MAX));
            for (place, allowance) in allowances.iter().enumerate() {
                self.owe(place, at(&row.credit, place), allowance, false);
            }
        }
        self.come_back(allowances, now);
        // Also where the clock of the store went back: nothing would come back until it is there again.
        self.as_of = now;
    }

    fn come_back(&mut self, allowances: &[Allowance], now: Duration) {
        let elapsed = now.saturating_sub(self.as_of).as_nanos();
        for (owed, allowance) in self.owed.iter_mut().zip(allowances) {
            let back = elapsed.saturating_mul(allowance.count.into());
            *owed = owed.saturating_sub(i128::try_from(back).unwrap_or(i128::MAX)).max(0);
        }
        self.as_of = self.as_of.max(now);
    }

    /// So much more is owed, or less. A limit that only tells is owed no more than there is.
    fn owe(&mut self, place: usize, amount: i128, allowance: &Allowance, is_warning: bool) {
        let Some(owed) = self.owed.get_mut(place) else { return };
        *owed = owed.saturating_add(amount.saturating_mul(unit(allowance))).max(0);
        if is_warning {
            *owed = (*owed).min(count(allowance).saturating_mul(unit(allowance)));
        }
    }

    fn leave_permits(&self, grant: &mut Grant, report: &Report<'_>, limit: &RateLimit) -> bool {
        let total = |of: fn(&Row) -> u32| self.holders.values().map(of).fold(0, u32::saturating_add);
        (grant.permits_of_others, grant.under_way_at_others) =
            (total(|row| row.permits), total(|row| row.under_way));
        let Some(most) = limit.concurrency else { return false };
        let used = i128::from(report.under_way);
        let unused = i128::from(most) - used - i128::from(grant.under_way_at_others);
        let idle_at_others = i128::from(grant.permits_of_others) - i128::from(grant.under_way_at_others);
        let (more, wants) = self.room(unused, idle_at_others).leave(report.permits, report.is_leaving);
        // What is under way is a fact, also where it is more than there is.
        grant.permits = u32::try_from(used + more).unwrap_or(u32::MAX);
        wants
    }

    fn room(&self, unused: i128, of_others: i128) -> Room {
        let holders = i128::try_from(self.holders.len()).unwrap_or(i128::MAX).saturating_add(1);
        let others_are_wanting = self.holders.values().any(|row| row.is_wanting);
        Room { unused, of_others, holders, others_are_wanting }
    }
}

impl Row {
    fn used(&self, place: usize) -> Used {
        Used { taken: at(&self.taken, place), returned: at(&self.returned, place) }
    }
}

impl Room {
    /// What a holder is left, and whether it needs what others have without need.
    fn leave(self, wish: Wish, is_leaving: bool) -> (i128, bool) {
        let left = self.unused.saturating_sub(self.of_others).max(0);
        if is_leaving {
            return (0, false);
        }
        let slice = if self.others_are_wanting { 0 } else { left / (SLICES_PER_HOLDER * self.holders) };
        let granted = if wish.needed <= left { wish.needed } else { 0 };
        (granted.max(wish.pace.min(slice)), wish.needed > left && wish.needed <= self.unused)
    }
}

fn at(amounts: &[i128], place: usize) -> i128 {
    amounts.get(place).copied().unwrap_or_default()
}

fn count(allowance: &Allowance) -> i128 {
    allowance.count.into()
}

fn unit(allowance: &Allowance) -> i128 {
    i128::try_from(units(1, allowance)).unwrap_or(i128::MAX).max(1)
}

/// How many units something that is owed is at most.
fn in_whole(owed: i128, allowance: &Allowance) -> i128 {
    let unit = unit(allowance);
    owed / unit + i128::from(owed % unit != 0)
}
