//! How much later the first event of a stream arrives than it would without the gateway.

use std::time::Duration;

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit, micros, stream};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

const CHUNKS: u32 = 8;

/// A short answer whose tokens come one after the other.
pub(super) const PACED: Scenario = stream(CHUNKS, Duration::from_millis(2));

/// Streams per second: about two are open at any time.
const RATE: u32 = 100;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let task = Task {
        errand: Errand::Straight(PACED, Format::Chat),
        body_bytes: BODY_BYTES,
        pattern: Pattern::Open {
            rate_per_second: f64::from(RATE),
            connections: CONNECTIONS,
            seed: u64::from(RATE),
        },
        events_min: u64::from(CHUNKS),
    };
    if let Some(outcome) = rig.load(subject, task)? {
        measured.doubt("streams", &outcome);
        measured.add("p50", micros(outcome.first_event.p50), Unit::Micros, Compare::Added);
        measured.add("p99", micros(outcome.first_event.p99), Unit::Micros, Compare::Added);
    }
    Ok(measured)
}
