//! A rate limit that is shared with other processes: what this one may take of it without asking, and what the others have to be told.

use std::time::Duration;

use domain::allotment::{RateLimit, StoreDown};
use domain::quota::Allowance;
use smallvec::SmallVec;

use super::{Rates, Rules, UNDER_WAY};
use crate::ledger::bucket::Bucket;
use crate::ledger::contact::{Contact, EXCHANGE_INTERVAL, Exchange, HOLDER_SILENCE_MAX};
use crate::ledger::demand::Demand;
use crate::ledger::denied::{Shortage, Why};
use crate::ledger::measure::Asked;
use crate::ledger::reservoir::{Account, Bounds, Grant, Granted, Report, Reservoir, Used, Wish};

/// For how long a process that does not hear of the others begins requests by what was granted to it. It is shorter than the others wait until
/// they take it for gone, so that a request that was begun until then may last for a while before its permit is another's.
const CREDIT_LASTS: Duration = Duration::from_secs(HOLDER_SILENCE_MAX.as_secs() / 2);
/// Where the others had too little, they are not asked again before as much has come back as does in this time, so that a limit that is reached
/// does not have the store asked for each unit of it.
const DRY_FOR: Duration = Duration::from_millis(25);

/// What this process has of an account that others share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ledger) struct Credits {
    /// When it was begun, by the steady clock in nanoseconds: no account that is begun later may be taken for it.
    born: u64,
    contact: Contact,
    /// Of each allowance.
    of: SmallVec<[Credit; 2]>,
    permits: Permits,
}

/// What may be taken of an allowance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Credit {
    /// Without asking.
    left: i128,
    /// What was used so far.
    used: Used,
    /// As much of it as the others know of.
    told: Used,
    demand: Demand,
    /// What the others may take without asking.
    of_others: i128,
    /// Whether there was too little for a request when the others were last asked.
    is_dry: bool,
}

/// How many requests may be under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Permits {
    granted: u32,
    demand: Demand,
    of_others: u32,
    under_way_at_others: u32,
}

/// What becomes of an account once the others have agreed.
#[derive(Debug, Clone)]
pub(in crate::ledger) struct Agreement {
    born: u64,
    grant: Grant,
    /// Of each allowance, by how much the credit rises.
    more: SmallVec<[i128; 2]>,
    /// What the others know to be used.
    told: SmallVec<[Used; 2]>,
    more_permits: u32,
    asked: Duration,
    changes: u64,
}

/// By what requests are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// What is granted.
    Grant,
    /// What this process counts by itself.
    OwnCount,
    /// Nothing is.
    Nothing,
}

impl Credits {
    pub(in crate::ledger) fn new(limit: &RateLimit, now: Duration) -> Self {
        let born = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Self { born, of: limit.allowances.iter().map(|_| Credit::default()).collect(), ..Self::default() }
    }

    pub(in crate::ledger) fn contact(&mut self) -> &mut Contact {
        &mut self.contact
    }

    /// An interval is over.
    pub(in crate::ledger) fn tick(&mut self) {
        self.of.iter_mut().for_each(|credit| credit.demand.tick());
        self.permits.demand.tick();
    }

    /// Whether others have to be told of it, with so many requests under way.
    pub(in crate::ledger) fn is_due(&self, under_way: u32, now: Duration) -> bool {
        let has_unused = self.has_credit() || self.permits.granted > under_way;
        self.contact.has_news() || has_unused || (self.is_granted() && self.contact.is_silent(now))
    }

    /// Whether something is granted.
    pub(in crate::ledger) fn is_granted(&self) -> bool {
        self.has_credit() || self.permits.granted > 0
    }

    /// Whether the others have to be told of it when the process ends.
    pub(in crate::ledger) fn is_known(&self) -> bool {
        self.is_granted() || self.contact.has_news()
    }

    /// Whether a request needed more.
    pub(in crate::ledger) fn is_short(&self) -> bool {
        self.permits.demand.needed() > 0 || self.of.iter().any(|credit| credit.demand.needed() > 0)
    }

    /// What is taken of each allowance, in their order, for a request that begins.
    pub(super) fn begin(&mut self, amounts: impl Iterator<Item = u64>) {
        for (credit, amount) in self.of.iter_mut().zip(amounts) {
            credit.take(amount.into());
            credit.demand.take(amount.into());
        }
        self.permits.demand.take(1);
        self.contact.changed();
    }

    /// A request has ended, and took so much more of each allowance than was thought, or less. What is less is for all.
    pub(super) fn end(&mut self, more: impl Iterator<Item = i128>) {
        for (credit, more) in self.of.iter_mut().zip(more) {
            credit.take(more);
        }
        self.contact.changed();
    }

    /// The credits of the others for an allowance.
    pub(super) fn of_others(&self, place: usize) -> i128 {
        self.of.get(place).map_or(0, |credit| credit.of_others)
    }

    /// How many requests are under way at others, and how many more may be.
    pub(super) fn at_others(&self) -> (u32, u32) {
        let Permits { of_others, under_way_at_others, .. } = self.permits;
        (under_way_at_others, of_others.saturating_sub(under_way_at_others))
    }

    fn has_credit(&self) -> bool {
        self.of.iter().any(|credit| credit.left > 0)
    }

    fn by(&self, limit: &RateLimit) -> By {
        match (self.contact.is_cut_off(), limit.on_store_down) {
            (true, StoreDown::Closed) => By::Nothing,
            (true, StoreDown::Open) => By::OwnCount,
            _ => By::Grant,
        }
    }
}

impl Credit {
    fn take(&mut self, amount: i128) {
        self.used.add(amount);
        self.left = self.left.saturating_sub(amount.max(0)).max(0);
    }

    /// How long until it is worth while to ask the others for so much, who were heard of just now; `None` where it never is.
    fn wait(&self, amount: u64, bucket: Bucket, allowance: &Allowance, now: Duration) -> Option<Duration> {
        let in_time = u128::from(allowance.count).saturating_mul(DRY_FOR.as_nanos());
        let back = in_time.checked_div(allowance.per.as_nanos()).unwrap_or_default();
        let back = if self.is_dry { u64::try_from(back).unwrap_or(u64::MAX) } else { 0 };
        let worth = amount.saturating_add(back).min(allowance.count.max(amount));
        bucket.wait(worth, allowance, now)
    }
}

/// Accounts of which too little is granted: the first of them, and whether others may have enough.
#[derive(Debug, Default)]
struct Lack(Option<Shortage>);

impl Lack {
    /// # Errors
    /// Where no other has enough.
    fn add(&mut self, shortage: Shortage, is_for_good: bool) -> Result<(), Why> {
        if is_for_good {
            return Err(Why::Short(Box::new(shortage)));
        }
        self.0.get_or_insert(shortage);
        Ok(())
    }
}

impl Rates {
    /// Whether a request fits into what is granted to this process.
    pub(super) fn check_granted(
        &mut self,
        asked: &Asked,
        rules: Rules<'_>,
        now: Duration,
    ) -> Result<(), Why> {
        let mut lack = Lack::default();
        self.check_permit(rules, now, &mut lack)?;
        for (place, allowance) in rules.limit.allowances.iter().enumerate() {
            let amount = asked.thought.counted(allowance.counted);
            self.check_credit((place, allowance), amount, rules, now, &mut lack)?;
        }
        lack.0.map_or(Ok(()), |shortage| Err(Why::Unleased(Box::new(shortage))))
    }

    fn check_permit(&mut self, rules: Rules<'_>, now: Duration, lack: &mut Lack) -> Result<(), Why> {
        let Some(most) = rules.limit.concurrency else { return Ok(()) };
        let (under_way, standing) = (self.under_way, self.concurrency(rules.limit));
        let (Some(credits), Some(standing)) = (&mut self.credits, standing) else { return Ok(()) };
        let by = credits.by(rules.limit);
        let is_there = match by {
            By::Grant => {
                credits.contact.is_heard_within(CREDIT_LASTS, now) && under_way < credits.permits.granted
            }
            By::OwnCount => under_way < most,
            By::Nothing => false,
        };
        if is_there {
            return Ok(());
        }
        let in_all = under_way.saturating_add(credits.permits.under_way_at_others);
        let is_for_good = (credits.contact.is_fresh(now) && in_all >= most) || by == By::OwnCount;
        if !is_for_good {
            credits.permits.demand.need(1);
            credits.contact.changed();
        }
        lack.add(Shortage { standing, asked: 1, wait: Some(UNDER_WAY) }, is_for_good)
    }

    fn check_credit(
        &mut self,
        (place, allowance): (usize, &Allowance),
        amount: u64,
        rules: Rules<'_>,
        now: Duration,
        lack: &mut Lack,
    ) -> Result<(), Why> {
        let bucket = self.buckets.get(place).copied().unwrap_or_default();
        let standing = self.rate(place, allowance, now);
        let Some(credits) = &mut self.credits else { return Ok(()) };
        let by = credits.by(rules.limit);
        let is_heard = credits.contact.is_heard_within(CREDIT_LASTS, now);
        let is_fresh = credits.contact.is_fresh(now);
        let Some(credit) = credits.of.get_mut(place) else { return Ok(()) };
        let is_free = || bucket.wait(amount, allowance, now) == Some(Duration::ZERO);
        let is_there = match by {
            By::Grant if amount == 0 => is_free(),
            By::Grant => is_heard && i128::from(amount) <= credit.left,
            By::OwnCount => is_free(),
            By::Nothing => false,
        };
        if is_there {
            return Ok(());
        }
        let wait = credit.wait(amount, bucket, allowance, now);
        let is_too_soon = is_fresh && wait != Some(Duration::ZERO);
        // Who counts by itself has nobody to ask.
        let is_for_good = wait.is_none() || is_too_soon || amount == 0 || by == By::OwnCount;
        if !is_for_good {
            credit.demand.need(amount.into());
            credits.contact.changed();
        }
        // What others may take comes back from them, or is taken.
        let wait = wait.map(|wait| wait.max(EXCHANGE_INTERVAL));
        lack.add(Shortage { standing, asked: amount.into(), wait }, is_for_good)
    }

    /// Writes into the shared value what the others have to know, and what is granted to this process. What that is less than before is given up
    /// at once, and what it is more is there when the others have agreed ([`Rates::agree`]).
    pub(in crate::ledger) fn propose(
        &mut self,
        reservoir: &mut Reservoir,
        exchange: Exchange<'_>,
        rules: Rules<'_>,
    ) -> Option<Agreement> {
        let credits = self.credits.as_mut()?;
        let Exchange { holder, is_leaving, time, asked } = exchange;
        let wish = |demand: &Demand| Wish { needed: demand.needed(), pace: demand.pace() };
        let account =
            |credit: &Credit| Account { used: credit.used, told: credit.told, wish: wish(&credit.demand) };
        let report = Report {
            holder,
            born: credits.born,
            of: credits.of.iter().map(account).collect(),
            under_way: self.under_way,
            permits: wish(&credits.permits.demand),
            is_leaving,
        };
        let bounds = Bounds { limit: rules.limit, is_warning: rules.is_warning() };
        let grant = reservoir.exchange(&report, bounds, time);
        let mut more = SmallVec::new();
        for (credit, granted) in credits.of.iter_mut().zip(&grant.of) {
            credit.left = credit.left.min(granted.credit);
            more.push(granted.credit - credit.left);
        }
        let permits = &mut credits.permits.granted;
        *permits = grant.permits.min(*permits);
        let (more_permits, changes) = (grant.permits - *permits, credits.contact.proposed());
        let told = report.of.iter().map(|account| account.used).collect();
        Some(Agreement { born: credits.born, grant, more, told, more_permits, asked, changes })
    }

    /// The others have agreed.
    pub(in crate::ledger) fn agree(&mut self, agreement: &Agreement, limit: &RateLimit) {
        let Agreement { grant, more, told, more_permits, asked, changes, .. } = agreement;
        let Some(credits) = self.credits.as_mut().filter(|credits| credits.born == agreement.born) else {
            return;
        };
        let known = grant.of.iter().zip(more).zip(told);
        let here = credits.of.iter_mut().zip(&mut self.buckets).zip(&limit.allowances);
        for ((granted, (more, told)), ((credit, bucket), allowance)) in
            known.map(|((granted, more), told)| (granted, (more, told))).zip(here)
        {
            let Granted { owed, of_others, .. } = *granted;
            credit.left = credit.left.saturating_add(*more);
            credit.is_dry = granted.credit < credit.demand.needed();
            (credit.told, credit.of_others) = (*told, of_others);
            credit.demand.met();
            *bucket = Bucket::owing(u128::try_from(owed).unwrap_or_default(), allowance, *asked);
            let Used { taken, returned } = credit.used.since(*told);
            bucket.correct_by(returned.saturating_neg(), allowance, *asked);
            bucket.correct_by(taken, allowance, *asked);
        }
        let permits = &mut credits.permits;
        permits.granted = permits.granted.saturating_add(*more_permits);
        (permits.of_others, permits.under_way_at_others) =
            (grant.permits_of_others, grant.under_way_at_others);
        permits.demand.met();
        credits.contact.agreed(*asked, *changes);
    }
}
