//! Laws of a single call.

use std::time::Duration;

use domain::provider::RateLimitHeaders;
use domain::{FailureClass, TimeoutStage, Timeouts};
use engine::ledger::Tokens;
use jiff::Timestamp;

use super::{Call, Callee, Fate};
use crate::behaviour::{Account, Behaviour, QuotaSpec};
use crate::fault::{Fault, FaultSpec};
use crate::luck::{Luck, Purpose};
use crate::spread::Spread;

const SECOND: Duration = Duration::from_secs(1);
const TARGET: &str = "p/m";

/// The first token after a second, each further one after a tenth, an error after half a second.
fn behaviour() -> Behaviour {
    Behaviour {
        first_token: Spread::new(1.0, 1.0),
        per_token: Spread::new(0.1, 0.1),
        error_after: Spread::new(0.5, 0.5),
        ..Behaviour::default()
    }
}

fn fault(yaml: &serde_json::Value) -> Fault {
    let mut spec = yaml.clone();
    spec["targets"] = serde_json::json!(["p"]);
    let spec: FaultSpec = serde_json::from_value(spec).unwrap();
    Fault::compile(&spec, "faults[0]", &[TARGET.to_owned()], &mut Vec::new()).unwrap()
}

/// The fate of a call at 100 s for 11 tokens.
fn fate(behaviour: &Behaviour, faults: &[Fault], timeouts: &Timeouts, is_stream: bool) -> Fate {
    fates(behaviour, faults, timeouts, is_stream).next().unwrap()
}

fn fates<'a>(
    behaviour: &'a Behaviour,
    faults: &'a [Fault],
    timeouts: &'a Timeouts,
    is_stream: bool,
) -> impl Iterator<Item = Fate> + 'a {
    (0..1_000).map(move |number| callee(behaviour, faults).fate(call(number, timeouts, is_stream), None).0)
}

/// Who never says what is left of its quota.
const SILENT: &RateLimitHeaders = &RateLimitHeaders { quotas: Vec::new(), utilizations: Vec::new() };

fn callee<'a>(behaviour: &'a Behaviour, faults: &'a [Fault]) -> Callee<'a> {
    Callee { behaviour, faults, error_rules: &[], rate_limit_headers: SILENT }
}

fn call(number: u64, timeouts: &Timeouts, is_stream: bool) -> Call<'_> {
    let luck = Luck::of(1, Purpose::Attempt, &[number]);
    let tokens = Tokens { input: 89, output: 11 };
    Call { now: 100 * SECOND, clock: Timestamp::UNIX_EPOCH, is_stream, tokens, timeouts, luck }
}

fn answers(first: f64, ends: f64, breaks_off: bool) -> Fate {
    let [first, ends] = [first, ends].map(Duration::from_secs_f64);
    Fate::Answers { first, ends, breaks_off }
}

fn failure(fate: Fate) -> (Duration, FailureClass, Option<u16>) {
    match fate {
        Fate::Fails { after, failure } => (after, failure.class, failure.status),
        Fate::Answers { .. } => panic!("{fate:?}"),
    }
}

#[test]
fn a_stream_begins_with_its_first_token_and_any_other_answer_with_its_last() {
    let limits = Timeouts::default();
    assert_eq!(fate(&behaviour(), &[], &limits, true), answers(1.0, 2.0, false));
    assert_eq!(fate(&behaviour(), &[], &limits, false), answers(2.0, 2.0, false));
}

#[test]
fn limits_end_a_call_before_its_first_content_with_a_failure_and_after_it_by_breaking_off() {
    let limits = |first_token: Option<u64>, total: u64| Timeouts {
        first_token: first_token.map(Duration::from_millis),
        total: Some(Duration::from_millis(total)),
        ..Timeouts::default()
    };
    let timeout =
        |milliseconds, stage| (Duration::from_millis(milliseconds), FailureClass::Timeout(stage), None);
    let of = |limits, is_stream| fate(&behaviour(), &[], &limits, is_stream);
    assert_eq!(failure(of(limits(Some(900), 9_000), true)), timeout(900, TimeoutStage::FirstToken));
    assert_eq!(failure(of(limits(Some(1_900), 9_000), false)), timeout(1_900, TimeoutStage::FirstToken));
    assert_eq!(failure(of(limits(None, 800), true)), timeout(800, TimeoutStage::Total));
    assert_eq!(of(limits(None, 1_500), true), answers(1.0, 1.5, true));
}

#[test]
fn what_is_down_refuses_and_an_outage_cuts_what_is_under_way() {
    let limits = Timeouts::default();
    let of = |fault: Fault, is_stream| fate(&behaviour(), &[fault], &limits, is_stream);
    let (after, class, _) = failure(of(fault(&serde_json::json!({"down": true})), true));
    assert_eq!((after, class), (Duration::from_millis(1), FailureClass::Connect));
    let later = |from: &str| fault(&serde_json::json!({"down": true, "from": from}));
    assert_eq!(of(later("101500ms"), true), answers(1.0, 1.5, true));
    assert_eq!(failure(of(later("101500ms"), false)), (SECOND * 3 / 2, FailureClass::Broken, None));
    assert_eq!(failure(of(later("100500ms"), true)), (SECOND / 2, FailureClass::Broken, None));
    assert_eq!(of(later("103s"), true), answers(1.0, 2.0, false));
}

#[test]
fn what_is_silent_runs_into_the_limit_and_what_is_slow_takes_longer() {
    let limits = Timeouts { first_token: Some(20 * SECOND), ..Timeouts::default() };
    let of = |fault: Fault| fate(&behaviour(), &[fault], &limits, true);
    let (after, class, _) = failure(of(fault(&serde_json::json!({"silent": true}))));
    assert_eq!((after, class), (20 * SECOND, FailureClass::Timeout(TimeoutStage::FirstToken)));
    assert_eq!(of(fault(&serde_json::json!({"slow": 10}))), answers(10.0, 20.0, false));
}

#[test]
fn as_many_fail_as_the_rate_says_and_with_its_status() {
    let limits = Timeouts::default();
    let failed = |fault: Fault, behaviour: &Behaviour, status: u16| {
        let fates = fates(behaviour, std::slice::from_ref(&fault), &limits, true);
        let of_status =
            |fate: &Fate| matches!(fate, Fate::Fails { failure, .. } if failure.status == Some(status));
        fates.filter(of_status).count()
    };
    let fault = |text: serde_json::Value| fault(&text);
    let usual = behaviour();
    let errors = fault(serde_json::json!({"error_rate": 0.3, "error_status": 503}));
    assert!((260..340).contains(&failed(errors, &usual, 503)));
    let limited = fault(serde_json::json!({"limited": 0.5, "retry_after": "7s"}));
    assert!((450..550).contains(&failed(limited, &usual, 429)));
    let unreliable = Behaviour { error_rate: 0.1, ..behaviour() };
    let slow = fault(serde_json::json!({"slow": 2}));
    assert!((70..130).contains(&failed(slow, &unreliable, 500)));
}

#[test]
fn a_fault_changes_nothing_of_the_calls_that_it_does_not_fail() {
    let limits = Timeouts::default();
    let usual = Behaviour { first_token: Spread::new(1.0, 3.0), ..behaviour() };
    let before: Vec<_> = fates(&usual, &[], &limits, true).collect();
    let faults = [fault(&serde_json::json!({"error_rate": 0.3}))];
    let with = fates(&usual, &faults, &limits, true);
    assert!(
        before.iter().zip(with).all(|(before, with)| *before == with || matches!(with, Fate::Fails { .. }))
    );
}

#[test]
fn beyond_its_quota_a_credential_gets_429_with_the_wait() {
    let spec = QuotaSpec { requests_per_minute: Some(2), ..QuotaSpec::default() };
    let (behaviour, timeouts, mut account) = (behaviour(), Timeouts::default(), Account::full(spec));
    let callee = callee(&behaviour, &[]);
    let call = || call(0, &timeouts, true);
    for _ in 0..2 {
        assert!(matches!(callee.fate(call(), Some(&mut account)), (Fate::Answers { .. }, None)));
    }
    let (Fate::Fails { failure, .. }, Some(headers)) = callee.fate(call(), Some(&mut account)) else {
        panic!("it is over its quota")
    };
    assert_eq!((failure.status, failure.retry_after), (Some(429), Some(30 * SECOND)));
    assert_eq!(headers["retry-after"], "30");
}
