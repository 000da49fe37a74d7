//! Anthropic messages: passed on as they are, and translated for a provider that speaks chat completions only.

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let errands = [
        ("messages passed on", Errand::Straight(Scenario::Whole, Format::Messages)),
        ("messages translated", Errand::Translated),
    ];
    for (name, errand) in errands {
        let pattern = Pattern::Closed { connections: CONNECTIONS };
        if let Some(outcome) =
            rig.load(subject, Task { errand, body_bytes: BODY_BYTES, pattern, events_min: 0 })?
        {
            measured.doubt(name, &outcome);
            measured.add(
                format!("CPU per request, {name}"),
                outcome.server_micros_per_answer(),
                Unit::Micros,
                Compare::Ratio,
            );
        }
    }
    Ok(measured)
}
