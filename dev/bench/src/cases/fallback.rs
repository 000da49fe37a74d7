//! What it costs that the first target of a route always fails, against the same server's plain success.

use super::{CONNECTIONS, Compare, Measured, Unit, chat, micros};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::servers::Errand;

/// Requests per second of a steady load.
const OUTAGE_RATE: u32 = 500;

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let before = rig.provider_counts()?;
    let Some(rescued) = rig.load(subject, Task { errand: Errand::Rescued, ..chat::TASK })? else {
        return Ok(measured);
    };
    let after = rig.provider_counts()?;
    let Some(success) = rig.load(subject, chat::TASK)? else {
        return Ok(measured);
    };
    measured.doubt("fallback", &rescued);
    let times =
        rescued.server_micros_per_answer() / success.server_micros_per_answer().max(f64::MIN_POSITIVE);
    let answered = after.answered.saturating_sub(before.answered).max(1);
    let tried = after.failed.saturating_sub(before.failed) as f64 / answered as f64;
    measured.add("CPU per request, of a plain success", times, Unit::Times, Compare::Alone);
    measured.add("CPU per request", rescued.server_micros_per_answer(), Unit::Micros, Compare::Alone);
    measured.add("requests that tried the failing target", tried, Unit::Share, Compare::Alone);
    at_a_steady_rate(rig, subject, &mut measured)?;
    Ok(measured)
}

/// An outage under an ordinary load: every answer has to be right, however late.
fn at_a_steady_rate(rig: &Rig, subject: &Subject<'_>, measured: &mut Measured) -> anyhow::Result<()> {
    let pattern = Pattern::Open {
        rate_per_second: f64::from(OUTAGE_RATE),
        connections: CONNECTIONS,
        seed: u64::from(OUTAGE_RATE),
    };
    let rescued = Task { errand: Errand::Rescued, pattern, ..chat::TASK };
    let Some(outage) = rig.load(subject, rescued)? else { return Ok(()) };
    let Some(usual) = rig.load(subject, Task { pattern, ..chat::TASK })? else { return Ok(()) };
    measured.doubt("outage", &outage);
    let added = micros(outage.latency.p99) - micros(usual.latency.p99);
    measured.add(
        format!("p99 at {OUTAGE_RATE}/s, over a plain success"),
        added,
        Unit::Micros,
        Compare::Alone,
    );
    Ok(())
}
