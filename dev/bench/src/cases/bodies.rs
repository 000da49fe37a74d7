//! What a request costs as its body grows: where parsing and copying show.

use super::{Compare, Measured, Unit};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

const KIB: usize = 1024;
const SIZES: [(&str, usize); 4] =
    [("1 KiB", KIB), ("16 KiB", 16 * KIB), ("100 KiB", 100 * KIB), ("1 MiB", 1024 * KIB)];

/// Few connections, so that large bodies do not only measure the processor's caches.
const CONNECTIONS: usize = 8;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    for (size, body_bytes) in SIZES {
        let task = Task {
            errand: Errand::Straight(Scenario::Whole, Format::Chat),
            body_bytes,
            pattern: Pattern::Closed { connections: CONNECTIONS },
            events_min: 0,
        };
        if let Some(outcome) = rig.load(subject, task)? {
            measured.doubt(size, &outcome);
            measured.add(
                format!("CPU per request, {size}"),
                outcome.server_micros_per_answer(),
                Unit::Micros,
                Compare::Ratio,
            );
        }
    }
    Ok(measured)
}
