//! When an attempt is given up, and by which limit.

use domain::{Failure, FailureClass, TimeoutStage, Timeouts};
use tokio::time::Instant;

/// The limits of one attempt as points in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    timeouts: Timeouts,
    sent: Instant,
}

impl Deadlines {
    /// Limits that count from `sent`.
    pub(crate) fn from(sent: Instant, timeouts: Timeouts) -> Self {
        Self { timeouts, sent }
    }

    /// When the whole attempt must be over.
    pub(crate) fn total_until(&self) -> Option<Instant> {
        self.timeouts.total.map(|total| self.sent + total)
    }

    /// The longest silence within an answer.
    pub(crate) fn idle(&self) -> Option<std::time::Duration> {
        self.timeouts.idle
    }

    /// Waits for `work` until the first limit: `first_token` (which for an answer that is no stream covers all of it) or
    /// `total`, and once the answer has begun `idle` too.
    ///
    /// # Errors
    /// A timeout failure that names the limit.
    pub(crate) async fn bound<T>(&self, begun: bool, work: impl Future<Output = T>) -> Result<T, Failure> {
        let Some((until, stage)) = self.next(begun) else { return Ok(work.await) };
        tokio::time::timeout_at(until, work).await.map_err(|_| {
            let waited = until.saturating_duration_since(self.sent);
            let detail = format!("no answer within {} ms ({})", waited.as_millis(), stage.setting());
            Failure::without_status(FailureClass::Timeout(stage), detail)
        })
    }

    fn next(&self, begun: bool) -> Option<(Instant, TimeoutStage)> {
        let first = self.timeouts.first_token.map(|limit| (self.sent + limit, TimeoutStage::FirstToken));
        let total = self.total_until().map(|until| (until, TimeoutStage::Total));
        let idle = self.timeouts.idle.filter(|_| begun).map(|limit| (Instant::now() + limit, TimeoutStage::Idle));
        [first, total, idle].into_iter().flatten().min_by_key(|(until, _)| *until)
    }
}
