//! Holding a stream back for longer than its first content, until it has shown that it is as fast as its target has to be.

use std::time::Duration;

use domain::{Failure, FailureClass, Limits, TimeoutStage};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::super::deadline::Deadlines;
use super::super::exchange::AttemptSettings;
use super::super::failed::FailedAttempt;
use super::first_content;
use crate::answer::RelayStart;

/// Reads on until the stream has said as much as it would have to in the time that it may be held back, where it may.
///
/// # Errors
/// When that time is over before, or the stream breaks off.
pub(super) async fn prove(
    start: &mut RelayStart,
    deadlines: &Deadlines,
    settings: &AttemptSettings<'_>,
    limits: &Limits,
) -> Result<(), FailedAttempt> {
    let RelayStart { passage, splitter, held, rest, pace: Some(pace), .. } = start else { return Ok(()) };
    held.iter().for_each(|batch| pace.heard(batch));
    let Some(hold) = deadlines.throughput_min().and_then(|least| least.hold) else { return Ok(()) };
    let (until, stage) = end_of(hold, deadlines);
    let mut held_bytes = 0;
    while !pace.suffices_for(hold) && held_bytes <= limits.held_answer_bytes_max {
        let frame = timeout_at(until, rest.frame()).await.map_err(|_| too_slow(hold, stage))?;
        let frame = frame.ok_or_else(|| {
            FailedAttempt::broken("the provider closed its stream before the end of the answer")
        })?;
        let data = frame.map_err(|error| FailedAttempt::broken(error.to_string()))?.into_data();
        let batch = splitter
            .push(data.unwrap_or_default())
            .map_err(|error| FailedAttempt::broken(error.to_string()))?;
        first_content(&batch, passage, settings, &mut None)?;
        pace.heard(&batch);
        held_bytes += batch.bytes.len();
        held.push(batch);
    }
    Ok(())
}

/// Until when the stream is held back, and by which limit.
fn end_of(hold: Duration, deadlines: &Deadlines) -> (Instant, TimeoutStage) {
    let until = Instant::now() + hold;
    match deadlines.total_until() {
        Some(total) if total < until => (total, TimeoutStage::Total),
        _ => (until, TimeoutStage::Throughput),
    }
}

fn too_slow(hold: Duration, stage: TimeoutStage) -> Failure {
    let detail =
        format!("too little within {} ms of the first content ({})", hold.as_millis(), stage.setting());
    Failure::without_status(FailureClass::Timeout(stage), detail)
}
