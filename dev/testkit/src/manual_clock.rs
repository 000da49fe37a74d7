//! A clock that stands still until a test moves it: the sleep of scripted servers.

use std::sync::Arc;
use std::time::Duration;

use providers::scripted::server::Sleeper;
use tokio::sync::watch;

use crate::within;

/// Time that a test moves. Clones share it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<watch::Sender<Moment>>);

#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    now: Duration,
    waits_begun: usize,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Moment::default())))
    }

    /// Moves time forward, which ends the waits that are due then.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|moment| moment.now += by);
    }

    /// Waits until `count` waits have begun since the clock was made.
    pub async fn waits_begun(&self, count: usize) {
        let mut moments = self.0.subscribe();
        let begun = moments.wait_for(|moment| moment.waits_begun >= count);
        within("the provider's pause", begun).await.unwrap();
    }

    pub(crate) fn sleeper(&self) -> Sleeper {
        let clock = self.clone();
        Arc::new(move |length| Box::pin(clock.clone().wait(length)))
    }

    async fn wait(self, length: Duration) {
        let mut moments = self.0.subscribe();
        let mut until = Duration::ZERO;
        self.0.send_modify(|moment| {
            moment.waits_begun += 1;
            until = moment.now + length;
        });
        // The sender lives as long as this clock, so the wait ends by time alone.
        let _ = moments.wait_for(|moment| moment.now >= until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, ManualClock};

    #[tokio::test]
    async fn a_wait_ends_when_its_time_has_come_and_not_before() {
        let clock = ManualClock::new();
        let waiting = tokio::spawn((clock.sleeper())(Duration::from_secs(60)));
        clock.waits_begun(1).await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1));
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_wait_of_nothing_ends_at_once() {
        (ManualClock::new().sleeper())(Duration::ZERO).await;
    }
}
