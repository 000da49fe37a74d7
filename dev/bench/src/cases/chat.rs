//! The plain case: how many short chat completions one core carries, and what each costs.

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

/// The load of this case, which others set theirs against.
pub(super) const TASK: Task = Task {
    errand: Errand::Straight(Scenario::Whole, Format::Chat),
    body_bytes: BODY_BYTES,
    pattern: Pattern::Closed { connections: CONNECTIONS },
    events_min: 0,
};

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    if let Some(outcome) = rig.load(subject, TASK)? {
        measured.doubt("chat", &outcome);
        measured.add("CPU per request", outcome.server_micros_per_answer(), Unit::Micros, Compare::Ratio);
        measured.add("maximum rate", outcome.rate(), Unit::PerSecond, Compare::Ratio);
    }
    Ok(measured)
}
