//! A budget that is shared with other processes: what of it is granted to this one, and what the others have to be told.

use std::time::Duration;

use domain::allotment::{Span, StoreDown};
use jiff::Timestamp;

use super::{Rules, Spending, Window, until};
use crate::ledger::calendar::Period;
use crate::ledger::contact::Exchange;
use crate::ledger::lease::Lease;
use crate::ledger::leased::Leased;
use crate::ledger::measure::Moment;
use crate::ledger::pool::{Bounds, Others, Pool, Report, Spent};

/// How much longer than its span the shared value is kept: clocks differ, and requests last.
const KEPT_LONGER: Duration = Duration::from_secs(86_400);

/// What becomes of an account once the others have agreed.
#[derive(Debug, Clone, Copy)]
pub(in crate::ledger) struct Agreement {
    mark: Option<i64>,
    more: i128,
    others: Others,
    asked: Duration,
    changes: u64,
}

impl Spending {
    /// An account of which nothing is granted yet.
    pub(in crate::ledger) fn shared(rules: Rules<'_>, now: Timestamp) -> Self {
        Self { lease: Some(Box::default()), ..Self::new(rules, now) }
    }

    /// Which span its shared value is about; none where it is a rolling one.
    pub(in crate::ledger) fn shared_mark(&self) -> Option<i64> {
        self.window.shared_mark()
    }

    /// How long its shared value is of use; for ever where none.
    pub(in crate::ledger) fn shared_for(&self, rules: Rules<'_>, now: Timestamp) -> Option<Duration> {
        let span = match (&self.window, rules.budget.span) {
            (_, Span::Rolling(span)) => span.saturating_mul(3),
            (Window::Fixed(Period { ends: i64::MAX, .. }), _) => return None,
            (Window::Fixed(period), _) => until(period.ends, now),
            (Window::Rolling(_), _) => Duration::ZERO,
        };
        Some(span.saturating_add(KEPT_LONGER))
    }

    /// Writes into the shared value what the others have to know, and what is granted to this process. What that is less than before is given up
    /// at once, and what it is more is there when the others have agreed ([`Spending::agree`]): so it never uses what they do not know of.
    pub(in crate::ledger) fn propose(
        &mut self,
        pool: &mut Pool,
        exchange: Exchange<'_>,
        rules: Rules<'_>,
        now: Moment,
    ) -> Option<Agreement> {
        let mark = self.shared_mark();
        let rolling = rolling(rules);
        let spent = match (&self.window, rolling) {
            (Window::Rolling(slots), Some(span)) => Spent::by_age(slots.ages(), span, exchange.time.at_most),
            _ => Spent::in_all(self.spent),
        };
        let used = self.spent.saturating_add(self.held);
        let lease = self.lease.as_mut()?;
        let (needed, pace) = lease.demand();
        let Exchange { holder, is_leaving, time, asked } = exchange;
        let report = Report { holder, spent, used, needed, pace, is_leaving };
        let bounds = Bounds { limit: rules.budget.amount_at(now.wall.as_second()), rolling };
        let (granted, others) = pool.exchange(report, bounds, time);
        let (more, changes) = lease.give_up(granted);
        Some(Agreement { mark, more, others, asked, changes })
    }

    /// The others have agreed. Says what is newly not accounted for.
    pub(in crate::ledger) fn agree(&mut self, agreement: &Agreement) -> i128 {
        let Agreement { mark, more, others, asked, changes } = *agreement;
        match &mut self.lease {
            Some(lease) if self.window.shared_mark() == mark => lease.agreed(more, others, asked, changes),
            _ => 0,
        }
    }

    /// What is granted to this process, with what it has spent and used.
    pub(in crate::ledger) fn lease(&mut self) -> Option<Leased<'_>> {
        let used = self.spent.saturating_add(self.held);
        Some(Leased::Budget { lease: self.lease.as_mut()?, spent: self.spent, used })
    }

    /// What is spent and held here, and how the others stand as far as is known.
    pub(in crate::ledger) fn parts(&self) -> ((i128, i128), Others) {
        ((self.spent, self.held), self.others())
    }

    /// How the others stand; nothing where there are none.
    pub(super) fn others(&self) -> Others {
        self.lease.as_ref().map(|lease| *lease.others()).unwrap_or_default()
    }

    /// What is spent here and by the others, as far as is known.
    pub(super) fn spent_by_all(&self) -> i128 {
        self.spent.saturating_add(self.others().spent)
    }

    /// Whether too little is left whatever the others give back, as far as was known a moment ago.
    pub(super) fn is_short(&self, used: i128, limit: i128, now: Duration) -> bool {
        let Some(lease) = &self.lease else { return true };
        lease.is_fresh(now) && used.saturating_add(lease.others().spent) > limit
    }
}

impl Window {
    fn shared_mark(&self) -> Option<i64> {
        match self {
            Self::Fixed(period) => Some(period.begins),
            Self::Rolling(_) => None,
        }
    }
}

/// Whether so much may be spent and held here. While the others cannot be asked, the budget says what that means.
pub(super) fn may_use(lease: &Lease, used: i128, limit: i128, rules: Rules<'_>, now: Duration) -> bool {
    match (lease.is_cut_off(), rules.budget.on_store_down) {
        (true, StoreDown::Closed) => false,
        (true, StoreDown::Open) => used.saturating_add(lease.others().spent) <= limit,
        _ => lease.covers(used, rolling(rules), now),
    }
}

/// The length of a budget's rolling span.
fn rolling(rules: Rules<'_>) -> Option<Duration> {
    match rules.budget.span {
        Span::Rolling(span) => Some(span),
        _ => None,
    }
}
