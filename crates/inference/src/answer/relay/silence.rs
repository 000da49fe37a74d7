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
