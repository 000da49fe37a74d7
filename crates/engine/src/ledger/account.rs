//! What one group of requests has of one allotment.

use std::time::Duration;

use domain::Allotment;
use domain::allotment::Terms;
use domain::notice::{BudgetNews, NoticePeriod};
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use super::contact::Exchange;
use super::denied::Why;
use super::leased::Leased;
use super::measure::{Actual, Asked, Moment};
use super::rates::{self, Rates};
use super::spending::{self, Hold, Rules, Spending};
use super::standing::Standing;
use super::value::Found;

/// The state of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    Rate(Rates),
    Budget(Spending),
}

/// What is held of an account for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Rate(rates::Hold),
    Budget(Hold),
}

impl Held {
    /// A call ended without anybody knowing what it took.
    pub(super) fn lose(&mut self) {
        match self {
            Self::Rate(hold) => hold.is_lost = true,
            Self::Budget(hold) => hold.lose(),
        }
    }
}

/// An allotment as its accounts go by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law<'a> {
    pub(super) allotment: &'a Allotment,
    pub(super) zone: &'a TimeZone,
    /// Whether other processes have accounts of it, too.
    pub(super) is_shared: bool,
}

/// What becomes of an account once the others have agreed.
#[derive(Debug)]
pub(super) enum Agreement {
    Rate(Box<rates::Agreement>),
    Budget(spending::Agreement),
}

/// What the others are to agree to.
#[derive(Debug)]
pub(super) struct Proposed {
    /// The new value; none where what is there says it already.
    pub(super) value: Option<Vec<u8>>,
    /// How long it is of use; for ever where none.
    pub(super) kept_for: Option<Duration>,
    pub(super) agreement: Agreement,
}

impl<'a> Law<'a> {
    fn rules(self) -> Option<Rules<'a>> {
        let Allotment { terms, at_limit, .. } = self.allotment;
        match terms {
            Terms::Budget(budget) => Some(Rules { budget, at_limit, zone: self.zone }),
            Terms::Rate(_) => None,
        }
    }

    fn rates(self) -> Option<rates::Rules<'a>> {
        let Allotment { terms, at_limit, .. } = self.allotment;
        match terms {
            Terms::Rate(limit) => Some(rates::Rules { limit, at_limit }),
            Terms::Budget(_) => None,
        }
    }
}

impl Account {
    pub(super) fn new(law: Law<'_>, now: Moment) -> Self {
        match (&law.allotment.terms, law.rules()) {
            (Terms::Rate(limit), _) if law.is_shared => Self::Rate(Rates::shared(limit, now.steady)),
            (Terms::Rate(limit), _) => Self::Rate(Rates::new(limit)),
            (_, Some(rules)) if law.is_shared => Self::Budget(Spending::shared(rules, now.wall)),
            (_, Some(rules)) => Self::Budget(Spending::new(rules, now.wall)),
            (Terms::Budget(_), None) => Self::Rate(Rates::default()),
        }
    }

    /// Brings it up to now.
    pub(super) fn advance(&mut self, law: Law<'_>, now: Moment) {
        if let (Self::Budget(spending), Some(rules)) = (self, law.rules()) {
            spending.advance(rules, now.wall);
        }
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&mut self, law: Law<'_>, now: Moment) -> bool {
        self.advance(law, now);
        match (self, &law.allotment.terms) {
            (Self::Rate(rates), Terms::Rate(limit)) => rates.is_idle(limit, now.steady),
            (Self::Budget(spending), _) => spending.is_idle(),
            (Self::Rate(_), Terms::Budget(_)) => true,
        }
    }

    /// Whether a request fits.
    pub(super) fn check(&mut self, asked: &Asked, law: Law<'_>, now: Moment) -> Result<(), Why> {
        self.advance(law, now);
        match (self, law.rates(), law.rules()) {
            (Self::Rate(rates), Some(rules), _) => rates.check(asked, rules, now.steady),
            (Self::Budget(spending), _, Some(rules)) => spending.check(asked, rules, now),
            _ => Ok(()),
        }
    }

    /// Holds what a request takes at most, or takes what it is thought to take.
    pub(super) fn hold(&mut self, asked: &Asked, law: Law<'_>, now: Moment) -> Held {
        match (self, law.rates(), law.rules()) {
            (Self::Rate(rates), Some(rules), _) => {
                rates.take(asked, rules, now.steady);
                Held::Rate(rates::Hold::of(asked))
            }
            (Self::Budget(spending), _, Some(rules)) => Held::Budget(spending.hold(asked, rules)),
            _ => Held::Rate(rates::Hold::of(asked)),
        }
    }

    /// Whether a hold is enough for so many calls at once, or can be made so.
    pub(super) fn check_more(
        &mut self,
        held: &Held,
        calls: u32,
        law: Law<'_>,
        now: Moment,
    ) -> Result<(), Why> {
        self.advance(law, now);
        match (self, held, law.rules()) {
            (Self::Budget(spending), Held::Budget(hold), Some(rules)) => {
                spending.check_more(hold, calls, rules, now)
            }
            _ => Ok(()),
        }
    }

    /// Makes a hold enough for so many calls at once.
    pub(super) fn hold_more(&mut self, held: &mut Held, calls: u32) {
        if let (Self::Budget(spending), Held::Budget(hold)) = (self, held) {
            spending.hold_more(hold, calls);
        }
    }

    /// Ends a hold, with what its last call took; none where that call was charged elsewhere.
    pub(super) fn settle(&mut self, held: &Held, actual: Option<&Actual>, law: Law<'_>, now: Moment) {
        self.advance(law, now);
        match (self, held, &law.allotment.terms, law.rules()) {
            (Self::Rate(rates), Held::Rate(hold), Terms::Rate(limit), _) => {
                rates.settle(hold, actual, limit, now.steady);
            }
            (Self::Budget(spending), Held::Budget(hold), _, Some(rules)) => {
                spending.settle(hold, actual, rules);
            }
            _ => {}
        }
    }

    /// What there is to hear of it since the last time that this was asked.
    pub(super) fn news(&mut self, law: Law<'_>, now: Moment) -> SmallVec<[BudgetNews; 2]> {
        match (self, law.rules()) {
            (Self::Budget(spending), Some(rules)) => spending.news(rules, now.wall),
            _ => SmallVec::new(),
        }
    }

    /// A request was turned away since too little of it is left. Says whether that is news.
    pub(super) fn exhaust(&mut self, law: Law<'_>, now: Moment) -> bool {
        match (self, law.rules()) {
            (Self::Budget(spending), Some(rules)) => spending.exhaust(rules, now.wall),
            _ => false,
        }
    }

    /// The span of the calendar that it is in.
    pub(super) fn period(&self) -> NoticePeriod {
        match self {
            Self::Budget(spending) => spending.period(),
            Self::Rate(_) => NoticePeriod::default(),
        }
    }

    /// What is granted of it to this process, where other processes share it.
    pub(super) fn lease(&mut self) -> Option<Leased<'_>> {
        match self {
            Self::Budget(spending) => spending.lease(),
            Self::Rate(rates) => {
                rates.credits().map(|(credits, under_way)| Leased::Rate { credits, under_way })
            }
        }
    }

    /// Which span its shared value is about, as far as it is one of the calendar.
    pub(super) fn shared_mark(&self) -> Option<i64> {
        match self {
            Self::Budget(spending) => spending.shared_mark(),
            Self::Rate(_) => None,
        }
    }

    /// Has the others agree to what it needs, and tells them what it used. None where nobody shares it.
    ///
    /// # Errors
    /// When the value cannot be read.
    pub(super) fn propose(
        &mut self,
        found: Found<'_>,
        exchange: Exchange<'_>,
        law: Law<'_>,
        now: Moment,
    ) -> Result<Option<Proposed>, serde_json::Error> {
        let proposed = match (self, law.rates(), law.rules()) {
            (Self::Rate(rates), Some(rules), _) => found.change(|reservoir| {
                let agreement = Box::new(rates.propose(reservoir, exchange, rules)?);
                Some((Some(reservoir.kept_for(&rules.limit.allowances)), Agreement::Rate(agreement)))
            })?,
            (Self::Budget(spending), _, Some(rules)) => found.change(|pool| {
                let kept_for = spending.shared_for(rules, now.wall);
                Some((kept_for, Agreement::Budget(spending.propose(pool, exchange, rules, now)?)))
            })?,
            _ => None,
        };
        Ok(proposed.map(|(value, (kept_for, agreement))| Proposed { value, kept_for, agreement }))
    }

    /// The others have agreed. Says how much of a budget is newly not accounted for.
    pub(super) fn agree(&mut self, agreement: &Agreement, law: Law<'_>) -> i128 {
        match (self, agreement, law.rates()) {
            (Self::Budget(spending), Agreement::Budget(agreement), _) => spending.agree(agreement),
            (Self::Rate(rates), Agreement::Rate(agreement), Some(rules)) => {
                rates.agree(agreement, rules.limit);
                0
            }
            _ => 0,
        }
    }

    /// How it stands.
    pub(super) fn standings(&self, law: Law<'_>, now: Moment) -> SmallVec<[Standing; 2]> {
        match (self, &law.allotment.terms, law.rules()) {
            (Self::Rate(rates), Terms::Rate(limit), _) => rates.standings(limit, now.steady).collect(),
            (Self::Budget(spending), _, Some(rules)) => {
                SmallVec::from_iter([spending.standing(rules, now.wall)])
            }
            _ => SmallVec::new(),
        }
    }
}
