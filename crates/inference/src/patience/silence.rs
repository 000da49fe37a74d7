//! How long a stream may be silent, and how long it may last.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use domain::TimeoutStage;
use tokio::time::{Instant, Sleep, sleep_until};

/// Watches one stream. Hearing something costs one look at the clock; the timer is moved only when it fires.
#[derive(Debug)]
pub(crate) struct Silence {
    idle: Option<Duration>,
    total_until: Option<Instant>,
    heard_at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    pub(crate) fn new(idle: Option<Duration>, total_until: Option<Instant>) -> Self {
        Self { idle, total_until, heard_at: Instant::now(), timer: None }
    }

    /// Something arrived.
    pub(crate) fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// Ready with the limit that ran out.
    pub(crate) fn poll_broken(&mut self, context: &mut Context<'_>) -> Poll<TimeoutStage> {
        loop {
            let Some((until, stage)) = self.deadline() else { return Poll::Pending };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= until {
                return Poll::Ready(stage);
            }
            timer.as_mut().reset(until);
        }
    }

    fn deadline(&self) -> Option<(Instant, TimeoutStage)> {
        let idle = self.idle.map(|idle| (self.heard_at + idle, TimeoutStage::Idle));
        let total = self.total_until.map(|until| (until, TimeoutStage::Total));
        match (idle, total) {
            (Some(idle), Some(total)) => Some(if idle.0 <= total.0 { idle } else { total }),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Silence, TimeoutStage};

    const SECOND: Duration = Duration::from_secs(1);

    async fn broken(silence: &mut Silence) -> TimeoutStage {
        std::future::poll_fn(|context| silence.poll_broken(context)).await
    }

    fn is_broken(silence: &mut Silence) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        silence.poll_broken(&mut context).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_heard_again_and_again_is_not_silent() {
        let mut silence = Silence::new(Some(2 * SECOND), None);
        for _ in 0..10 {
            assert!(!is_broken(&mut silence));
            tokio::time::advance(SECOND).await;
            silence.heard();
        }
        let began = Instant::now();
        assert_eq!(broken(&mut silence).await, TimeoutStage::Idle);
        assert_eq!(began.elapsed(), 2 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn the_total_ends_even_a_lively_stream() {
        let mut silence = Silence::new(Some(2 * SECOND), Some(Instant::now() + 3 * SECOND));
        assert!(!is_broken(&mut silence));
        tokio::time::advance(2 * SECOND).await;
        silence.heard();
        let began = Instant::now();
        assert_eq!(broken(&mut silence).await, TimeoutStage::Total);
        assert_eq!(began.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_is_ever_broken() {
        let mut silence = Silence::new(None, None);
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert!(!is_broken(&mut silence));
    }
}
