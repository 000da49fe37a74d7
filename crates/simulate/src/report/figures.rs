//! The figures of a report, as people read them.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::canary::Stage;

use super::Outcome;
use super::table::Table;
use crate::canaries::CanaryTally;
use crate::tally::{Hedges, Tally, TargetTally, percentile};

/// A figure of a configuration, by its name.
type Figure = (&'static str, fn(&Outcome) -> String);

const FIGURES: [Figure; 24] = [
    ("success", |outcome| percent(outcome.tally.success_rate())),
    ("failed", |outcome| outcome.tally.failed.values().sum::<u64>().to_string()),
    ("  after the first content", |outcome| outcome.tally.broke_off.to_string()),
    ("rescued", |outcome| outcome.tally.rescued.to_string()),
    ("second calls", |outcome| hedges(outcome, |hedges| hedges.made.to_string())),
    ("  answered first", |outcome| hedges(outcome, |hedges| hedges.won.to_string())),
    ("  not made, for the share", |outcome| hedges(outcome, |hedges| hedges.capped.to_string())),
    ("  US dollars, at most", |outcome| hedges(outcome, |hedges| hedges.cost_max.to_string())),
    ("attempts per request", |outcome| format!("{:.3}", outcome.tally.attempts_per_request())),
    ("first token, p50", |outcome| time(percentile(&outcome.tally.first_tokens, 0.50))),
    ("first token, p99", |outcome| time(percentile(&outcome.tally.first_tokens, 0.99))),
    ("  added by faults", |outcome| time(outcome.added_first_token_p99())),
    ("whole answer, p50", |outcome| time(percentile(&outcome.tally.answers, 0.50))),
    ("whole answer, p99", |outcome| time(percentile(&outcome.tally.answers, 0.99))),
    ("  added by faults", |outcome| time(outcome.added_p99())),
    ("429s seen", |outcome| outcome.tally.limited.to_string()),
    ("429s avoided", |outcome| outcome.tally.limits_avoided.to_string()),
    ("waited for a quota", |outcome| queue(outcome, |tally| tally.waits.len().to_string())),
    ("  wait, p50", |outcome| queue(outcome, |tally| time(percentile(&tally.wait_times(None), 0.50)))),
    ("  wait, p99", |outcome| queue(outcome, |tally| time(percentile(&tally.wait_times(None), 0.99)))),
    ("refused for want of quota", |outcome| queue(outcome, |tally| tally.over_quota.to_string())),
    ("breakers opened", |outcome| openings(&outcome.tally).to_string()),
    ("cost in US dollars", |outcome| outcome.tally.cost.to_string()),
    ("answers without price", |outcome| outcome.tally.unpriced.values().sum::<u64>().to_string()),
];

/// A row for each figure; those that say nothing of any configuration are left out.
pub(super) fn of(outcomes: &[Outcome]) -> Table {
    let names = outcomes.iter().map(|outcome| outcome.name.clone());
    let mut table = Table::with_head(std::iter::once(String::new()).chain(names).collect());
    for (name, figure) in FIGURES {
        let cells: Vec<_> = outcomes.iter().map(figure).collect();
        if cells.iter().any(|cell| cell != "-") {
            table.add(std::iter::once(name.to_owned()).chain(cells).collect());
        }
        if name == "failed" {
            failures(outcomes, &mut table);
        }
    }
    canaries(outcomes, &mut table);
    table
}

/// A figure of second calls; none where nothing could be joined.
fn hedges(outcome: &Outcome, figure: impl FnOnce(&Hedges) -> String) -> String {
    let hedges = &outcome.tally.hedges;
    if hedges.joinable > 0 { figure(hedges) } else { "-".to_owned() }
}

/// A figure of those who wait for quotas; none where nobody had to.
fn queue(outcome: &Outcome, figure: impl FnOnce(&Tally) -> String) -> String {
    let tally = &outcome.tally;
    if tally.waits.is_empty() && tally.over_quota == 0 { "-".to_owned() } else { figure(tally) }
}

/// What became of canaries.
fn canaries(outcomes: &[Outcome], table: &mut Table) {
    let names: BTreeSet<_> =
        outcomes.iter().flat_map(|outcome| &outcome.tally.canaries).map(|canary| &canary.name).collect();
    for name in names {
        let of = |outcome: &Outcome| {
            let found = outcome.tally.canaries.iter().find(|canary| canary.name == *name);
            found.map_or_else(|| "-".to_owned(), became)
        };
        let cells = outcomes.iter().map(of);
        table.add(std::iter::once(format!("canary of {name}")).chain(cells).collect());
    }
}

fn became(canary: &CanaryTally) -> String {
    let when = canary.turned.map(long).unwrap_or_default();
    match canary.standing.stage {
        Stage::Running => format!("at {} %", canary.reached_percent),
        Stage::Promoted => format!("promoted after {when}"),
        Stage::RolledBack(metric) => {
            format!("back from {} % after {when}: {}", canary.reached_percent, metric.name())
        }
    }
}

/// What the failed requests failed of.
fn failures(outcomes: &[Outcome], table: &mut Table) {
    let classes: BTreeSet<_> = outcomes.iter().flat_map(|outcome| outcome.tally.failed.keys()).collect();
    for class in classes {
        let of = |outcome: &Outcome| outcome.tally.failed.get(class).copied().unwrap_or(0).to_string();
        let cells = outcomes.iter().map(of);
        table.add(std::iter::once(format!("  {class}")).chain(cells).collect());
    }
}

/// A row for each target, with the same columns for each configuration.
pub(super) fn by_target(outcomes: &[Outcome]) -> Table {
    let mut head = vec!["target".to_owned()];
    for _ in outcomes {
        head.extend(["answered", "calls", "failed", "opened"].map(str::to_owned));
    }
    let mut table = Table::with_head(head);
    let targets = outcomes.iter().flat_map(|outcome| &outcome.tally.targets);
    let names: BTreeSet<_> = targets.map(|target| target.name.as_str()).collect();
    for name in names {
        let mut row = vec![name.to_owned()];
        outcomes.iter().for_each(|outcome| row.extend(cells(&outcome.tally, name)));
        table.add(row);
    }
    table
}

fn cells(tally: &Tally, name: &str) -> [String; 4] {
    let Some(target) = tally.targets.iter().find(|target| target.name == name) else {
        return ["-"; 4].map(str::to_owned);
    };
    let share = percent(share_of(target, tally));
    [share, target.attempts.to_string(), target.failures.to_string(), target.openings.to_string()]
}

/// The share of answers that came from a target.
pub(super) fn share_of(target: &TargetTally, tally: &Tally) -> f64 {
    if tally.succeeded == 0 { 0.0 } else { target.answered as f64 / tally.succeeded as f64 }
}

/// How often breakers opened, those of whole providers included.
pub(super) fn openings(tally: &Tally) -> u64 {
    tally.wide_openings + tally.targets.iter().map(|target| target.openings).sum::<u64>()
}

/// A share in percent. It is cut off and not rounded, so that only a whole share reads as one.
pub(crate) fn percent(share: f64) -> String {
    // The least bit lets a share that is a short decimal read as one.
    format!("{:.3} %", (share * 1e5 + 1e-6).floor() / 1e3)
}

/// A time, to the millisecond.
pub(crate) fn time(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.3} s", time.as_secs_f64()))
}

/// A long time, to the second.
pub(super) fn long(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds:02}s"),
        _ => format!("{hours}h{minutes:02}m"),
    }
}
