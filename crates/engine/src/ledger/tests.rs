//! Laws of the ledger, one account at a time; `model.rs` has those of random requests, `concurrent.rs` those of many at once.

mod concurrent;
mod credentials;
mod fleet;
mod model;
mod paces;
mod statement;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{
    AtLimit, Attribute, Budget, CutOff, Raise, RateLimit, Reserve, Selector, Span, StoreDown, Terms, Unit,
    UnknownCost,
};
use domain::notice::{BudgetNews, BudgetNotice, NoticePeriod};
use domain::quota::{Allowance, Counted};
use domain::{Allotment, Money, Pattern};
use jiff::Timestamp;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A request of a key, for a customer, to the target `p/m`.
struct Request<'a> {
    key: &'a str,
    customer: Option<&'a str>,
}

impl Described for Request<'_> {
    fn value(&self, attribute: &Attribute) -> Option<&str> {
        match attribute {
            Attribute::Key => Some(self.key),
            Attribute::Metadata(member) if &**member == "customer" => self.customer,
            _ => None,
        }
    }
}

const TARGET: Named<'static> = Named { provider: "p", model: Some("p/m"), credential: Some("p#1") };
const A: Request<'static> = Request { key: "a", customer: None };

fn at(seconds: i64) -> Moment {
    Moment {
        steady: Duration::from_secs(seconds.unsigned_abs()),
        wall: Timestamp::from_second(seconds).unwrap(),
    }
}

fn budget(amount: i128) -> Budget {
    Budget {
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
    }
}

fn allotment(name: &str, terms: Terms) -> Allotment {
    Allotment { name: name.into(), selector: Selector::default(), terms, at_limit: AtLimit::Refuse }
}

fn of_budget(name: &str, budget: Budget) -> Allotment {
    allotment(name, Terms::Budget(budget))
}

fn ledger(allotments: impl IntoIterator<Item = Allotment>) -> Ledger {
    let allotments: Vec<_> = allotments.into_iter().map(Arc::new).collect();
    Ledger::of(&allotments, None)
}

fn asked(pico: i128) -> Asked {
    let money = Some(Money::from_pico_usd(pico));
    Asked { most: Bound { tokens: None, money }, thought: tokens(pico), ..Asked::default() }
}

fn took(pico: i128) -> Actual {
    Actual { tokens: Some(tokens(pico)), money: Some(Money::from_pico_usd(pico)) }
}

/// As many as there are pico-dollars, for limits by tokens.
fn tokens(count: i128) -> Tokens {
    Tokens { input: u64::try_from(count).unwrap(), output: 0 }
}

fn reserve(ledger: &Ledger, request: &Request<'_>, pico: i128, now: Moment) -> Result<Reservation, Denied> {
    ledger.reserve(&ledger.claims(request, &[TARGET]), &asked(pico), now)
}

fn settle(reservation: Reservation, actual: &Actual, now: Moment) -> Vec<BudgetNotice> {
    reservation.settle(actual, &A, Some(&TARGET), now)
}

/// Spent and held of the account that all share.
fn state(ledger: &Ledger, name: &str, now: Moment) -> (i128, i128) {
    ledger.standings(name, "", now).first().map_or((0, 0), |standing| (standing.used, standing.held))
}

fn wait(denied: &Denied) -> Option<Duration> {
    denied.wait()
}

#[test]
fn a_budget_is_usable_to_its_last_unit_and_no_further() {
    let ledger = ledger([of_budget("b", budget(100))]);
    for _ in 0..9 {
        let held = reserve(&ledger, &A, 20, at(0)).unwrap();
        assert!(settle(held, &took(10), at(0)).is_empty());
    }
    let denied = reserve(&ledger, &A, 11, at(0)).unwrap_err();
    let Why::Short(shortage) = denied.why else { panic!("{denied:?}") };
    assert_eq!((shortage.standing.left(), shortage.asked, denied.allotment.name.as_str()), (10, 11, "b"));
    let last = reserve(&ledger, &A, 10, at(0)).unwrap();
    assert!(reserve(&ledger, &A, 1, at(0)).is_err(), "all of the rest is held");
    settle(last, &took(10), at(0));
    assert_eq!(state(&ledger, "b", at(0)), (100, 0));
    assert!(reserve(&ledger, &A, 0, at(0)).is_ok(), "what costs nothing is not refused");
}

#[test]
fn what_is_denied_by_one_account_is_held_of_none() {
    let ledger = ledger([of_budget("wide", budget(1_000)), of_budget("narrow", budget(10))]);
    let denied = reserve(&ledger, &A, 11, at(0)).unwrap_err();
    assert_eq!((denied.allotment.name.as_str(), wait(&denied)), ("narrow", None), "it never fits");
    assert_eq!((state(&ledger, "wide", at(0)), state(&ledger, "narrow", at(0))), ((0, 0), (0, 0)));
}

#[test]
fn when_to_come_again_is_the_end_of_the_span_or_of_requests_under_way() {
    let ledger = ledger([of_budget("b", budget(10))]);
    let noon = at(86_400 / 2);
    let held = reserve(&ledger, &A, 8, noon).unwrap();
    assert_eq!(wait(&reserve(&ledger, &A, 8, noon).unwrap_err()), Some(SECOND));
    settle(held, &took(8), noon);
    assert_eq!(wait(&reserve(&ledger, &A, 8, noon).unwrap_err()), Some(Duration::from_secs(86_400 / 2)));
    assert_eq!(wait(&reserve(&ledger, &A, 11, noon).unwrap_err()), None);
}

#[test]
fn a_request_counts_in_the_span_in_which_it_began() {
    let ledger = ledger([of_budget("b", budget(10))]);
    let held = reserve(&ledger, &A, 9, at(86_399)).unwrap();
    let next = reserve(&ledger, &A, 10, at(86_400)).unwrap();
    settle(held, &took(9), at(86_401));
    assert_eq!(state(&ledger, "b", at(86_401)), (0, 10));
    settle(next, &took(4), at(86_402));
    assert_eq!(state(&ledger, "b", at(86_402)), (4, 0));
}

#[test]
fn a_call_that_nobody_knows_the_cost_of_counts_as_held_or_as_nothing() {
    for (cut_off, expected) in [(CutOff::Held, 7), (CutOff::Free, 0)] {
        let ledger = ledger([of_budget("b", Budget { cut_off, ..budget(10) })]);
        let held = reserve(&ledger, &A, 7, at(0)).unwrap();
        settle(held, &Actual::default(), at(0));
        assert_eq!(state(&ledger, "b", at(0)), (expected, 0));
    }
}

#[test]
fn a_further_call_is_held_for_when_one_is_lost_or_two_are_under_way() {
    let ledger = ledger([of_budget("b", budget(30)), of_budget("wide", budget(1_000))]);
    let mut held = reserve(&ledger, &A, 10, at(0)).unwrap();
    held.extend(1, at(0)).unwrap();
    assert_eq!(state(&ledger, "b", at(0)), (0, 10), "one call is held for already");
    held.lose_call(&A, Some(&TARGET));
    held.extend(1, at(0)).unwrap();
    held.extend(2, at(0)).unwrap();
    assert_eq!(state(&ledger, "b", at(0)), (0, 30));
    held.lose_call(&A, Some(&TARGET));
    let denied = held.extend(2, at(0)).unwrap_err();
    assert_eq!((denied.allotment.name.as_str(), state(&ledger, "wide", at(0))), ("b", (0, 30)));
    settle(held, &took(3), at(0));
    assert_eq!(state(&ledger, "b", at(0)), (23, 0), "two are lost, the third took 3");
}

#[test]
fn what_cannot_be_foreseen_is_refused_free_or_a_figure() {
    for (unknown_cost, expected) in
        [(UnknownCost::Refuse, None), (UnknownCost::Free, Some(0)), (UnknownCost::Amount(4), Some(4))]
    {
        let ledger = ledger([of_budget("b", Budget { unknown_cost, cut_off: CutOff::Free, ..budget(10) })]);
        let claims = ledger.claims(&A, &[TARGET]);
        let held = ledger.reserve(&claims, &Asked::default(), at(0));
        let Some(expected) = expected else {
            assert_eq!(held.unwrap_err().why, Why::Unforeseeable);
            continue;
        };
        let (one, known) = (held.unwrap(), ledger.reserve(&claims, &Asked::default(), at(0)).unwrap());
        settle(one, &Actual::default(), at(0));
        settle(known, &took(2), at(0));
        assert_eq!(state(&ledger, "b", at(0)), (expected + 2, 0));
    }
}

#[test]
fn a_raise_holds_until_it_ends() {
    let raises = vec![Raise { by: 5, until_unix_seconds: 100 }];
    let ledger = ledger([of_budget("b", Budget { raises, ..budget(10) })]);
    let held = reserve(&ledger, &A, 15, at(99)).unwrap();
    settle(held, &took(12), at(99));
    assert!(reserve(&ledger, &A, 3, at(99)).is_ok());
    assert!(reserve(&ledger, &A, 1, at(100)).is_err());
}

#[test]
fn each_threshold_is_told_once_in_a_span() {
    let ledger = ledger([of_budget("b", Budget { warn_at: vec![50, 80], ..budget(100) })]);
    let spend = |pico, now| {
        let notices = settle(reserve(&ledger, &A, pico, now).unwrap(), &took(pico), now);
        notices.iter().map(|notice| notice.news).collect::<Vec<_>>()
    };
    let passed = |percent| vec![BudgetNews::Passed { percent }];
    assert_eq!(
        [spend(49, at(0)), spend(1, at(0)), spend(1, at(0)), spend(40, at(0))],
        [vec![], passed(50), vec![], passed(80)]
    );
    assert_eq!([spend(90, at(86_400)), spend(9, at(86_400))], [passed(80), vec![]]);
    assert_eq!(spend(1, at(86_400)), [BudgetNews::Exhausted]);
    assert_eq!(spend(100, at(2 * 86_400)), [passed(80), vec![BudgetNews::Exhausted]].concat());
}

#[test]
fn a_notice_says_whose_account_it_is_and_how_it_stands() {
    let by_key = Selector { group_by: vec![Attribute::Key], ..Selector::default() };
    let grouped =
        Allotment { selector: by_key, ..of_budget("b", Budget { warn_at: vec![50], ..budget(100) }) };
    let ledger = ledger([grouped]);
    let now = at(86_400 + 5);
    let of = |key| {
        let request = Request { key, customer: None };
        let held = reserve(&ledger, &request, 60, now).unwrap();
        held.settle(&took(60), &request, Some(&TARGET), now).remove(0)
    };
    let (one, other) = (of("a"), of("z"));
    assert_eq!(
        (&*one.group, &*other.group, one.limit, one.spent, one.spent_percent()),
        ("a", "z", 100, 60, 60)
    );
    assert_eq!(one.period, NoticePeriod { begins: Some(86_400), ends: Some(2 * 86_400) });
    assert_eq!((one.at_milliseconds, one.span_key()), (86_405_000, "86400".to_owned()));
    assert!(one.account.starts_with("b/") && one.account != other.account);
    let total = ledger.totals(now).remove(0);
    assert_eq!((total.accounts, total.limit, total.spent, total.held, total.highest), (2, 100, 120, 0, 60));
    let after = ledger.totals(at(2 * 86_400)).remove(0);
    assert_eq!((after.spent, after.highest), (0, 0), "another day");
}

#[test]
fn a_request_that_is_turned_away_for_what_is_spent_tells_once_that_nothing_is_left() {
    let ledger = ledger([of_budget("b", budget(100))]);
    let refused = |pico, now| ledger.exhausted(&reserve(&ledger, &A, pico, now).unwrap_err(), now);
    assert_eq!(refused(101, at(0)), None, "it fits into no such budget");
    let under_way = reserve(&ledger, &A, 95, at(0)).unwrap();
    assert_eq!(refused(10, at(0)), None, "what is held may come back");
    settle(under_way, &took(95), at(0));
    let told = refused(10, at(0)).unwrap();
    assert_eq!((told.news, told.spent, told.spent_percent()), (BudgetNews::Exhausted, 95, 95));
    assert_eq!(refused(10, at(1)), None);
    assert!(
        settle(reserve(&ledger, &A, 5, at(2)).unwrap(), &took(5), at(2)).is_empty(),
        "that was told already"
    );
    settle(reserve(&ledger, &A, 100, at(86_400)).unwrap(), &took(95), at(86_400));
    assert!(refused(10, at(86_400)).is_some(), "another day");
}

#[test]
fn a_budget_that_only_warns_refuses_nothing() {
    let warns = Allotment { at_limit: AtLimit::Warn, ..of_budget("b", budget(10)) };
    let ledger = ledger([warns]);
    settle(reserve(&ledger, &A, 25, at(0)).unwrap(), &took(25), at(0));
    assert_eq!(state(&ledger, "b", at(0)), (25, 0));
    assert!(reserve(&ledger, &A, 1, at(0)).is_ok());
}

#[test]
fn a_reload_forgets_nothing_unless_something_else_is_counted() {
    let ledger = ledger([of_budget("b", budget(10))]);
    settle(reserve(&ledger, &A, 8, at(0)).unwrap(), &took(8), at(0));
    let after = |changed: Allotment| Ledger::of(&[Arc::new(changed)], Some(&ledger));
    let raised = after(of_budget("b", budget(20)));
    assert_eq!(state(&raised, "b", at(0)), (8, 0));
    let held = reserve(&ledger, &A, 2, at(0)).unwrap();
    assert!(reserve(&raised, &A, 11, at(0)).is_err(), "requests that see the old configuration count too");
    settle(held, &took(2), at(0));
    assert_eq!(state(&raised, "b", at(0)), (10, 0));
    assert_eq!(state(&after(of_budget("b", Budget { span: Span::Month, ..budget(20) })), "b", at(0)), (0, 0));
    assert_eq!(state(&after(of_budget("other", budget(20))), "other", at(0)), (0, 0));
}

#[test]
fn only_the_target_that_served_is_charged_for() {
    let by_model = Selector {
        tests: vec![(Attribute::Model, vec![Pattern::from("dear-*"), Pattern::from("m")])],
        group_by: vec![Attribute::Model],
        ..Selector::default()
    };
    let ledger = ledger([Allotment { selector: by_model, ..of_budget("b", budget(10)) }]);
    let dear = Named { model: Some("p/dear-1"), ..TARGET };
    let unmeant = Named { model: Some("p/other"), ..TARGET };
    let claims = ledger.claims(&A, &[TARGET, dear, unmeant]);
    assert_eq!(claims.len(), 2);
    let held = ledger.reserve(&claims, &asked(6), at(0)).unwrap();
    let standing = |group| ledger.standings("b", group, at(0)).first().map(|found| (found.used, found.held));
    assert_eq!((standing("p/m"), standing("p/dear-1")), (Some((0, 6)), Some((0, 6))));
    held.settle(&took(5), &A, Some(&dear), at(0));
    assert_eq!((standing("p/m"), standing("p/dear-1")), (Some((0, 0)), Some((5, 0))));
}

fn by_customer(groups_max: usize, terms: Terms) -> Ledger {
    let group_by = vec![Attribute::Metadata("customer".into())];
    let selector = Selector { group_by, groups_max, ..Selector::default() };
    ledger([Allotment { selector, ..allotment("c", terms) }])
}

#[test]
fn each_customer_has_the_budget_for_itself_and_those_without_a_name_share() {
    let ledger = by_customer(10, Terms::Budget(budget(10)));
    let of = |customer| Request { key: "a", customer };
    for customer in [Some("x"), Some("y"), None] {
        assert!(reserve(&ledger, &of(customer), 10, at(0)).is_ok());
        let denied = reserve(&ledger, &of(customer), 1, at(0)).unwrap_err();
        assert_eq!(denied.group_name(), customer.unwrap_or("-"));
    }
}

#[test]
fn groups_are_bounded_and_only_those_that_used_nothing_make_room() {
    let ledger = by_customer(3, Terms::Budget(budget(10)));
    let of = |customer| Request { key: "a", customer: Some(customer) };
    let spend = |customer, pico, now| {
        let held = reserve(&ledger, &of(customer), pico, now)?;
        settle(held, &took(pico), now);
        Ok::<_, Denied>(())
    };
    for customer in ["x", "y"] {
        spend(customer, 1, at(0)).unwrap();
    }
    let under_way = reserve(&ledger, &of("z"), 1, at(0)).unwrap();
    assert_eq!(spend("new", 1, at(0)).unwrap_err().why, Why::Crowded);
    assert_eq!(ledger.groups("c"), 3);
    settle(under_way, &took(0), at(0));
    assert_eq!(spend("new", 1, at(0)).unwrap_err().why, Why::Crowded, "room is looked for once a second");
    spend("new", 1, at(1)).unwrap();
    assert_eq!(spend("newer", 1, at(2)).unwrap_err().why, Why::Crowded);
    spend("newer", 1, at(86_400)).unwrap();
    assert_eq!(ledger.groups("c"), 1, "the others had spent nothing on the new day");
}

fn per(count: u64, per: Duration, counted: Counted) -> Allowance {
    Allowance { counted, count, per }
}

fn of_rate(allowances: Vec<Allowance>, concurrency: Option<u32>) -> Allotment {
    allotment("r", Terms::Rate(RateLimit { allowances, concurrency, ..RateLimit::default() }))
}

#[test]
fn requests_at_once_are_bounded_and_make_room_when_they_end() {
    let ledger = ledger([of_rate(Vec::new(), Some(2))]);
    let (one, _two) = (reserve(&ledger, &A, 0, at(0)).unwrap(), reserve(&ledger, &A, 0, at(0)).unwrap());
    assert_eq!(wait(&reserve(&ledger, &A, 0, at(0)).unwrap_err()), Some(SECOND));
    settle(one, &Actual::default(), at(0));
    assert!(reserve(&ledger, &A, 0, at(0)).is_ok());
}

#[test]
fn tokens_are_put_right_when_they_are_known() {
    let ledger = ledger([of_rate(vec![per(100, 60 * SECOND, Counted::Tokens)], None)]);
    let ask = |input| {
        let asked = Asked { thought: Tokens { input, output: 0 }, ..Asked::default() };
        ledger.reserve(&ledger.claims(&A, &[]), &asked, at(0))
    };
    let left = || ledger.standings("r", "", at(0))[0].left();
    let held = ask(60).unwrap();
    assert_eq!((left(), wait(&ask(60).unwrap_err())), (40, Some(12 * SECOND)));
    let actual = |input, output| Actual { tokens: Some(Tokens { input, output }), money: None };
    settle(held, &actual(20, 10), at(0));
    assert_eq!(left(), 70);
    settle(ask(10).unwrap(), &actual(100, 30), at(0));
    assert_eq!(
        (left(), wait(&ask(100).unwrap_err())),
        (0, Some(96 * SECOND)),
        "60 beyond the whole come first"
    );
    assert_eq!(wait(&ask(101).unwrap_err()), None, "no wait is long enough");
}

#[test]
fn allotments_that_are_for_others_are_not_looked_at() {
    let for_key = |key: &str| Selector {
        tests: vec![(Attribute::Key, vec![Pattern::from(key)])],
        ..Selector::default()
    };
    let all = (0..1_000).map(|number| {
        let name = format!("b{number}");
        Allotment { selector: for_key(&name), ..of_budget(&name, budget(10)) }
    });
    let patterned = Allotment { selector: for_key("b99*"), ..of_budget("p", budget(10)) };
    let ledger = ledger(all.chain([patterned]));
    let names = |key| ledger.claims(&Request { key, customer: None }, &[]).len();
    assert_eq!([names("b7"), names("b998"), names("b99"), names("c")], [1, 2, 2, 0]);
}
