//! What it costs that the first target of a route always fails, against the same server's plain success.

use super::{Compare, Measured, Unit, chat};
use crate::rig::{Rig, Subject, Task};
use crate::servers::Errand;

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
    Ok(measured)
}
