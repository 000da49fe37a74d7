//! What one credential has left of a model.

use std::sync::Arc;
use std::time::Duration;

use domain::Quota;
use domain::quota::Counted;
use smallvec::SmallVec;

use super::cost::Cost;
use super::pace::Pace;
use super::report::{Left, Report};
use super::reported::Reported;
use super::utilization::Utilization;
use super::window::Window;
use crate::credentials::REST_LIMITED;

/// What one credential has left of a model: by the configured quota, by what answers said, and by refusals where nothing else
/// is known.
#[derive(Debug)]
pub struct Account {
    quota: Arc<Quota>,
    windows: SmallVec<[Window; 2]>,
    reported: SmallVec<[Reported; 2]>,
    utilization: Utilization,
    pace: Pace,
    under_way: u32,
    /// The provider asked to be left alone up to here.
    rests_until: Duration,
}

/// What a call took, to be corrected by what it used.
#[derive(Debug)]
pub struct Receipt {
    cost: Cost,
    slots: SmallVec<[u64; 2]>,
    marks: SmallVec<[(Counted, u64); 2]>,
}

impl Account {
    /// One that has everything that its quota allows.
    #[must_use]
    pub fn new(quota: Arc<Quota>) -> Self {
        let windows = quota.allowances.iter().map(|allowance| Window::new(*allowance)).collect();
        Self {
            quota,
            windows,
            reported: SmallVec::new(),
            utilization: Utilization::default(),
            pace: Pace::default(),
            under_way: 0,
            rests_until: Duration::ZERO,
        }
    }

    /// How long a call has to wait for what it takes, after those that take `ahead` in so many calls; none where it waits for
    /// another call to end. `spare` keeps a tenth of each configured quota back, and waits from where the quota says on by what is in use.
    /// A call that takes more than there ever is waits until nothing else is used.
    pub fn wait(
        &mut self,
        cost: &Cost,
        (ahead, calls): (&Cost, u64),
        spare: bool,
        now: Duration,
    ) -> Option<Duration> {
        if self.quota.concurrency.is_some_and(|most| self.under_way >= most) {
            return None;
        }
        let quota = &*self.quota;
        let amount = |counted, limit: u64| {
            let before = if counted == Counted::Requests { calls } else { ahead.of(counted, quota) };
            before.saturating_add(cost.of(counted, quota).min(limit))
        };
        let mut wait = self.rests_until.saturating_sub(now).max(self.pace.wait(calls + 1, now));
        for window in &mut self.windows {
            let count = window.allowance.count;
            let limit = if spare { count - count / 10 } else { count };
            wait = wait.max(window.wait(amount(window.allowance.counted, limit), limit, now));
        }
        for reported in &self.reported {
            wait = wait.max(reported.wait(amount(reported.counted, reported.limit()), now));
        }
        Some(wait.max(self.utilization.wait(self.bound(spare), now)))
    }

    /// How much is in use, in thousandths, where a call has to wait for that.
    pub fn too_much_in_use(&self, spare: bool, now: Duration) -> Option<u64> {
        let waits = !self.utilization.wait(self.bound(spare), now).is_zero();
        waits.then(|| self.utilization.in_use(now))
    }

    /// While less than so many thousandths are in use a call goes.
    fn bound(&self, spare: bool) -> u64 {
        let policy = self.quota.utilization.filter(|_| spare);
        policy.map_or(1000, |policy| u64::from(policy.batch_percent_max) * 10)
    }

    /// A call begins.
    pub fn take(&mut self, cost: Cost, now: Duration) -> Receipt {
        self.under_way = self.under_way.saturating_add(1);
        self.pace.take(now);
        self.utilization.take(now);
        let quota = &*self.quota;
        let slots = self.windows.iter_mut();
        let slots = slots.map(|window| window.take(cost.of(window.allowance.counted, quota), now)).collect();
        for reported in &mut self.reported {
            reported.take(cost.of(reported.counted, quota), now);
        }
        let marks = self.reported.iter().map(|reported| (reported.counted, reported.mark())).collect();
        Receipt { cost, slots, marks }
    }

    /// A call has ended, having used this much, or what was thought where nobody knows.
    pub fn ended(&mut self, receipt: &Receipt, used: Option<Cost>, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(used) = used else { return };
        for (window, slot) in self.windows.iter_mut().zip(&receipt.slots) {
            let counted = window.allowance.counted;
            let (taken, used) = (receipt.cost.of(counted, &self.quota), used.of(counted, &self.quota));
            window.correct(*slot, taken, used, now);
        }
    }

    /// An answer to the call of a receipt says how the account stands.
    pub fn learn(&mut self, report: &Report, receipt: Option<&Receipt>, now: Duration) {
        match report {
            Report::Left(left) => self.learn_left(left, receipt, now),
            Report::InUse(thousandths) => self.utilization.learn(*thousandths, now),
        }
    }

    fn learn_left(&mut self, report: &Left, receipt: Option<&Receipt>, now: Duration) {
        let counted = report.counted;
        let known = self.reported.iter().position(|reported| reported.counted == counted);
        let place = known.unwrap_or_else(|| {
            self.reported.push(Reported::new(counted));
            self.reported.len() - 1
        });
        let Some(reported) = self.reported.get_mut(place) else { return };
        let marks = receipt.map(|receipt| receipt.marks.as_slice()).unwrap_or_default();
        let mark = marks.iter().find(|(marked, _)| *marked == counted).map_or(0, |(_, mark)| *mark);
        reported.learn(report, mark, now);
    }

    /// The provider refused a call for its quota, and may have said for how long.
    pub fn refused(&mut self, wish: Option<Duration>, now: Duration) {
        self.pace.refused(wish.unwrap_or(REST_LIMITED), now);
        if let Some(wish) = wish {
            self.rests_until = self.rests_until.max(now.saturating_add(wish));
        }
    }

    /// How much is left of what is scarcest, in thousandths.
    pub fn left(&mut self, now: Duration) -> u64 {
        if self.rests_until > now {
            return 0;
        }
        let windows = self.windows.iter_mut().map(|window| window.left(now)).min().unwrap_or(1000);
        let reported = self.reported.iter().map(|reported| reported.share(now)).min().unwrap_or(1000);
        let concurrency = self.quota.concurrency.map_or(1000, |most| {
            u64::from(most.saturating_sub(self.under_way)) * 1000 / u64::from(most.max(1))
        });
        windows.min(reported).min(concurrency).min(self.utilization.left(now))
    }
}
