//! Several processes that share a rate limit: together they are no faster than one, and one alone can be as fast as all.

use std::time::Duration;

use proptest::prelude::*;

use super::super::bucket::Bucket;
use super::fleet::{Fleet, Step, ask, exchange, step};
use super::*;

const TOKENS: Allowance = Allowance { counted: Counted::Tokens, count: 100, per: Duration::from_secs(10) };

fn limit(allowances: Vec<Allowance>, concurrency: Option<u32>, on_store_down: StoreDown) -> Allotment {
    allotment("r", Terms::Rate(RateLimit { allowances, concurrency, on_store_down }))
}

fn of_tokens() -> Allotment {
    limit(vec![TOKENS], None, StoreDown::LastLease)
}

fn of_permits(most: u32) -> Allotment {
    limit(Vec::new(), Some(most), StoreDown::LastLease)
}

fn wait(fleet: &mut Fleet, time: Duration) {
    fleet.take(&Step::Wait { milliseconds: time.as_millis().try_into().unwrap() });
}

fn end(fleet: &mut Fleet, which: usize, percent: i128) {
    fleet.take(&Step::End { which, percent });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_processes_are_no_faster_than_one(
        steps in prop::collection::vec(step(), 1..200),
        skews in prop::array::uniform3(-5_000_i64..5_000),
    ) {
        let mut fleet = Fleet::of(of_tokens(), &skews);
        // One that knows of every request at once.
        let mut one = Bucket::default();
        for step in steps {
            let before = fleet.all.clone();
            let now = fleet.now;
            fleet.take(&step);
            for (place, (_, amount)) in fleet.all.iter().enumerate() {
                let amount = u64::try_from(*amount).unwrap();
                match before.get(place) {
                    Some((_, held)) => one.correct(u64::try_from(*held).unwrap(), amount, &TOKENS, now),
                    None => {
                        prop_assert_eq!(one.wait(amount, &TOKENS, now), Some(Duration::ZERO), "{:?}", step);
                        one.take(amount, &TOKENS, now);
                    }
                }
            }
        }
    }
}

#[test]
fn one_process_can_take_everything_at_once_and_all_that_comes_back() {
    let mut fleet = Fleet::of(of_tokens(), &[0, 0]);
    for _ in 0..100 {
        assert!(ask(&mut fleet, 0, 1));
    }
    assert!(!ask(&mut fleet, 0, 1));
    assert!(!ask(&mut fleet, 1, 1));
    for _ in 0..50 {
        exchange(&mut fleet, 0);
        assert!(ask(&mut fleet, 0, 2) && !ask(&mut fleet, 0, 1), "a quarter of a second brings 2.5");
        exchange(&mut fleet, 0);
        assert!(ask(&mut fleet, 0, 3) && !ask(&mut fleet, 0, 1));
    }
}

#[test]
fn what_an_idle_process_may_take_goes_to_the_busy_one() {
    let mut fleet = Fleet::of(of_tokens(), &[0, 0]);
    for _ in 0..4 {
        assert!(ask(&mut fleet, 0, 10));
        exchange(&mut fleet, 0);
    }
    wait(&mut fleet, 5 * SECOND);
    exchange(&mut fleet, 0);
    assert!(!ask(&mut fleet, 1, 100), "the first one has something in advance");
    exchange(&mut fleet, 0);
    assert!(ask(&mut fleet, 1, 100), "which it gives to whoever needs it");
    exchange(&mut fleet, 1);
    wait(&mut fleet, 9 * SECOND);
    assert!(ask(&mut fleet, 0, 10));
    for _ in 0..12 {
        exchange(&mut fleet, 0);
    }
    wait(&mut fleet, 3 * SECOND);
    assert!(ask(&mut fleet, 1, 100), "and when it is idle, to everybody");
}

#[test]
fn a_request_asks_nobody_while_enough_is_granted() {
    let mut fleet = Fleet::of(of_tokens(), &[0]);
    for _ in 0..2 {
        assert!(ask(&mut fleet, 0, 10));
        exchange(&mut fleet, 0);
    }
    let before = fleet.store.clone().map(|(version, _)| version);
    fleet.take(&Step::Ask { which: 0, amount: 10 });
    assert_eq!(fleet.all.len(), 3);
    assert_eq!(fleet.store.map(|(version, _)| version), before);
}

#[test]
fn permits_are_for_all_and_return_when_their_process_is_killed() {
    let mut fleet = Fleet::of(of_permits(3), &[0, 0]);
    assert!(ask(&mut fleet, 0, 0) && ask(&mut fleet, 0, 0) && ask(&mut fleet, 1, 0));
    assert!(!ask(&mut fleet, 1, 0), "three are under way");
    end(&mut fleet, 0, 100);
    assert!(!ask(&mut fleet, 1, 0), "the other one may still use it");
    exchange(&mut fleet, 0);
    assert!(ask(&mut fleet, 1, 0), "it gave back what it does not use");
    fleet.take(&Step::Kill { which: 0 });
    wait(&mut fleet, 9 * SECOND);
    assert!(!ask(&mut fleet, 1, 0), "nobody knows yet that it is gone");
    wait(&mut fleet, SECOND);
    assert!(ask(&mut fleet, 1, 0), "its requests ended with it");
}

#[test]
fn a_process_that_hears_of_nobody_begins_nothing_after_a_while() {
    for allotment in [of_tokens(), of_permits(5)] {
        let mut fleet = Fleet::of(allotment, &[0]);
        assert!(ask(&mut fleet, 0, 20));
        exchange(&mut fleet, 0);
        wait(&mut fleet, 4 * SECOND);
        fleet.take(&Step::Ask { which: 0, amount: 1 });
        assert_eq!(fleet.all.len(), 2, "it was granted in advance");
        wait(&mut fleet, SECOND);
        fleet.take(&Step::Ask { which: 0, amount: 1 });
        assert_eq!(fleet.all.len(), 2, "others may soon have what was granted to it");
    }
}

#[test]
fn what_happens_to_a_limit_without_the_store_is_as_it_says() {
    for (on_store_down, granted, more) in [
        (StoreDown::LastLease, true, false),
        (StoreDown::Closed, false, false),
        (StoreDown::Open, true, true),
    ] {
        let mut fleet = Fleet::of(limit(vec![TOKENS], Some(5), on_store_down), &[0]);
        assert!(ask(&mut fleet, 0, 10));
        exchange(&mut fleet, 0);
        let now = fleet.moment(0);
        let ledger = &fleet.processes[0].ledger;
        for shared in ledger.granted(now) {
            shared.cut_off();
        }
        let held: Vec<_> = [1, 80, 12].map(|amount| reserve(ledger, &A, amount, now)).into();
        let is_held: Vec<_> = held.iter().map(Result::is_ok).collect();
        assert_eq!(
            is_held,
            [granted, more, false],
            "{on_store_down:?}: what is granted, the rest, and beyond"
        );
        exchange(&mut fleet, 0);
        assert!(ask(&mut fleet, 0, 1), "{on_store_down:?}: the store works again");
    }
}

#[test]
fn a_limit_that_only_tells_asks_nobody_and_is_told_of() {
    let warning = Allotment { at_limit: AtLimit::Warn, ..limit(vec![TOKENS], Some(1), StoreDown::Closed) };
    let mut fleet = Fleet::of(warning, &[0, 0]);
    for _ in 0..20 {
        fleet.take(&Step::Ask { which: 0, amount: 10 });
    }
    assert_eq!((fleet.all.len(), fleet.store.is_none()), (20, true));
    exchange(&mut fleet, 0);
    fleet.take(&Step::Ask { which: 1, amount: 10 });
    exchange(&mut fleet, 1);
    let standings = fleet.processes[1].ledger.standings("r", "", fleet.moment(1));
    let used: Vec<_> = standings.iter().map(|standing| standing.used).collect();
    assert_eq!(used, [100, 21], "it owes no more than there is");
}

#[test]
fn an_account_that_is_made_anew_is_not_taken_for_the_one_before() {
    let mut fleet = Fleet::of(of_tokens(), &[0, 0]);
    assert!(ask(&mut fleet, 0, 90));
    exchange(&mut fleet, 0);
    // The same process, with a ledger that remembers nothing, as where a limit was taken away and comes back.
    fleet.processes[0].ledger = Ledger::shared(&[Arc::new(of_tokens())], None);
    assert!(ask(&mut fleet, 0, 5));
    exchange(&mut fleet, 0);
    assert!(!ask(&mut fleet, 1, 20), "what was taken before is still owed");
}
