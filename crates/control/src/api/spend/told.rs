//! What a budget has spent, as it is told: money as decimal text, since readers of JSON keep no more than 53 bits of a number, and tokens as
//! numbers.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Money;
use domain::allotment::{Attribute, Budget, Span, Terms, Unit};
use domain::ports::spend::{AccountSpend, BudgetSpend};
use engine::ledger::{Measured, Standing};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::{Problem, invalid};

/// Which of a budget's groups are told.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

/// Where a page begins: behind a group, by what it had spent then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    spent: Reverse<i128>,
    group: Vec<Box<str>>,
}

impl Cursor {
    fn of(account: &AccountSpend) -> Self {
        Self { spent: Reverse(account.spent), group: account.group.clone() }
    }

    /// Reads what was told as `next`.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let read = URL_SAFE_NO_PAD.decode(text).ok();
        let read = read.and_then(|json| serde_json::from_slice::<(String, Vec<Box<str>>)>(&json).ok());
        let read = read.and_then(|(spent, group)| Some(Self { spent: Reverse(spent.parse().ok()?), group }));
        read.ok_or_else(|| invalid("expected the `next` of the page before as `after`"))
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!([self.spent.0.to_string(), self.group]).to_string())
    }
}

/// A budget, with a page of its groups where it has such.
pub(super) fn told(spend: BudgetSpend, page: &Page) -> Json {
    let BudgetSpend { allotment, period, at_milliseconds, source, is_complete, mut accounts } = spend;
    // Nobody spends of a rate limit.
    let Terms::Budget(budget) = &allotment.terms else { return Json::Null };
    let at = Timestamp::from_millisecond(at_milliseconds).unwrap_or_default();
    let clock = Clock { zone: TimeZone::get(&budget.time_zone).unwrap_or(TimeZone::UTC) };
    let limit = budget.amount_at(at.as_second());
    let sum = |amount: fn(&AccountSpend) -> i128| {
        accounts.iter().fold(0, |sum: i128, account| sum.saturating_add(amount(account)))
    };
    let by = &allotment.selector.group_by;
    let mut told = json!({
        "budget": allotment.name.as_str(),
        "unit": budget.unit.name(),
        "span": budget.span.name(),
        "time_zone": budget.time_zone,
        "window": clock.window(budget, (period.begins, period.ends), at),
        "limit": amount(budget.unit, limit),
        "raises": raises(budget, at, &clock),
        "warn_at": budget.warn_at,
        "group_by": by.iter().map(Attribute::name).collect::<Vec<_>>(),
        "accounts": accounts.len(),
        "spent": amount(budget.unit, sum(|account| account.spent)),
        "held": amount(budget.unit, sum(|account| account.held)),
        "source": source.name(),
        "complete": is_complete,
        "at": clock.text(at),
    });
    if by.is_empty() {
        let only = accounts.first().map(|account| standing(budget, limit, account));
        if let (Json::Object(told), Some(Json::Object(only))) = (&mut told, only) {
            told.extend(only);
        }
        return told;
    }
    accounts.sort_by_key(Cursor::of);
    let behind =
        |account: &&AccountSpend| page.after.as_ref().is_none_or(|after| Cursor::of(account) > *after);
    let rest: Vec<_> = accounts.iter().filter(behind).collect();
    let shown = &rest[..rest.len().min(page.limit)];
    told["groups"] = shown.iter().map(|account| of_group(budget, limit, account)).collect();
    if let Some(last) = shown.last().filter(|_| shown.len() < rest.len()) {
        told["next"] = Cursor::of(last).write().into();
    }
    told
}

fn of_group(budget: &Budget, limit: i128, account: &AccountSpend) -> Json {
    let value = |value: &str| if value.is_empty() { Json::Null } else { value.into() };
    let mut told = standing(budget, limit, account);
    told["group"] = account.group.iter().map(|part| value(part)).collect();
    told
}

/// How an account stands.
fn standing(budget: &Budget, limit: i128, account: &AccountSpend) -> Json {
    let AccountSpend { spent, held, .. } = *account;
    let measured = Measured::Budget(budget.unit, budget.span);
    let standing = Standing { measured, limit, used: spent, held, resets_in: None };
    json!({
        "spent": amount(budget.unit, spent),
        "held": amount(budget.unit, held),
        "left": amount(budget.unit, standing.left()),
        "percent": percent(spent, limit),
        "passed": budget.warn_at.iter().filter(|percent| standing.has_passed(**percent)).collect::<Vec<_>>(),
        "exhausted": spent >= limit,
    })
}

/// How many percent are spent, to the hundredth below.
fn percent(spent: i128, limit: i128) -> f64 {
    let hundredths = spent.saturating_mul(10_000).checked_div(limit).unwrap_or(10_000);
    f64::from(i32::try_from(hundredths).unwrap_or(i32::MAX)) / 100.0
}

fn amount(unit: Unit, amount: i128) -> Json {
    match unit {
        Unit::Money => Money::from_pico_usd(amount).to_string().into(),
        Unit::Tokens | Unit::InputTokens | Unit::OutputTokens => {
            u64::try_from(amount.max(0)).unwrap_or(u64::MAX).into()
        }
    }
}

/// What is granted on top at a time.
fn raises(budget: &Budget, at: Timestamp, clock: &Clock) -> Json {
    let in_force = budget.raises.iter().filter(|raise| at.as_second() < raise.until_unix_seconds);
    let told = in_force.map(|raise| {
        let until = Timestamp::from_second(raise.until_unix_seconds).unwrap_or(Timestamp::MAX);
        json!({"by": amount(budget.unit, raise.by), "until": clock.text(until)})
    });
    told.collect()
}

/// The clock of a budget's time zone.
struct Clock {
    zone: TimeZone,
}

impl Clock {
    fn text(&self, at: Timestamp) -> String {
        let offset = self.zone.to_offset(at);
        if offset.is_zero() { at.to_string() } else { at.display_with_offset(offset).to_string() }
    }

    /// The span that is meant: the one of the calendar, or the rolling one that ends now.
    fn window(&self, budget: &Budget, (begins, ends): (Option<i64>, Option<i64>), at: Timestamp) -> Json {
        let seconds =
            |seconds: Option<i64>| Some(self.text(Timestamp::from_second(seconds?).unwrap_or_default()));
        match budget.span {
            Span::Rolling(length) => {
                let start = at.checked_sub(length).unwrap_or(Timestamp::MIN);
                json!({"start": self.text(start), "end": self.text(at)})
            }
            _ => json!({"start": seconds(begins), "end": seconds(ends)}),
        }
    }
}

#[cfg(test)]
mod tests;
