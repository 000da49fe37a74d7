//! What one group of requests has spent of a budget, and holds of it.
//!
//! A request counts in the span in which it began, also where it ends in a later one. Where the budget is shared with other processes
//! (`leased.rs`), what is spent and held here stays within what is granted to this one.

mod leased;
mod news;

use std::time::Duration;

use domain::allotment::{AtLimit, Budget, CutOff, Reserve, Span, UnknownCost};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::Period;
use super::denied::{Shortage, Why};
use super::lease::Lease;
use super::measure::{Actual, Asked, Moment};
use super::slots::{self, Slots};
use super::standing::{Measured, Standing};
pub(super) use leased::Agreement;
use leased::may_use;
use news::Told;

/// When to come again where only requests under way are in the way: their ends cannot be foretold.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// The account of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spending {
    window: Window,
    spent: i128,
    held: i128,
    /// What was told of it in this span.
    told: Told,
    /// What is granted of a budget that others share.
    lease: Option<Box<Lease>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Window {
    Fixed(Period),
    Rolling(Box<Slots>),
}

/// What is held of a budget for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    /// The span in which it began: its first second, or the number of its slot.
    mark: i64,
    /// How much for one call.
    unit: i128,
    /// For how many calls.
    calls: u32,
    /// How many of them ended without anybody knowing what they took.
    lost: u32,
    /// Whether one call counts as this much because its cost cannot be foreseen.
    is_flat: bool,
}

/// A budget, and the zone that its calendar goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) budget: &'a Budget,
    pub(super) at_limit: &'a AtLimit,
    pub(super) zone: &'a TimeZone,
}

impl Spending {
    pub(super) fn new(rules: Rules<'_>, now: Timestamp) -> Self {
        let window = match rules.budget.span {
            Span::Rolling(span) => Window::Rolling(Box::new(Slots::new(span, now))),
            span => Window::Fixed(Period::at(span, rules.zone, now)),
        };
        Self { window, spent: 0, held: 0, told: Told::default(), lease: None }
    }

    /// Brings it up to now.
    pub(super) fn advance(&mut self, rules: Rules<'_>, now: Timestamp) {
        match (&mut self.window, rules.budget.span) {
            (Window::Rolling(slots), Span::Rolling(span)) => {
                let forgotten = slots.forget(span, now);
                self.spent -= forgotten;
                if let Some(lease) = &mut self.lease {
                    lease.forget(forgotten);
                }
            }
            (Window::Fixed(period), span) if now.as_second() >= period.ends => {
                *period = Period::at(span, rules.zone, now);
                (self.spent, self.held, self.told) = (0, 0, Told::default());
                if let Some(lease) = &mut self.lease {
                    lease.begin();
                }
            }
            _ => {}
        }
        self.told.recede(self.thresholds_passed(rules, now));
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&self) -> bool {
        self.spent == 0 && self.held == 0 && self.lease.as_ref().is_none_or(|lease| !lease.is_granted())
    }

    /// Whether a call fits.
    pub(super) fn check(&mut self, asked: &Asked, rules: Rules<'_>, now: Moment) -> Result<(), Why> {
        let (unit, _) = unit(asked, rules).ok_or(Why::Unforeseeable)?;
        self.fits(unit, rules, now)
    }

    /// Holds what a call takes at most.
    pub(super) fn hold(&mut self, asked: &Asked, rules: Rules<'_>) -> Hold {
        let (unit, is_flat) = unit(asked, rules).unwrap_or_default();
        self.take(unit);
        Hold { mark: self.mark(), unit, calls: 1, lost: 0, is_flat }
    }

    /// Whether a hold is enough for so many calls at once beside those that are lost, or can be made so.
    pub(super) fn check_more(
        &mut self,
        hold: &Hold,
        calls: u32,
        rules: Rules<'_>,
        now: Moment,
    ) -> Result<(), Why> {
        match self.missing(hold, calls) {
            0 => Ok(()),
            missing => self.fits(hold.unit.saturating_mul(missing), rules, now),
        }
    }

    /// Makes a hold enough for so many calls at once beside those that are lost.
    pub(super) fn hold_more(&mut self, hold: &mut Hold, calls: u32) {
        let missing = self.missing(hold, calls);
        if missing > 0 && !self.is_in_window(hold) {
            *hold = Hold { mark: self.mark(), calls: 0, lost: 0, ..*hold };
        }
        self.take(hold.unit.saturating_mul(missing));
        hold.calls = hold.calls.saturating_add(u32::try_from(missing).unwrap_or(u32::MAX));
    }

    /// Ends a hold. What nobody said of the last call, and of those that are lost, counts as the budget has it.
    pub(super) fn settle(&mut self, hold: &Hold, actual: Option<&Actual>, rules: Rules<'_>) {
        let assumed = if hold.is_flat || rules.budget.cut_off == CutOff::Held { hold.unit } else { 0 };
        let last = match actual {
            Some(actual) => actual.of(rules.budget.unit).unwrap_or(assumed),
            None => 0,
        };
        let spent = last.saturating_add(assumed.saturating_mul(hold.lost.into()));
        let held = hold.unit.saturating_mul(hold.calls.into());
        if let Some(lease) = &mut self.lease {
            lease.changed();
        }
        match &mut self.window {
            Window::Fixed(period) if period.begins == hold.mark => {
                self.held -= held;
                self.spent += spent;
            }
            Window::Fixed(_) => {}
            Window::Rolling(slots) => {
                self.held -= held;
                if slots.spend(hold.mark, spent) {
                    self.spent += spent;
                }
            }
        }
    }

    /// How it stands.
    pub(super) fn standing(&self, rules: Rules<'_>, now: Timestamp) -> Standing {
        let resets_in = match &self.window {
            Window::Fixed(Period { ends: i64::MAX, .. }) => None,
            Window::Fixed(period) => Some(until(period.ends, now)),
            Window::Rolling(slots) => match rules.budget.span {
                Span::Rolling(span) => slots.until_free(self.spent, span, now),
                _ => None,
            },
        };
        let others = self.others();
        Standing {
            measured: Measured::Budget(rules.budget.unit, rules.budget.span),
            limit: rules.budget.amount_at(now.as_second()),
            used: self.spent_by_all(),
            held: self.held.saturating_add(others.granted.saturating_sub(others.spent).max(0)),
            resets_in,
        }
    }

    fn fits(&mut self, amount: i128, rules: Rules<'_>, now: Moment) -> Result<(), Why> {
        // A call that costs nothing is no reason to refuse it, also where too much was spent.
        if amount == 0 || *rules.at_limit == AtLimit::Warn {
            return Ok(());
        }
        let used = self.spent.saturating_add(self.held).saturating_add(amount);
        let limit = rules.budget.amount_at(now.wall.as_second());
        if self.lease.as_ref().map_or(used <= limit, |lease| may_use(lease, used, limit, rules, now.steady)) {
            return Ok(());
        }
        if let Some(lease) = &mut self.lease {
            lease.need(amount);
        }
        let standing = self.standing(rules, now.wall);
        let wait = self.wait(amount, &standing, rules.budget.span, now.wall);
        let shortage = Box::new(Shortage { standing, asked: amount, wait });
        let is_short = self.is_short(used, limit, now.steady);
        Err(if is_short { Why::Short(shortage) } else { Why::Unleased(shortage) })
    }

    fn take(&mut self, amount: i128) {
        self.held += amount;
        if let Some(lease) = &mut self.lease {
            lease.take(amount);
        }
    }

    /// When so much may fit. Whether it does depends on requests under way, too.
    fn wait(&self, amount: i128, standing: &Standing, span: Span, now: Timestamp) -> Option<Duration> {
        if amount > standing.limit {
            return None;
        }
        let over = standing.used.saturating_add(amount).saturating_sub(standing.limit);
        match (&self.window, span) {
            _ if over <= 0 => Some(UNDER_WAY),
            (Window::Rolling(slots), Span::Rolling(span)) => {
                let of_others = || self.lease.is_some().then(|| slots::length(span));
                slots.until_free(over, span, now).or_else(of_others)
            }
            _ => standing.resets_in,
        }
    }

    fn missing(&self, hold: &Hold, calls: u32) -> i128 {
        let (has, lost) = if self.is_in_window(hold) { (hold.calls, hold.lost) } else { (0, 0) };
        (i128::from(lost) + i128::from(calls) - i128::from(has)).max(0)
    }

    fn is_in_window(&self, hold: &Hold) -> bool {
        matches!(self.window, Window::Rolling(_)) || self.mark() == hold.mark
    }

    fn mark(&self) -> i64 {
        match &self.window {
            Window::Fixed(period) => period.begins,
            Window::Rolling(slots) => slots.newest(),
        }
    }
}

impl Hold {
    /// One of its calls ended without anybody knowing what it took.
    pub(super) fn lose(&mut self) {
        self.lost = self.lost.saturating_add(1);
    }

    /// How much is held for one call.
    pub(super) fn unit(&self) -> i128 {
        self.unit
    }
}

/// What a call holds, and whether that is a figure of the budget's own.
fn unit(asked: &Asked, rules: Rules<'_>) -> Option<(i128, bool)> {
    let budget = rules.budget;
    let bound = match (budget.reserve, &asked.expected) {
        (Reserve::Expected, Some(expected)) => expected,
        _ => &asked.most,
    };
    match (bound.of(budget.unit), budget.unknown_cost) {
        (Some(amount), _) => Some((amount, false)),
        (None, UnknownCost::Amount(amount)) => Some((amount, true)),
        (None, UnknownCost::Free) => Some((0, true)),
        (None, UnknownCost::Refuse) => None,
    }
}

fn until(unix_seconds: i64, now: Timestamp) -> Duration {
    let nanoseconds = i128::from(unix_seconds) * 1_000_000_000 - now.as_nanosecond();
    Duration::from_nanos(u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX))
}
