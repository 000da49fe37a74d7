//! What a server occupies, in fresh processes: what an earlier load has left in an allocator would hide what a stream takes.

use std::thread;
use std::time::Duration;

use super::{BODY_BYTES, Compare, Measured, Unit, chat};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

/// How long a server may finish its start before it counts as idle.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let streams = rig.pace.streams_held;
    let held = {
        let fresh = rig.start(subject.contender)?;
        thread::sleep(SETTLE);
        let memory = fresh.memory()?;
        let idle = memory.resident;
        measured.add("idle, resident", idle as f64, Unit::Bytes, Compare::Ratio);
        measured.add("idle, heap and stacks", memory.anonymous as f64, Unit::Bytes, Compare::Ratio);
        let task = Task {
            errand: Errand::Straight(Scenario::Held, Format::Chat),
            body_bytes: BODY_BYTES,
            pattern: Pattern::Held { streams },
            events_min: 0,
        };
        rig.load(&fresh, task)?.map(|outcome| (idle, outcome.memory.resident))
    };
    if let Some((idle, held)) = held {
        let per_stream = held.saturating_sub(idle) as f64 / streams as f64;
        measured.add(format!("per open stream, of {streams}"), per_stream, Unit::Bytes, Compare::Ratio);
    }
    let fresh = rig.start(subject.contender)?;
    if let Some(outcome) = rig.load(&fresh, chat::TASK)? {
        measured.add("under load, resident", outcome.memory.resident as f64, Unit::Bytes, Compare::Ratio);
    }
    Ok(measured)
}
