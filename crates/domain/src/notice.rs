//! What somebody is to hear of a budget who sent no request: whoever pays.

use std::sync::Arc;

use crate::allotment::{Allotment, Budget, Span, Terms};

/// A threshold of a budget was passed for the first time in its span, or nothing is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetNotice {
    /// The budget.
    pub allotment: Arc<Allotment>,
    /// Whose account of it, for people; empty where all share one.
    pub group: Box<str>,
    /// What tells the account from all others, and is the same in every process that shares it: the budget's name, and a hash.
    pub account: Box<str>,
    /// What there is to hear.
    pub news: BudgetNews,
    /// How much there is: pico-dollars or tokens.
    pub limit: i128,
    /// How much is spent.
    pub spent: i128,
    /// The span of the calendar that it is about.
    pub period: NoticePeriod,
    /// When it was found, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_milliseconds: i64,
    /// The request that it was found by; none where it was what other processes said.
    pub request_id: Option<Box<str>>,
}

/// What there is to hear of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetNews {
    /// So many percent are spent, which is one of its thresholds.
    Passed {
        /// The threshold.
        percent: u8,
    },
    /// It is spent, or a request was turned away since too little of it is left.
    Exhausted,
}

/// A span of the calendar, in seconds since 1970-01-01 00:00 UTC. Nothing where the budget is spent once, or its span is a rolling one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoticePeriod {
    /// Its first second.
    pub begins: Option<i64>,
    /// The first second behind it.
    pub ends: Option<i64>,
}

impl BudgetNotice {
    /// What the budget says; none where it is about something else, which nobody makes.
    #[must_use]
    pub fn budget(&self) -> Option<&Budget> {
        match &self.allotment.terms {
            Terms::Budget(budget) => Some(budget),
            Terms::Rate(_) => None,
        }
    }

    /// Whom the budget tells.
    #[must_use]
    pub fn webhooks(&self) -> &[Box<str>] {
        self.budget().map(|budget| budget.notify.as_slice()).unwrap_or_default()
    }

    /// What tells the span from others of the same account, in which the same is told once.
    #[must_use]
    pub fn span_key(&self) -> String {
        match (self.budget().map(|budget| budget.span), self.period.begins) {
            (Some(Span::Rolling(_)), _) => "rolling".to_owned(),
            (_, Some(begins)) => begins.to_string(),
            (_, None) => "once".to_owned(),
        }
    }

    /// How many whole percent are spent.
    #[must_use]
    pub fn spent_percent(&self) -> i128 {
        self.spent.saturating_mul(100).checked_div(self.limit).unwrap_or(100)
    }
}
