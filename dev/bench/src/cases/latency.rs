//! What a server adds to the latency of a request at fixed rates, counted from the time the request was due.

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit, micros};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

/// Requests per second.
const RATES: [u32; 4] = [200, 1000, 1800, 5000];

/// A server that has answered less of what was due cannot keep up.
const ANSWERED_MIN: f64 = 0.98;

/// Nor one whose median has grown beyond this: it answers from a backlog.
const MEDIAN_MAX_NANOSECONDS: u64 = 500_000_000;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    for rate in RATES {
        let task = Task {
            errand: Errand::Straight(Scenario::Whole, Format::Chat),
            body_bytes: BODY_BYTES,
            pattern: Pattern::Open {
                rate_per_second: f64::from(rate),
                connections: CONNECTIONS,
                seed: u64::from(rate),
            },
            events_min: 0,
        };
        let Some(outcome) = rig.load(subject, task)? else {
            break;
        };
        let answered = outcome.answers as f64 / (outcome.due.max(1)) as f64;
        if answered < ANSWERED_MIN || outcome.latency.p50 > MEDIAN_MAX_NANOSECONDS {
            measured.warnings.push(format!(
                "does not keep up with {rate} requests per second ({:.0} % answered, median {:.0} ms); higher rates left out",
                answered * 100.0,
                micros(outcome.latency.p50) / 1000.0
            ));
            break;
        }
        measured.doubt(&format!("{rate}/s"), &outcome);
        measured.add(format!("p50 at {rate}/s"), micros(outcome.latency.p50), Unit::Micros, Compare::Added);
        measured.add(format!("p99 at {rate}/s"), micros(outcome.latency.p99), Unit::Micros, Compare::Added);
        measured.add(
            format!("CPU per request at {rate}/s"),
            outcome.server_micros_per_answer(),
            Unit::Micros,
            Compare::Ratio,
        );
    }
    Ok(measured)
}
