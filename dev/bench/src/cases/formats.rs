//! Anthropic messages, passed on to a provider that speaks them.

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let errand = Errand::Straight(Scenario::Whole, Format::Messages);
    let pattern = Pattern::Closed { connections: CONNECTIONS };
    let task = Task { errand, body_bytes: BODY_BYTES, pattern, events_min: 0 };
    if let Some(outcome) = rig.load(subject, task)? {
        measured.doubt("messages", &outcome);
        measured.add("CPU per request", outcome.server_micros_per_answer(), Unit::Micros, Compare::Ratio);
    }
    Ok(measured)
}
