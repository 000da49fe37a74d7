//! What one group of requests has of one allotment.

use domain::Allotment;
use domain::allotment::{AtLimit, Terms};
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use super::denied::Why;
use super::measure::{Actual, Asked, Moment, Tokens};
use super::rates::Rates;
use super::spending::{Hold, Leased, Rules, Spending};
use super::standing::Standing;

/// The state of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    Rate(Rates),
    Budget(Spending),
}

/// What is held of an account for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Rate(Tokens),
    Budget(Hold),
}

/// An allotment as its accounts go by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law<'a> {
    pub(super) allotment: &'a Allotment,
    pub(super) zone: &'a TimeZone,
    /// Whether other processes have accounts of it, too.
    pub(super) is_shared: bool,
}

impl<'a> Law<'a> {
    fn rules(self) -> Option<Rules<'a>> {
        let Allotment { terms, at_limit, .. } = self.allotment;
        match terms {
            Terms::Budget(budget) => Some(Rules { budget, at_limit, zone: self.zone }),
            Terms::Rate(_) => None,
        }
    }
}

impl Account {
    pub(super) fn new(law: Law<'_>, now: Moment) -> Self {
        match (&law.allotment.terms, law.rules()) {
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
        match (self, &law.allotment.terms, law.rules()) {
            (Self::Rate(rates), Terms::Rate(limit), _) if law.allotment.at_limit != AtLimit::Warn => {
                rates.check(asked, limit, now.steady)
            }
            (Self::Budget(spending), _, Some(rules)) => spending.check(asked, rules, now),
            _ => Ok(()),
        }
    }

    /// Holds what a request takes at most, or takes what it is thought to take.
    pub(super) fn hold(&mut self, asked: &Asked, law: Law<'_>, now: Moment) -> Held {
        match (self, &law.allotment.terms, law.rules()) {
            (Self::Rate(rates), Terms::Rate(limit), _) => {
                rates.take(asked, limit, &law.allotment.at_limit, now.steady);
                Held::Rate(asked.thought)
            }
            (Self::Budget(spending), _, Some(rules)) => Held::Budget(spending.hold(asked, rules)),
            _ => Held::Rate(asked.thought),
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
            (Self::Rate(rates), Held::Rate(thought), Terms::Rate(limit), _) => {
                rates.settle(*thought, actual.unwrap_or(&Actual::NOTHING), limit, now.steady);
            }
            (Self::Budget(spending), Held::Budget(hold), _, Some(rules)) => {
                spending.settle(hold, actual, rules);
            }
            _ => {}
        }
    }

    /// The highest threshold that was passed since the last time that this was asked, in percent.
    pub(super) fn newly_passed(&mut self, law: Law<'_>, now: Moment) -> Option<u8> {
        match (self, law.rules()) {
            (Self::Budget(spending), Some(rules)) => spending.newly_passed(rules, now.wall),
            _ => None,
        }
    }

    /// What it has of a budget that other processes share, brought up to now.
    pub(super) fn leased<'a>(&mut self, law: Law<'a>, now: Moment) -> Option<(&mut Spending, Rules<'a>)> {
        self.advance(law, now);
        match (self, law.rules()) {
            (Self::Budget(spending), Some(rules)) if law.is_shared => Some((spending, rules)),
            _ => None,
        }
    }

    /// What is granted of it to this process, where other processes share it.
    pub(super) fn lease(&mut self) -> Option<Leased<'_>> {
        match self {
            Self::Budget(spending) => spending.lease(),
            Self::Rate(_) => None,
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
