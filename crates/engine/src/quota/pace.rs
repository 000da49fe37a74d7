//! A pace for a provider that limits without saying how much: halved at each refusal, raised steadily in between, forgotten
//! after a quiet time. Additive increase and multiplicative decrease, as TCP finds the capacity of a path (RFC 5681).

use std::time::Duration;

/// Refusals so close together are one.
const ONE_EVENT: Duration = Duration::from_secs(1);
/// After this time a pace has doubled.
const DOUBLED_AFTER: Duration = Duration::from_secs(60);
/// After this time without a refusal, nothing is known any more.
const QUIET: Duration = Duration::from_secs(300);

/// How fast a provider may be called, in requests per hour.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// As it was just after the last refusal; none while it is only measured how much is sent.
    after_refusal: Option<u64>,
    /// When the last refusal came; none where nothing is known.
    refused: Option<Duration>,
    /// Calls since then.
    calls: u64,
    /// When the next call may be made.
    next: Duration,
}

impl Pace {
    /// The provider refused a call. The first refusal begins to measure, since one may be chance; a second one sets the pace.
    pub(super) fn refused(&mut self, now: Duration) {
        let since = self.refused.filter(|_| self.is_known(now)).map(|refused| now.saturating_sub(refused));
        match since {
            Some(since) if since < ONE_EVENT => return,
            Some(since) => {
                let measured = u128::from(self.calls) * 3_600_000 / since.as_millis().max(1);
                let halved = u64::try_from(measured / 2).unwrap_or(u64::MAX).max(60);
                let paced = self.per_hour(now).map_or(halved, |pace| (pace / 2).max(60));
                self.after_refusal = Some(paced.min(halved));
            }
            None => self.after_refusal = None,
        }
        self.refused = Some(now);
        self.calls = 0;
    }

    /// How long until the last of so many calls.
    pub(super) fn wait(&self, calls: u64, now: Duration) -> Duration {
        let Some(interval) = self.interval(now) else { return Duration::ZERO };
        let before = interval.saturating_mul(u32::try_from(calls.saturating_sub(1)).unwrap_or(u32::MAX));
        self.next.saturating_sub(now).saturating_add(before)
    }

    pub(super) fn take(&mut self, now: Duration) {
        self.calls = self.calls.saturating_add(1);
        if let Some(interval) = self.interval(now) {
            self.next = self.next.max(now).saturating_add(interval);
        }
    }

    fn is_known(&self, now: Duration) -> bool {
        self.refused.is_some_and(|refused| now.saturating_sub(refused) < QUIET)
    }

    fn per_hour(&self, now: Duration) -> Option<u64> {
        let pace = self.after_refusal.filter(|_| self.is_known(now))?;
        let age = now.saturating_sub(self.refused?).as_millis();
        let raised = u128::from(pace) + u128::from(pace) * age / DOUBLED_AFTER.as_millis();
        Some(u64::try_from(raised).unwrap_or(u64::MAX).max(1))
    }

    fn interval(&self, now: Duration) -> Option<Duration> {
        const HOUR: u64 = 3_600_000_000_000;
        self.per_hour(now).map(|pace| Duration::from_nanos(HOUR / pace))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Pace, QUIET};

    const START: Duration = Duration::from_secs(1000);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Ten calls a second for ten seconds, refused at both ends.
    fn paced() -> Pace {
        let mut pace = Pace::default();
        pace.refused(START);
        for call in 0..100 {
            pace.take(START + seconds(call / 10));
        }
        pace.refused(START + seconds(10));
        pace
    }

    #[test]
    fn one_refusal_sets_no_pace_and_a_second_one_halves_what_was_sent() {
        let mut pace = Pace::default();
        pace.refused(START);
        assert_eq!(pace.wait(50, START), Duration::ZERO);
        let mut pace = paced();
        let now = START + seconds(10);
        assert_eq!(pace.wait(1, now), Duration::ZERO);
        pace.take(now);
        assert_eq!(pace.wait(1, now).as_millis(), 200, "five a second");
        assert_eq!(pace.wait(6, now).as_millis(), 1200);
    }

    #[test]
    fn a_pace_rises_steadily_and_is_forgotten_when_it_is_quiet() {
        let mut pace = paced();
        let then = START + seconds(70);
        pace.take(then);
        assert_eq!(pace.wait(1, then).as_millis(), 100, "doubled after a minute");
        let quiet = START + seconds(10) + QUIET;
        pace.take(quiet);
        assert_eq!(pace.wait(1000, quiet), Duration::ZERO);
    }

    #[test]
    fn refusals_of_one_burst_count_once() {
        let mut pace = paced();
        let now = START + seconds(10);
        for _ in 0..9 {
            pace.refused(now + Duration::from_millis(500));
        }
        pace.take(now);
        assert_eq!(pace.wait(1, now).as_millis(), 200);
    }
}
