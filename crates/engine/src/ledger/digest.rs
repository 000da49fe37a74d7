//! What tells an account from all others, in every process that has it.

use domain::Allotment;
use domain::allotment::{Attribute, Budget, RateLimit, Span, Terms};
use domain::quota::{Allowance, Counted};

/// What tells an account from others of the same name: its group, and all that decides what counts for it.
pub(super) fn digest(allotment: &Allotment, group: &str) -> String {
    let kind = match &allotment.terms {
        Terms::Budget(budget) => kind_of_budget(budget),
        Terms::Rate(limit) => kind_of_rate(limit),
    };
    let by = allotment.selector.group_by.iter().map(Attribute::name);
    let mut hash = blake3::Hasher::new();
    for part in [kind].into_iter().chain(by).chain([group.to_owned()]) {
        hash.update(&part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_hex().chars().take(32).collect()
}

fn kind_of_budget(budget: &Budget) -> String {
    let span = match budget.span {
        Span::Rolling(span) => format!("{} ns", span.as_nanos()),
        Span::Hour => "hour".to_owned(),
        Span::Day => "day".to_owned(),
        Span::Week => "week".to_owned(),
        Span::Month => "month".to_owned(),
        Span::Quarter => "quarter".to_owned(),
        Span::Once => "once".to_owned(),
    };
    format!("{} {span} {}", budget.unit.name(), budget.time_zone)
}

fn kind_of_rate(limit: &RateLimit) -> String {
    let allowances = limit.allowances.iter().map(|Allowance { counted, count, per }| {
        let counted = match counted {
            Counted::Requests => "requests",
            Counted::Tokens => "tokens",
            Counted::InputTokens => "input_tokens",
            Counted::OutputTokens => "output_tokens",
        };
        format!("{count} {counted} per {} ns", per.as_nanos())
    });
    let concurrency = limit.concurrency.map(|most| format!("{most} at once"));
    allowances.chain(concurrency).collect::<Vec<_>>().join(", ")
}
