//! The figures of a report, as machines read them.

use std::time::Duration;

use domain::Priority;

use serde_json::{Value, json};

use super::figures::{openings, share_of};
use super::{Outcome, Report};
use crate::canaries::CanaryTally;
use crate::tally::{Hedges, Tally, WaitEnd, percentile};

pub(super) fn report(report: &Report) -> Value {
    let configurations: Vec<_> = report.outcomes.iter().map(outcome).collect();
    json!({ "seed": report.seed, "configurations": configurations })
}

fn outcome(outcome: &Outcome) -> Value {
    let tally = &outcome.tally;
    json!({
        "name": outcome.name,
        "requests": tally.requests,
        "succeeded": tally.succeeded,
        "success_rate": tally.success_rate(),
        "failed": tally.failed,
        "broke_off": tally.broke_off,
        "rescued": tally.rescued,
        "attempts": tally.attempts,
        "first_token_ms": times(&tally.first_tokens, outcome.added_first_token_p99()),
        "answer_ms": times(&tally.answers, outcome.added_p99()),
        "limits": { "seen": tally.limited, "avoided": tally.limits_avoided },
        "queue": queue(tally),
        "hedges": hedges(&tally.hedges),
        "breaker_openings": openings(tally),
        "cost_usd": tally.cost.to_string(),
        "unpriced": tally.unpriced,
        "canaries": tally.canaries.iter().map(canary).collect::<Vec<_>>(),
        "targets": targets(tally),
    })
}

fn queue(tally: &Tally) -> Value {
    let ended = |end| tally.waits.iter().filter(|wait| wait.end == end).count();
    let wait = |priority| {
        let times = tally.wait_times(priority);
        json!({
            "p50": milliseconds(percentile(&times, 0.50)),
            "p99": milliseconds(percentile(&times, 0.99)),
            "let_through": times.len(),
        })
    };
    let priorities = Priority::ALL.map(|priority| (priority.name().to_owned(), wait(Some(priority))));
    json!({
        "waited": tally.waits.len(),
        "let_through": ended(WaitEnd::Went),
        "waited_in_vain": ended(WaitEnd::Refused),
        "let_go": ended(WaitEnd::Left),
        "refused": tally.over_quota,
        "wait_ms": wait(None),
        "wait_ms_by_priority": Value::Object(priorities.into_iter().collect()),
    })
}

fn hedges(hedges: &Hedges) -> Value {
    json!({
        "joinable": hedges.joinable,
        "made": hedges.made,
        "won": hedges.won,
        "lost": hedges.lost,
        "failed": hedges.failed,
        "capped": hedges.capped,
        "outrun": hedges.outrun,
        "outrun_cost_max_usd": hedges.cost_max.to_string(),
        "outrun_unpriced": hedges.unpriced,
    })
}

fn times(ascending: &[u64], added: Option<Duration>) -> Value {
    json!({
        "p50": milliseconds(percentile(ascending, 0.50)),
        "p99": milliseconds(percentile(ascending, 0.99)),
        "p99_added_by_faults": milliseconds(added),
    })
}

fn milliseconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_micros() as f64 / 1e3)
}

fn canary(canary: &CanaryTally) -> Value {
    let alarm = canary.alarm.map(
        |alarm| json!({ "metric": alarm.metric.name(), "baseline": alarm.baseline, "canary": alarm.canary }),
    );
    json!({
        "canary": canary.name,
        "state": canary.standing.stage.name(),
        "step": canary.standing.step + 1,
        "reached_percent": canary.reached_percent,
        "turned_ms": milliseconds(canary.turned),
        "alarm": alarm,
    })
}

fn targets(tally: &Tally) -> Vec<Value> {
    let target = |target: &crate::tally::TargetTally| {
        json!({
            "target": target.name,
            "share": share_of(target, tally),
            "answered": target.answered,
            "calls": target.attempts,
            "failed": target.failures,
            "outrun": target.outrun,
            "breaker_openings": target.openings,
        })
    };
    tally.targets.iter().map(target).collect()
}
