//! What it costs to hold and settle what a request takes of five limits and budgets, among a thousand that are for others: in this process,
//! with the locks that the data plane has.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::{DiskEnvironment, Loader};
use domain::Money;
use domain::allotment::Attribute;
use engine::ledger::{Actual, Asked, Bound, Described, Ledger, Moment, Tokens};
use jiff::Timestamp;

use super::{Compare, Measured, Unit};
use crate::report::median;
use crate::rig::{Rig, Subject};

const OTHERS: usize = 1_000;
const BATCHES: usize = 50;
const REQUESTS_PER_BATCH: u32 = 2_000;

pub(super) fn measure(_rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    if subject.contender.name() != "tollgate" {
        return Ok(measured);
    }
    let ledger = ledger()?;
    measured.add("five of a thousand".to_owned(), micros_each(&ledger), Unit::Micros, Compare::Alone);
    Ok(measured)
}

fn micros_each(ledger: &Ledger) -> f64 {
    let batch = || {
        let began = Instant::now();
        for _ in 0..REQUESTS_PER_BATCH {
            black_box(one(ledger));
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS_PER_BATCH)
    };
    let batches: Vec<f64> = (0..BATCHES).map(|_| batch()).collect();
    median(&batches).unwrap_or_default()
}

/// One request, from its description to its end; how many accounts it was charged to.
fn one(ledger: &Ledger) -> usize {
    let money = Some(Money::from_pico_usd(1_000));
    let tokens = Tokens { input: 100, output: 50 };
    let asked = Asked { thought: tokens, most: Bound { tokens: Some(tokens), money }, expected: None };
    let claims = ledger.claims(&Request, &[]);
    match ledger.reserve(&claims, &asked, NOW) {
        Ok(held) => {
            black_box(held.settle(&Actual { tokens: Some(tokens), money }, &Request, None, NOW));
            claims.len()
        }
        Err(_) => 0,
    }
}

/// When everything happens.
const NOW: Moment = Moment { steady: Duration::from_secs(1_000), wall: Timestamp::UNIX_EPOCH };

struct Request;

impl Described for Request {
    fn value(&self, attribute: &Attribute) -> Option<&str> {
        match attribute {
            Attribute::Key => Some("key"),
            Attribute::Team => Some("team"),
            Attribute::Workspace => Some("workspace"),
            Attribute::Metadata(_) => Some("acme"),
            _ => None,
        }
    }
}

fn ledger() -> anyhow::Result<Ledger> {
    let mut text = String::from(
        "rate_limits:
  - {name: per-key, group_by: [key], requests: {per_second: 1000000000}, tokens: {per_minute: 100000000000000}}
budgets:
  - {name: all, usd: 900000000000, window: month}
  - {name: workspace, match: {workspace: [workspace]}, usd: 900000000000, window: day, time_zone: Europe/Zurich}
  - {name: team, match: {team: [team]}, usd: 900000000000, rolling: 1h}
  - {name: customers, match: {key: [key]}, group_by: [metadata.customer], usd: 900000000000, window: once}
",
    );
    for number in 0..OTHERS {
        text +=
            &format!("  - {{name: other-{number}, match: {{key: [other-{number}]}}, usd: 1, window: day}}\n");
    }
    let loader = Loader::new("limits.yaml", Arc::new(DiskEnvironment(|_: &str| None)));
    Ok(Ledger::of(&loader.load_text(&text, 1)?.snapshot.allotments, None))
}

#[cfg(test)]
mod tests {
    use super::{ledger, one};

    #[test]
    fn what_is_measured_is_charged_to_five_accounts_each_time() {
        let ledger = ledger().unwrap();
        assert!((0..10_000).all(|_| one(&ledger) == 5));
    }
}
