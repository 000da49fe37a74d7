//! Limits and budgets of which requests hold something at once.

use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{
    AtLimit, Attribute, Budget, CutOff, RateLimit, Reserve, Selector, Span, StoreDown, Terms, Unit,
    UnknownCost,
};
use domain::{Allotment, Money};
use engine::ledger::{Actual, Asked, Bound, Denied, Described, Ledger, Moment, Reservation};
use jiff::Timestamp;
use loom::thread;

use super::in_every_order;

const NOW: Moment = Moment { steady: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };

/// A request of which nothing is known.
struct Anybody;

impl Described for Anybody {
    fn value(&self, _: &Attribute) -> Option<&str> {
        None
    }
}

fn allotment(name: &str, terms: Terms) -> Arc<Allotment> {
    let selector = Selector::default();
    Arc::new(Allotment { name: name.into(), selector, terms, at_limit: AtLimit::Refuse })
}

fn budget(name: &str, amount: i128) -> Arc<Allotment> {
    let budget = Budget {
        unit: Unit::Money,
        amount,
        span: Span::Day,
        time_zone: "UTC".into(),
        raises: Vec::new(),
        warn_at: Vec::new(),
        notify: Vec::new(),
        reserve: Reserve::Most,
        unknown_cost: UnknownCost::Refuse,
        cut_off: CutOff::Held,
        on_store_down: StoreDown::LastLease,
    };
    allotment(name, Terms::Budget(budget))
}

fn at_once(name: &str, most: u32) -> Arc<Allotment> {
    let limit = RateLimit { concurrency: Some(most), ..RateLimit::default() };
    allotment(name, Terms::Rate(limit))
}

fn money(pico: i128) -> Option<Money> {
    Some(Money::from_pico_usd(pico))
}

fn reserve(ledger: &Ledger, pico: i128) -> Result<Reservation, Denied> {
    let asked = Asked { most: Bound { tokens: None, money: money(pico) }, ..Asked::default() };
    ledger.reserve(&ledger.claims(&Anybody, &[]), &asked, NOW)
}

fn settle(held: Reservation, pico: i128) {
    held.settle(&Actual { tokens: None, money: money(pico) }, &Anybody, None, NOW);
}

/// Used and held of an allotment.
fn standing(ledger: &Ledger, name: &str) -> (i128, i128) {
    ledger.standings(name, "", NOW).first().map_or((0, 0), |standing| (standing.used, standing.held))
}

#[test]
fn requests_that_see_other_configurations_never_wait_for_each_other() {
    in_every_order(|| {
        let allotments = [budget("b", 100), at_once("r", 1)];
        let ledger = Arc::new(Ledger::of(&allotments, None));
        let turned: Vec<_> = allotments.into_iter().rev().collect();
        let turned = Ledger::of(&turned, Some(&ledger));
        let request = |ledger: &Ledger| {
            let Ok(mut held) = reserve(ledger, 30) else { return 0 };
            let is_extended = held.extend(2, NOW).is_ok();
            settle(held, 20);
            assert!(is_extended, "nobody else holds anything while one may");
            20
        };
        let other = thread::spawn(move || request(&turned));
        let spent = request(&ledger) + other.join().unwrap();
        assert!(spent > 0, "whoever is first is served");
        assert_eq!((standing(&ledger, "b"), standing(&ledger, "r")), ((spent, 0), (0, 0)));
    });
}

#[test]
fn a_budget_is_never_exceeded_and_nothing_that_was_held_is_lost() {
    in_every_order(|| {
        let ledger = Arc::new(Ledger::of(&[budget("b", 100)], None));
        let request = |ledger: &Ledger| {
            let Ok(held) = reserve(ledger, 60) else { return 0 };
            let (used, held_now) = standing(ledger, "b");
            assert!(used + held_now <= 100);
            settle(held, 40);
            40
        };
        let others = Arc::clone(&ledger);
        let other = thread::spawn(move || request(&others));
        let spent = request(&ledger) + other.join().unwrap();
        assert!([40, 80].contains(&spent));
        assert_eq!(standing(&ledger, "b"), (spent, 0));
    });
}

#[test]
fn who_is_refused_by_one_budget_holds_nothing_of_another_meanwhile() {
    in_every_order(|| {
        let whole = budget("whole", 100);
        let ledger = Ledger::of(&[Arc::clone(&whole), budget("small", 10)], None);
        let of_whole = Ledger::of(&[whole], Some(&ledger));
        let refused = thread::spawn(move || reserve(&ledger, 60).map(|held| settle(held, 60)));
        settle(reserve(&of_whole, 100).unwrap(), 100);
        assert!(refused.join().unwrap().is_err());
        assert_eq!(standing(&of_whole, "whole"), (100, 0));
    });
}
