//! The answer to a request for which not enough is left: which limit, how it stands, and when to come again.

use std::time::Duration;

use domain::allotment::{Allotment, Span, Terms};
use domain::quota::Counted;
use domain::{ApiKey, ErrorCode};
use engine::ledger::{Denied, Measured, Shortage, Standing, Why};
use fleet::allotted::Told;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::refusal::Refusal;

/// SDKs of OpenAI and Anthropic try no more where this says `false` (openai-python, `_should_retry`).
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// The longest wait that SDKs keep to; after a longer one they would come again too early.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(60);
/// When to come again where the processes that share a limit or a budget cannot agree on it.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(1);

/// How many other limits and budgets are named that have too little left, too.
const OTHERS_MAX: usize = 3;

/// The answer because of the account that has enough again first. Where the request could have gone elsewhere, it also says what denied it there.
pub(super) fn refusal(denied: &Denied, elsewhere: &[&Denied], key: &ApiKey) -> Refusal {
    let code = match (&denied.why, &denied.allotment.terms) {
        (Why::Unforeseeable, _) => ErrorCode::CostUnknown,
        (Why::Crowded, _) => ErrorCode::GroupsFull,
        (Why::Short(_) | Why::Unleased(_), Terms::Rate(_)) => ErrorCode::OverLimit,
        (Why::Short(_) | Why::Unleased(_), Terms::Budget(_)) => ErrorCode::OverBudget,
    };
    let wait = denied.wait();
    let mut headers = HeaderMap::new();
    if let Why::Short(shortage) | Why::Unleased(shortage) = &denied.why {
        let mut told = Told::default();
        told.rates(std::iter::once(&shortage.standing));
        told.write(&mut headers);
    }
    if wait.is_none_or(|wait| wait > RETRY_WAIT_MAX) {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    let whole_seconds =
        wait.map(|wait| Duration::from_secs(wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)));
    let message = format!("{}{}", message(denied, key), so_have(denied, elsewhere));
    Refusal::new(code, message).with_retry_after(whole_seconds).with_headers(headers)
}

/// `; too little is left of the budget `b`, too`.
fn so_have(denied: &Denied, elsewhere: &[&Denied]) -> String {
    let mut others: Vec<&Denied> = Vec::new();
    for other in elsewhere.iter().filter(|other| !other.is_same_account(denied)) {
        if !others.iter().any(|known| known.is_same_account(other)) {
            others.push(other);
        }
    }
    if others.is_empty() {
        return String::new();
    }
    let named = others.iter().take(OTHERS_MAX).map(|other| format!("the {}", other.whose()));
    let more = others.len().saturating_sub(OTHERS_MAX);
    let named = named.chain((more > 0).then(|| format!("{more} more"))).collect::<Vec<_>>();
    format!("; too little is left of {}, too", named.join(", "))
}

/// The processes that share a limit or a budget cannot agree on it.
pub(super) fn unreachable(denied: &Denied) -> Refusal {
    let setting = match denied.allotment.terms {
        Terms::Rate(_) => "rate_limits[].on_store_down",
        Terms::Budget(_) => "budgets[].on_store_down",
    };
    let whose = denied.whose();
    let message = format!("how much is left of the {whose} cannot be asked now; try again ({setting})");
    Refusal::new(ErrorCode::SharedStateUnavailable, message).with_retry_after(Some(UNREACHABLE_WAIT))
}

fn message(denied: &Denied, key: &ApiKey) -> String {
    let whose = denied.whose();
    match &denied.why {
        Why::Crowded => format!(
            "the {whose} has as many groups as it may have, and each has used something; try again later (groups_max)"
        ),
        Why::Unforeseeable => format!(
            "nobody can say beforehand what this request costs at most, which the {whose} has to know (budgets[].unknown_cost)"
        ),
        Why::Short(shortage) | Why::Unleased(shortage) => match shortage.standing.measured {
            Measured::Rate(counted, per) => rate(&whose, shortage, counted, per),
            Measured::Concurrency => {
                format!(
                    "the {whose} is {} requests at once, and as many are under way",
                    shortage.standing.limit
                )
            }
            Measured::Budget(_, span) => budget(&whose, &denied.allotment, shortage, span, key.sees_budgets),
        },
    }
}

fn rate(whose: &str, shortage: &Shortage, counted: Counted, per: Duration) -> String {
    let Standing { limit, .. } = shortage.standing;
    let what = match counted {
        Counted::Requests => "requests",
        Counted::Tokens => "tokens",
        Counted::InputTokens => "input tokens",
        Counted::OutputTokens => "output tokens",
    };
    let per = match per.as_secs() {
        1 => "second",
        60 => "minute",
        3_600 => "hour",
        _ => "day",
    };
    let asked = match counted {
        Counted::Requests => String::new(),
        _ => format!("; this request asks for about {}", shortage.asked),
    };
    let left = shortage.standing.left();
    match shortage.wait {
        Some(_) => format!("the {whose} is {limit} {what} per {per}, and {left} are left{asked}"),
        None => format!("the {whose} is {limit} {what} per {per}{asked}, which is more than it ever has"),
    }
}

fn budget(whose: &str, allotment: &Allotment, shortage: &Shortage, span: Span, is_seen: bool) -> String {
    let Terms::Budget(budget) = &allotment.terms else { return format!("the {whose} is spent") };
    let span = match span {
        Span::Rolling(_) => " of late",
        Span::Hour => " this hour",
        Span::Day => " today",
        Span::Week => " this week",
        Span::Month => " this month",
        Span::Quarter => " this quarter",
        Span::Once => "",
    };
    if !is_seen {
        return format!("the {whose} has too little left{span} for what this request can cost");
    }
    let show = |amount| budget.unit.show(amount);
    let Standing { limit, used, held, .. } = shortage.standing;
    format!(
        "the {whose} is {}; {} are spent{span} and {} held for requests under way, and this request can cost {}",
        show(limit),
        show(used),
        show(held),
        show(shortage.asked),
    )
}
