//! What each further chunk of a stream costs when chunks come as fast as the provider can write them.

use std::time::Duration;

use super::{BODY_BYTES, Compare, Measured, Unit, stream};
use crate::load::{Outcome, Pattern};
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

const CHUNKS: u32 = 500;

/// A stream of one chunk, for what a stream costs apart from its chunks.
pub(super) const ONE: Scenario = stream(1, Duration::ZERO);

/// The burst.
pub(super) const MANY: Scenario = stream(CHUNKS, Duration::ZERO);

/// Few at once: a burst keeps the core busy by itself.
const CONNECTIONS: usize = 4;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let errand = |scenario| Errand::Straight(scenario, Format::Chat);
    let Some(one) = rig.load(subject, task(errand(ONE), 1))? else {
        return Ok(measured);
    };
    let Some(many) = rig.load(subject, task(errand(MANY), CHUNKS))? else {
        return Ok(measured);
    };
    measured.doubt("streams of one chunk", &one);
    measured.doubt("bursts", &many);
    measured.add("CPU per chunk", micros_per_chunk(&one, &many), Unit::Micros, Compare::Ratio);
    measured.add("CPU per stream of one chunk", one.server_micros_per_answer(), Unit::Micros, Compare::Ratio);
    Ok(measured)
}

/// What a chunk costs on an errand, in microseconds; nothing when the server cannot do that.
pub(super) fn per_chunk(
    rig: &Rig,
    subject: &Subject<'_>,
    errand: impl Fn(Scenario) -> Errand,
) -> anyhow::Result<Option<f64>> {
    let Some(one) = rig.load(subject, task(errand(ONE), 1))? else { return Ok(None) };
    let many = rig.load(subject, task(errand(MANY), CHUNKS))?;
    Ok(many.map(|many| micros_per_chunk(&one, &many)))
}

fn task(errand: Errand, chunks: u32) -> Task {
    Task {
        errand,
        body_bytes: BODY_BYTES,
        pattern: Pattern::Closed { connections: CONNECTIONS },
        events_min: u64::from(chunks),
    }
}

fn micros_per_chunk(one: &Outcome, many: &Outcome) -> f64 {
    (many.server_micros_per_answer() - one.server_micros_per_answer()) / f64::from(CHUNKS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_costs_what_the_burst_costs_beyond_one() {
        let outcome = |micros| Outcome {
            answers: 10,
            server_time: Duration::from_micros(micros),
            ..Outcome::default()
        };
        let per_chunk = micros_per_chunk(&outcome(200), &outcome(200 + 4990 * 3));
        assert!((per_chunk - 3.0).abs() < 1e-9, "{per_chunk}");
    }
}
