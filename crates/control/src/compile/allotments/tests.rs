//! Limits and budgets from their text: what comes out, and what cannot be meant.

use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{AtLimit, Attribute, Reserve, Span, Terms, Unit, UnknownCost};
use domain::quota::Counted;

use crate::environment::Environment;
use crate::load::Loader;

/// No variables and no files.
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &std::path::Path, _: u64) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn loader() -> Loader {
    Loader::new("tollgate.yaml", Arc::new(Nothing))
}

fn errors(text: &str) -> String {
    loader().load_text(text, 1).unwrap_err().to_string()
}

#[test]
fn limits_and_budgets_are_read_as_they_are_written() {
    let text = "
routes:
  cheap: {target: p/m}
providers:
  p: {base_url: 'http://127.0.0.1:1', credentials: [c], endpoints: {chat_completions: /c}}
rate_limits:
  - {name: few, group_by: [key], requests: {per_second: 5, per_day: 100}, concurrency: 3, at_limit: queue, queue_wait_max: 2s}
budgets:
  - name: month
    match: {team: [search], metadata.customer: ['a*', b]}
    usd: 2500.5
    window: month
    time_zone: Europe/Zurich
    raises: [{usd: 10, until: 1970-01-01T01:00:00Z}]
    warn_at: [80%, 50%]
    unknown_cost: flat
    flat_usd: 0.01
    at_limit: downgrade
    downgrade_to: cheap
  - {name: tokens, output_tokens: 7, rolling: 1h, reserve: most}
";
    let loaded = loader().load_text(text, 1).unwrap();
    let [few, month, tokens] = loaded.snapshot.allotments.as_slice() else { panic!("three") };
    let Terms::Rate(rate) = &few.terms else { panic!("a limit") };
    let counts: Vec<_> =
        rate.allowances.iter().map(|allowance| (allowance.counted, allowance.count)).collect();
    assert_eq!(counts, [(Counted::Requests, 5), (Counted::Requests, 100)]);
    assert_eq!((few.at_limit.clone(), rate.concurrency), (AtLimit::Queue(Duration::from_secs(2)), Some(3)));
    assert_eq!(few.selector.group_by, [Attribute::Key]);
    let Terms::Budget(budget) = &month.terms else { panic!("a budget") };
    assert_eq!((budget.unit, budget.amount, budget.span), (Unit::Money, 2_500_500_000_000_000, Span::Month));
    assert_eq!(
        (budget.amount_at(3_599) - budget.amount, budget.amount_at(3_600)),
        (10_000_000_000_000, budget.amount)
    );
    assert_eq!((budget.warn_at.as_slice(), budget.reserve), ([50, 80].as_slice(), Reserve::Clamp));
    assert_eq!(budget.unknown_cost, UnknownCost::Amount(10_000_000_000));
    assert_eq!(month.at_limit, AtLimit::Downgrade("cheap".into()));
    assert_eq!(month.selector.tests.len(), 2);
    let Terms::Budget(budget) = &tokens.terms else { panic!("a budget") };
    assert_eq!((budget.unit, budget.span), (Unit::OutputTokens, Span::Rolling(Duration::from_secs(3_600))));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    let text = "
rate_limits:
  - name: nothing
  - {name: a, match: {kye: ['*']}, requests: {per_minute: 1}, downgrade_to: r}
  - {name: a, group_by: [key, key], concurrency: 1, at_limit: downgrade}
budgets:
  - {name: b, usd: 1, tokens: 5, window: day}
  - {name: c, usd: 1, window: day, rolling: 1h, time_zone: Mars/Olympus}
  - {name: d, tokens: 5, window: once, raises: [{usd: 1, until: soon}], flat_usd: 1}
  - {name: e, usd: 0, window: day}
";
    let first = errors(text);
    assert!(first.contains(":10:20: budgets[3].usd: expected an amount above zero, found `0`"), "{first}");
    let found = errors(&text.replace("usd: 0,", "usd: 1, group_by: [], groups_max: 2,"));
    for part in [
        ":3:5: rate_limits[0]: it limits nothing",
        ":4:23: rate_limits[1].match.kye: requests have no `kye`; did you mean `key`?",
        "rate_limits[1].downgrade_to: it needs `at_limit: downgrade`",
        "rate_limits[2].name: another limit or budget is named `a` already",
        "rate_limits[2].group_by[1]: `key` is there already",
        "rate_limits[2].downgrade_to: `at_limit: downgrade` needs a route",
        ":7:5: budgets[0]: expected one of `usd`, `tokens`, `input_tokens` and `output_tokens`",
        "budgets[1]: expected one of `window` and `rolling`",
        "budgets[1].time_zone: there is no time zone `Mars/Olympus`",
        "budgets[2].raises[0]: expected `tokens`, as the budget has it, and nothing else",
        "budgets[2].raises[0].until: expected a time such as",
        "budgets[2].flat_usd: it needs `unknown_cost: flat`",
        "budgets[3].groups_max: it needs `group_by`",
    ] {
        assert!(found.contains(part), "{part} is not in {found}");
    }
}

#[test]
fn whom_a_budget_tells_is_found_or_a_mistake_with_its_line() {
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let text = format!(
        "
webhooks:
  - {{name: finance, url: 'https://h.example/x', secret: {secret}, headers: {{authorization: Bearer hunter2}}}}
budgets:
  - {{name: a, usd: 1, window: day, notify: [finance]}}
"
    );
    let loaded = loader().load_text(&text, 1).unwrap();
    assert_eq!(loaded.webhooks[0].name(), "finance");
    let Terms::Budget(budget) = &loaded.snapshot.allotments[0].terms else { panic!("a budget") };
    assert_eq!(budget.notify, ["finance"].map(Box::from));
    assert!(!format!("{loaded:?}").contains("hunter2") && !format!("{loaded:?}").contains(secret));
    let told = errors(
        "
webhooks:
  - {name: finance, url: 'https://h.example/x', secret: hunter2}
  - {name: finance, url: 'h.example', secret: whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD, headers: {webhook-id: hunter3}}
budgets:
  - {name: a, usd: 1, window: day, notify: [finance, nobody, finance]}
",
    );
    for part in [
        "tollgate.yaml:3:",
        "webhooks[0].secret: expected `whsec_`",
        "webhooks[1].name: another webhook is named `finance` already",
        "webhooks[1].url: expected a URL",
        "tollgate.yaml:6:",
        "budgets[0].notify[1]: there is no webhook `nobody`",
        "budgets[0].notify[2]: `finance` stands here twice",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("hunter2") && !told.contains("hunter3"), "{told}");
}
