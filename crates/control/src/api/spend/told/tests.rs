//! What is told of budgets: exact, in their time zone, and page by page.

use std::sync::Arc;

use domain::allotment::{
    Allotment, AtLimit, Attribute, Budget, CutOff, Raise, Reserve, Selector, Span, StoreDown, Terms, Unit,
    UnknownCost,
};
use domain::notice::NoticePeriod;
use domain::ports::spend::{AccountSpend, BudgetSpend, SpendSource};
use serde_json::{Value as Json, json};

use super::{Cursor, Page, told};

/// 2026-03-10 11:00 UTC.
const NOW: i64 = 1_773_140_400;

fn budget() -> Budget {
    Budget {
        unit: Unit::Money,
        amount: 5_000_000_000_001,
        span: Span::Month,
        time_zone: "Europe/Zurich".into(),
        raises: vec![
            Raise { by: 1_000_000_000_000, until_unix_seconds: NOW + 1 },
            Raise { by: 7, until_unix_seconds: NOW },
        ],
        warn_at: vec![50, 80],
        notify: Vec::new(),
        reserve: Reserve::default(),
        unknown_cost: UnknownCost::default(),
        cut_off: CutOff::default(),
        on_store_down: StoreDown::default(),
    }
}

fn account(group: &[&str], spent: i128, held: i128) -> AccountSpend {
    AccountSpend { group: group.iter().map(|value| Box::from(*value)).collect(), spent, held }
}

fn spend(budget: Budget, group_by: Vec<Attribute>, accounts: Vec<AccountSpend>) -> BudgetSpend {
    let selector = Selector { group_by, ..Selector::default() };
    let (terms, at_limit) = (Terms::Budget(budget), AtLimit::default());
    let allotment = Allotment { name: "b".into(), selector, terms, at_limit };
    BudgetSpend {
        allotment: Arc::new(allotment),
        // From the first of March to that of April, between which the clocks change.
        period: NoticePeriod { begins: Some(1_772_319_600), ends: Some(1_774_994_400) },
        at_milliseconds: NOW * 1_000,
        source: SpendSource::Shared,
        is_complete: true,
        accounts,
    }
}

fn page(after: Option<Cursor>, limit: usize) -> Page {
    Page { after, limit }
}

#[test]
fn a_budget_that_all_share_is_told_to_the_last_digit_and_in_its_time_zone() {
    let accounts = vec![account(&[], 3_000_000_000_001, 1_000_000_000_000)];
    let expected = json!({
        "budget": "b", "unit": "usd", "span": "month", "time_zone": "Europe/Zurich",
        "window": {"start": "2026-03-01T00:00:00+01:00", "end": "2026-04-01T00:00:00+02:00"},
        "limit": "6.000000000001",
        "raises": [{"by": "1", "until": "2026-03-10T12:00:01+01:00"}],
        "warn_at": [50, 80], "group_by": [], "accounts": 1,
        "spent": "3.000000000001", "held": "1", "left": "2", "percent": 50.0,
        "passed": [50], "exhausted": false,
        "source": "shared", "complete": true, "at": "2026-03-10T12:00:00+01:00",
    });
    assert_eq!(told(spend(budget(), Vec::new(), accounts), &page(None, 9)), expected);
}

#[test]
fn tokens_are_numbers_and_a_rolling_span_ends_now() {
    let rolling = Span::Rolling(std::time::Duration::from_secs(3_600));
    let budget = Budget { unit: Unit::Tokens, amount: 300, span: rolling, raises: Vec::new(), ..budget() };
    let budget = Budget { time_zone: "UTC".into(), ..budget };
    let told = told(spend(budget, Vec::new(), vec![account(&[], 400, 9)]), &page(None, 9));
    assert_eq!(told["window"], json!({"start": "2026-03-10T10:00:00Z", "end": "2026-03-10T11:00:00Z"}));
    let figures = ["limit", "spent", "held", "left", "percent"].map(|name| told[name].clone());
    assert_eq!(figures, [json!(300), json!(400), json!(9), json!(0), json!(133.33)]);
    assert_eq!((&told["passed"], &told["exhausted"]), (&json!([50, 80]), &json!(true)));
}

#[test]
fn pages_of_groups_have_each_once_and_those_first_that_have_spent_most() {
    let by = vec![Attribute::Key, Attribute::Metadata("customer".into())];
    let groups = [("a", 5), ("b", 7), ("c", 5), ("d", 0), ("e", 9)];
    let accounts = || groups.iter().map(|(key, spent)| account(&[key, ""], *spent, 1)).collect();
    let mut seen: Vec<Json> = Vec::new();
    let mut after = None;
    loop {
        let told = told(spend(budget(), by.clone(), accounts()), &page(after, 2));
        assert_eq!(told["group_by"], json!(["key", "metadata.customer"]));
        let sums = (&told["accounts"], &told["spent"], &told["held"]);
        assert_eq!(sums, (&json!(5), &json!("0.000000000026"), &json!("0.000000000005")));
        assert!(told.get("left").is_none(), "what is left is that of each");
        seen.extend(told["groups"].as_array().unwrap().iter().map(|group| group["group"].clone()));
        let Some(next) = told["next"].as_str() else { break };
        after = Some(Cursor::read(next).unwrap());
    }
    assert_eq!(seen, ["e", "b", "a", "c", "d"].map(|key| json!([key, null])));
    assert!(Cursor::read("e").is_err() && Cursor::read("W10").is_err());
}
