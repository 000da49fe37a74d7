//! How busy, how fast and how near to its quota a target is.
//!
//! The latency is the largest of late: it rises at once to a slower call and sinks slowly with faster ones ("peak EWMA", as in
//! Twitter's Finagle), so that a target which begins to stall is left before many have waited for it.

use std::time::Duration;

/// In what time a latency sinks to about a third of the way to that of faster calls.
const MEMORY: Duration = Duration::from_secs(10);
/// In what time the latency of a target that is not called sinks to about a third: what is not tried again is not known, and whoever was
/// once slow would be left out for good where there is little traffic.
const OBLIVION: Duration = Duration::from_secs(30);
/// The least that a failed call counts as.
const FAILURE_MIN: Duration = Duration::from_secs(1);

/// What is known of the calls of one target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Calls under way.
    pub pending: u32,
    /// To the first content, or to the whole answer where it is not streamed; zero before any call.
    pub latency: Duration,
    /// How much of its provider's quota is used, in thousandths; 1000 where a call would have to wait.
    pub used: u32,
    measured: Duration,
}

impl Load {
    /// The same, with so much of its quota used, in thousandths.
    #[must_use]
    pub fn with_used(self, used: u32) -> Self {
        Self { used, ..self }
    }

    /// A call begins.
    pub fn begun(&mut self) {
        self.pending = self.pending.saturating_add(1);
    }

    /// A call has ended, however.
    pub fn ended(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// A call was answered after some time.
    pub fn answered(&mut self, took: Duration, now: Duration) {
        self.latency = if took >= self.latency {
            took
        } else {
            let age = now.saturating_sub(self.measured);
            let kept = (-age.as_secs_f64() / MEMORY.as_secs_f64()).exp();
            took + (self.latency - took).mul_f64(kept)
        };
        self.measured = now;
    }

    /// A call failed after some time: what fails fast is not fast.
    pub fn failed(&mut self, took: Duration, now: Duration) {
        let penalty = took.max(self.latency).saturating_mul(2).clamp(FAILURE_MIN, 60 * FAILURE_MIN);
        self.answered(penalty, now);
    }

    /// The load as it is at a time. While a call is under way nothing is forgotten: that it takes long is no sign of being fast.
    #[must_use]
    pub fn at(self, now: Duration) -> Self {
        if self.pending > 0 || self.latency.is_zero() {
            return self;
        }
        let age = now.saturating_sub(self.measured);
        let kept = (-age.as_secs_f64() / OBLIVION.as_secs_f64()).exp();
        Self { latency: self.latency.mul_f64(kept), ..self }
    }

    /// The load of several targets, of which the fastest would be called.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let faster = if other.latency < self.latency { other } else { self };
        let used = self.used.min(other.used);
        Self { pending: self.pending.saturating_add(other.pending), used, ..faster }
    }

    /// Whether a call would not have to wait for a quota.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.used < 1000
    }

    /// What a further call would have to wait for, to compare targets by.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.latency.saturating_mul(self.pending.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Load, MEMORY};

    const NOW: Duration = Duration::from_secs(100);

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_latency_rises_at_once_and_sinks_slowly() {
        let mut load = Load::default();
        load.answered(milliseconds(100), NOW);
        load.answered(milliseconds(900), NOW);
        assert_eq!(load.latency, milliseconds(900));
        load.answered(milliseconds(100), NOW);
        assert_eq!(load.latency, milliseconds(900), "no time has passed");
        load.answered(milliseconds(100), NOW + MEMORY);
        assert!((380..410).contains(&load.latency.as_millis()), "{:?}", load.latency);
        load.answered(milliseconds(100), NOW + 20 * MEMORY);
        assert_eq!(load.latency.as_millis(), 100);
    }

    #[test]
    fn what_fails_fast_is_not_fast() {
        let mut load = Load::default();
        load.failed(milliseconds(1), NOW);
        assert_eq!(load.latency, Duration::from_secs(1));
        for _ in 0..100 {
            load.failed(milliseconds(1), NOW);
        }
        assert_eq!(load.latency, Duration::from_secs(60), "a penalty is bounded");
    }

    #[test]
    fn a_target_that_is_not_called_is_forgotten_and_one_that_is_waited_for_is_not() {
        let mut load = Load::default();
        load.failed(milliseconds(30_000), NOW);
        assert_eq!(load.at(NOW).latency, milliseconds(60_000));
        let later = load.at(NOW + 5 * super::OBLIVION).latency;
        assert!((400..410).contains(&later.as_millis()), "{later:?}");
        load.begun();
        assert_eq!(load.at(NOW + 5 * super::OBLIVION).latency, milliseconds(60_000));
    }

    #[test]
    fn calls_under_way_are_counted_and_lengthen_the_wait() {
        let mut load = Load::default();
        load.answered(milliseconds(10), NOW);
        load.begun();
        load.begun();
        load.ended();
        assert_eq!((load.pending, load.wait()), (1, milliseconds(20)));
        load.ended();
        load.ended();
        assert_eq!(load.pending, 0);
    }
}
