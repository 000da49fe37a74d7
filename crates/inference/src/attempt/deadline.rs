//! When an attempt is given up, and by which limit.

use std::pin::Pin;

use domain::{Failure, FailureClass, ThroughputMin, TimeoutStage, Timeouts};
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

    /// The least that a stream has to say.
    pub(crate) fn throughput_min(&self) -> Option<ThroughputMin> {
        self.timeouts.throughput_min
    }

    /// Waits for `work` until the first limit: `first_token` (which for an answer that is no stream covers all of it) or
    /// `total`, and once the answer has begun `idle` too.
    ///
    /// # Errors
    /// A timeout failure that names the limit.
    pub(crate) async fn bound<T>(
        &self,
        begun: bool,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Failure> {
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
        let idle =
            self.timeouts.idle.filter(|_| begun).map(|limit| (Instant::now() + limit, TimeoutStage::Idle));
        [first, total, idle].into_iter().flatten().min_by_key(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadlines, FailureClass, Instant, TimeoutStage, Timeouts};
    use std::pin::pin;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    /// The limit that ends a wait for something that never comes, and after how long.
    async fn end_of_waiting(begun: bool, timeouts: Timeouts) -> (FailureClass, Duration) {
        let sent = Instant::now();
        let failure = Deadlines::from(sent, timeouts)
            .bound(begun, pin!(std::future::pending::<()>()))
            .await
            .unwrap_err();
        (failure.class, sent.elapsed())
    }

    fn limits(first_token: u64, idle: u64, total: u64) -> Timeouts {
        let limit = |seconds: u64| (seconds > 0).then(|| SECOND * u32::try_from(seconds).unwrap());
        Timeouts {
            first_token: limit(first_token),
            idle: limit(idle),
            total: limit(total),
            ..Timeouts::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_limit_to_run_out_ends_the_wait() {
        let ends = |stage, seconds| (FailureClass::Timeout(stage), SECOND * seconds);
        assert_eq!(end_of_waiting(false, limits(3, 1, 5)).await, ends(TimeoutStage::FirstToken, 3));
        assert_eq!(end_of_waiting(true, limits(3, 1, 5)).await, ends(TimeoutStage::Idle, 1));
        assert_eq!(end_of_waiting(true, limits(3, 4, 5)).await, ends(TimeoutStage::FirstToken, 3));
        assert_eq!(end_of_waiting(false, limits(7, 1, 5)).await, ends(TimeoutStage::Total, 5));
        assert_eq!(end_of_waiting(false, limits(0, 1, 5)).await, ends(TimeoutStage::Total, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn limits_count_from_the_sending_and_silence_from_now() {
        let sent = Instant::now();
        let deadlines = Deadlines::from(sent, limits(10, 4, 20));
        tokio::time::advance(8 * SECOND).await;
        assert!(deadlines.bound(true, pin!(tokio::time::sleep(SECOND))).await.is_ok()); // tidy: sleep, the clock is paused
        let failure = deadlines.bound(true, pin!(std::future::pending::<()>())).await.unwrap_err();
        assert_eq!(failure.detail, "no answer within 10000 ms (first_token_timeout)");
        assert_eq!(deadlines.total_until(), Some(sent + 20 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_a_wait_lasts_as_long_as_it_takes() {
        let day = Duration::from_secs(86_400);
        let work = async { tokio::time::advance(day).await };
        assert!(Deadlines::from(Instant::now(), limits(0, 0, 0)).bound(true, pin!(work)).await.is_ok());
    }
}
