//! How fast one group of requests may still come. Where the limit is shared with other processes (`credits.rs`), requests take what is granted to
//! this one.

mod credits;

use std::time::Duration;

use domain::allotment::{AtLimit, RateLimit};
use domain::quota::Allowance;
use smallvec::SmallVec;

use super::bucket::Bucket;
use super::denied::{Shortage, Why};
use super::measure::{Actual, Asked, Tokens};
use super::standing::{Measured, Standing};
pub(super) use credits::{Agreement, Credits};

/// When to come again where a request under way has to end first.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// The account of a rate limit: a bucket for each of its allowances, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rates {
    /// What was taken here, and by others as far as is known.
    buckets: SmallVec<[Bucket; 2]>,
    under_way: u32,
    /// What is granted of a limit that others share.
    credits: Option<Box<Credits>>,
}

/// What a request took of a rate when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    thought: Tokens,
    /// Whether a call ended without anybody knowing what it took.
    pub(super) is_lost: bool,
}

impl Hold {
    pub(super) fn of(asked: &Asked) -> Self {
        Self { thought: asked.thought, is_lost: false }
    }
}

/// A rate limit, and what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) limit: &'a RateLimit,
    pub(super) at_limit: &'a AtLimit,
}

impl Rules<'_> {
    /// Whether it only tells.
    fn is_warning(self) -> bool {
        *self.at_limit == AtLimit::Warn
    }
}

impl Rates {
    pub(super) fn new(limit: &RateLimit) -> Self {
        let buckets = limit.allowances.iter().map(|_| Bucket::default()).collect();
        Self { buckets, under_way: 0, credits: None }
    }

    /// An account of which nothing is granted yet.
    pub(super) fn shared(limit: &RateLimit, now: Duration) -> Self {
        Self { credits: Some(Box::new(Credits::new(limit, now))), ..Self::new(limit) }
    }

    /// What is granted of it, where others share it, and how many requests are under way.
    pub(super) fn credits(&mut self) -> Option<(&mut Credits, u32)> {
        Some((self.credits.as_mut()?, self.under_way))
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&self, limit: &RateLimit, now: Duration) -> bool {
        let is_whole = |(bucket, allowance): (&Bucket, &Allowance)| bucket.whole_in(allowance, now).is_zero();
        self.under_way == 0
            && self.buckets.iter().zip(&limit.allowances).all(is_whole)
            && self.credits.as_ref().is_none_or(|credits| !credits.is_known())
    }

    /// Whether a request fits.
    pub(super) fn check(&mut self, asked: &Asked, rules: Rules<'_>, now: Duration) -> Result<(), Why> {
        if rules.is_warning() {
            return Ok(());
        }
        if self.credits.is_some() {
            return self.check_granted(asked, rules, now);
        }
        let limit = rules.limit;
        if limit.concurrency.is_some_and(|most| self.under_way >= most) {
            let standing = self.concurrency(limit).ok_or(Why::Crowded)?;
            return Err(Why::Short(Box::new(Shortage { standing, asked: 1, wait: Some(UNDER_WAY) })));
        }
        for (place, (bucket, allowance)) in self.buckets.iter().zip(&limit.allowances).enumerate() {
            let amount = asked.thought.counted(allowance.counted);
            let wait = bucket.wait(amount, allowance, now);
            if wait != Some(Duration::ZERO) {
                let standing = self.rate(place, allowance, now);
                return Err(Why::Short(Box::new(Shortage { standing, asked: amount.into(), wait })));
            }
        }
        Ok(())
    }

    /// Takes what a request is thought to take.
    pub(super) fn take(&mut self, asked: &Asked, rules: Rules<'_>, now: Duration) {
        self.under_way = self.under_way.saturating_add(1);
        let allowances = &rules.limit.allowances;
        for (bucket, allowance) in self.buckets.iter_mut().zip(allowances) {
            bucket.take(asked.thought.counted(allowance.counted), allowance, now);
            if rules.is_warning() {
                bucket.cap(allowance, now);
            }
        }
        if let Some(credits) = &mut self.credits {
            credits.begin(allowances.iter().map(|allowance| asked.thought.counted(allowance.counted)));
        }
    }

    /// A request has ended. What was thought stands where nobody said what it took. One whose last call was charged elsewhere took nothing, unless
    /// an earlier one here was lost.
    pub(super) fn settle(&mut self, hold: &Hold, actual: Option<&Actual>, limit: &RateLimit, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        let thought = hold.thought;
        let used = match actual {
            Some(actual) => Some(actual.tokens.unwrap_or(thought)),
            None => hold.is_lost.then_some(thought),
        };
        let more = |allowance: &Allowance| {
            let used = used.map_or(0, |used| used.counted(allowance.counted));
            i128::from(used) - i128::from(thought.counted(allowance.counted))
        };
        for (bucket, allowance) in self.buckets.iter_mut().zip(&limit.allowances) {
            bucket.correct_by(more(allowance), allowance, now);
        }
        if let Some(credits) = &mut self.credits {
            credits.end(limit.allowances.iter().map(more));
        }
    }

    /// How each of its allowances stands, and the requests at once.
    pub(super) fn standings<'r>(
        &'r self,
        limit: &'r RateLimit,
        now: Duration,
    ) -> impl Iterator<Item = Standing> + 'r {
        let allowances = limit.allowances.iter().enumerate();
        allowances
            .map(move |(place, allowance)| self.rate(place, allowance, now))
            .chain(self.concurrency(limit))
    }

    /// How one of its allowances stands.
    fn rate(&self, place: usize, allowance: &Allowance, now: Duration) -> Standing {
        let bucket = self.buckets.get(place).copied().unwrap_or_default();
        Standing {
            measured: Measured::Rate(allowance.counted, allowance.per),
            limit: allowance.count.into(),
            used: i128::from(allowance.count) - i128::from(bucket.left(allowance, now)),
            held: self.credits.as_ref().map_or(0, |credits| credits.of_others(place)),
            resets_in: Some(bucket.whole_in(allowance, now)),
        }
    }

    fn concurrency(&self, limit: &RateLimit) -> Option<Standing> {
        let (at_others, of_others) =
            self.credits.as_ref().map(|credits| credits.at_others()).unwrap_or_default();
        Some(Standing {
            measured: Measured::Concurrency,
            limit: limit.concurrency?.into(),
            used: i128::from(self.under_way) + i128::from(at_others),
            held: of_others.into(),
            resets_in: None,
        })
    }
}
