//! What there is to hear of a budget's account: thresholds that were passed, and that nothing is left. Each is found once in a span.

use domain::allotment::Span;
use domain::notice::{BudgetNews, NoticePeriod};
use jiff::Timestamp;
use smallvec::SmallVec;

use super::{Rules, Spending, Window};
use crate::ledger::calendar::Period;
use crate::ledger::standing::is_passed;

/// What was told of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How many thresholds were passed.
    passed: usize,
    /// Of which amount it was told that nothing is left, and when.
    exhausted: Option<(i128, Timestamp)>,
}

impl Told {
    /// No more thresholds are passed than these: those above will be told again.
    pub(super) fn recede(&mut self, passed: usize) {
        self.passed = self.passed.min(passed);
    }
}

impl Spending {
    /// What there is to hear since the last time that this was asked. Of several thresholds it is the highest.
    pub(in crate::ledger) fn news(&mut self, rules: Rules<'_>, now: Timestamp) -> SmallVec<[BudgetNews; 2]> {
        let passed = self.thresholds_passed(rules, now);
        let highest = passed.checked_sub(1).and_then(|last| rules.budget.warn_at.get(last));
        let highest = highest.filter(|_| passed > self.told.passed);
        self.told.passed = passed;
        let mut news: SmallVec<_> =
            highest.map(|percent| BudgetNews::Passed { percent: *percent }).into_iter().collect();
        let limit = rules.budget.amount_at(now.as_second());
        if limit > 0 && self.spent_by_all() >= limit && self.exhaust(rules, now) {
            news.push(BudgetNews::Exhausted);
        }
        news
    }

    /// Nothing is left of it, or too little for a request. Says whether that is news: it is once for an amount, and in a rolling span once in
    /// its length.
    pub(in crate::ledger) fn exhaust(&mut self, rules: Rules<'_>, now: Timestamp) -> bool {
        let limit = rules.budget.amount_at(now.as_second());
        let is_told = self.told.exhausted.is_some_and(|(amount, at)| {
            let is_over = match rules.budget.span {
                Span::Rolling(span) => now.duration_since(at).unsigned_abs() >= span,
                _ => false,
            };
            amount == limit && !is_over
        });
        if !is_told {
            self.told.exhausted = Some((limit, now));
        }
        !is_told
    }

    /// The span of the calendar that it is in.
    pub(in crate::ledger) fn period(&self) -> NoticePeriod {
        match self.window {
            Window::Fixed(Period::EVER) | Window::Rolling(_) => NoticePeriod::default(),
            Window::Fixed(Period { begins, ends }) => NoticePeriod { begins: Some(begins), ends: Some(ends) },
        }
    }

    pub(super) fn thresholds_passed(&self, rules: Rules<'_>, now: Timestamp) -> usize {
        let (spent, limit) = (self.spent_by_all(), rules.budget.amount_at(now.as_second()));
        rules.budget.warn_at.iter().take_while(|percent| is_passed(spent, limit, **percent)).count()
    }
}
