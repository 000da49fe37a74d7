//! How fast one group of requests may still come.

use std::time::Duration;

use domain::allotment::{AtLimit, RateLimit};
use domain::quota::{Allowance, Counted};
use smallvec::SmallVec;

use super::bucket::Bucket;
use super::denied::{Shortage, Why};
use super::measure::{Actual, Asked, Tokens};
use super::standing::{Measured, Standing};

/// When to come again where a request under way has to end first.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// The account of a rate limit: a bucket for each of its allowances, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rates {
    buckets: SmallVec<[Bucket; 2]>,
    under_way: u32,
}

impl Rates {
    pub(super) fn new(limit: &RateLimit) -> Self {
        Self { buckets: limit.allowances.iter().map(|_| Bucket::default()).collect(), under_way: 0 }
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&self, limit: &RateLimit, now: Duration) -> bool {
        let is_whole = |(bucket, allowance): (&Bucket, &Allowance)| bucket.whole_in(allowance, now).is_zero();
        self.under_way == 0 && self.buckets.iter().zip(&limit.allowances).all(is_whole)
    }

    /// Whether a request fits.
    pub(super) fn check(&self, asked: &Asked, limit: &RateLimit, now: Duration) -> Result<(), Why> {
        if limit.concurrency.is_some_and(|most| self.under_way >= most) {
            let standing = self.concurrency(limit).ok_or(Why::Crowded)?;
            return Err(Why::Short(Box::new(Shortage { standing, asked: 1, wait: Some(UNDER_WAY) })));
        }
        for (bucket, allowance) in self.buckets.iter().zip(&limit.allowances) {
            let amount = asked.thought.counted(allowance.counted);
            let wait = bucket.wait(amount, allowance, now);
            if wait != Some(Duration::ZERO) {
                let standing = standing(*bucket, allowance, now);
                return Err(Why::Short(Box::new(Shortage { standing, asked: amount.into(), wait })));
            }
        }
        Ok(())
    }

    /// Takes what a request is thought to take.
    pub(super) fn take(&mut self, asked: &Asked, limit: &RateLimit, at_limit: &AtLimit, now: Duration) {
        self.under_way = self.under_way.saturating_add(1);
        for (bucket, allowance) in self.buckets.iter_mut().zip(&limit.allowances) {
            bucket.take(asked.thought.counted(allowance.counted), allowance, now);
            if *at_limit == AtLimit::Warn {
                bucket.cap(allowance, now);
            }
        }
    }

    /// A request has ended. What was thought stands where nobody said what it took.
    pub(super) fn settle(&mut self, thought: Tokens, actual: &Actual, limit: &RateLimit, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(used) = actual.tokens else { return };
        let counted = self.buckets.iter_mut().zip(&limit.allowances);
        for (bucket, allowance) in counted.filter(|(_, allowance)| allowance.counted != Counted::Requests) {
            let (thought, used) = (thought.counted(allowance.counted), used.counted(allowance.counted));
            bucket.correct(thought, used, allowance, now);
        }
    }

    /// How each of its allowances stands, and the requests at once.
    pub(super) fn standings<'r>(
        &'r self,
        limit: &'r RateLimit,
        now: Duration,
    ) -> impl Iterator<Item = Standing> + 'r {
        let buckets = self.buckets.iter().zip(&limit.allowances);
        buckets
            .map(move |(bucket, allowance)| standing(*bucket, allowance, now))
            .chain(self.concurrency(limit))
    }

    fn concurrency(&self, limit: &RateLimit) -> Option<Standing> {
        Some(Standing {
            measured: Measured::Concurrency,
            limit: limit.concurrency?.into(),
            used: self.under_way.into(),
            held: 0,
            resets_in: None,
        })
    }
}

fn standing(bucket: Bucket, allowance: &Allowance, now: Duration) -> Standing {
    Standing {
        measured: Measured::Rate(allowance.counted, allowance.per),
        limit: allowance.count.into(),
        used: i128::from(allowance.count) - i128::from(bucket.left(allowance, now)),
        held: 0,
        resets_in: Some(bucket.whole_in(allowance, now)),
    }
}
