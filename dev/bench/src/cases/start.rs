//! How long after its start a server answers its first request.

use super::{Compare, Measured, Unit};
use crate::report::median;
use crate::rig::{Rig, Subject};

/// A server that has taken this many milliseconds once is not started again and again.
const SLOW_MILLIS: f64 = 500.0;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut times = Vec::with_capacity(rig.pace.starts);
    while times.len() < rig.pace.starts && times.iter().all(|millis| *millis < SLOW_MILLIS) {
        times.push(rig.start_bare(subject.contender)?.ready_after.as_secs_f64() * 1000.0);
    }
    let mut measured = Measured::default();
    measured.add("to the first 200", median(&times).unwrap_or_default(), Unit::Millis, Compare::Added);
    Ok(measured)
}
