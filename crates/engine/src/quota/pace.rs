//! A pace for a provider that limits without saying how much: halved at each refusal, raised steadily in between, forgotten
//! after a quiet time. Additive increase and multiplicative decrease, as TCP finds the capacity of a path (RFC 5681).
//!
//! What is refused again as soon as it is tried again says nothing about a pace: nobody knows at which it would have gone well. As TCP does with
//! what it has to send twice (RFC 5681, section 3.1), the pace is halved then, but comes back within seconds to where it was.

use std::time::Duration;

/// Refusals so close together are one.
const ONE_EVENT: Duration = Duration::from_secs(1);
/// What went well for so long, and for so many calls, was no pace that is refused as soon as it is tried.
const TRIED: (Duration, u64) = (Duration::from_secs(5), 5);
/// In what time a pace doubles that was halved for that.
const BACK_AFTER: Duration = Duration::from_secs(2);
/// How often it is halved for that at most.
const HALVED_MAX: u32 = 6;
/// After this time a pace has doubled.
const DOUBLED_AFTER: Duration = Duration::from_secs(60);
/// After this time without a refusal, nothing is known any more.
const QUIET: Duration = Duration::from_secs(300);
/// The slowest pace that is set, in requests per hour.
const PACE_MIN: u64 = 60;

/// How fast a provider may be called, in requests per hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    /// From where it rises steadily; none while it is only measured how much is sent.
    base: Option<u64>,
    /// Whether calls went well for a while before that was refused. Otherwise nothing is known of how many would, and it goes on doubling.
    is_tried: bool,
    /// How often it was halved besides, since it was refused as soon as it was tried.
    halvings: u32,
    /// When the last refusal came; none where nothing is known.
    refused: Option<Duration>,
    /// Up to when calls rest that are spared after it.
    rests_until: Duration,
    /// Calls since the last refusal, and those of them that were made after the rest.
    calls: u64,
    calls_after_rest: u64,
    /// When the first of these was made.
    first_after_rest: Duration,
    /// When the next call may be made.
    next: Duration,
}

impl Pace {
    /// The provider refused a call, and calls rest for a while where they can. The first refusal begins to measure, since one may be chance; a
    /// second one sets the pace.
    pub(super) fn refused(&mut self, rest: Duration, now: Duration) {
        let since = self.refused.filter(|_| self.is_known(now)).map(|refused| now.saturating_sub(refused));
        let rests_until = now.saturating_add(rest);
        match since {
            Some(since) if since < ONE_EVENT => {
                self.rests_until = self.rests_until.max(rests_until);
                return;
            }
            Some(since) if !self.was_tried(now) => {
                self.base = self.base.or_else(|| self.measured(since, now));
                self.halvings = (self.halvings + 1).min(HALVED_MAX);
            }
            Some(since) => {
                let refused = self.per_hour(now).into_iter().chain(self.measured(since, now)).min();
                (self.base, self.is_tried, self.halvings) = (refused.map(|refused| refused / 2), true, 0);
            }
            None => (self.base, self.is_tried, self.halvings) = (None, false, 0),
        }
        (self.refused, self.rests_until) = (Some(now), rests_until);
        (self.calls, self.calls_after_rest) = (0, 0);
    }

    /// How long until the last of so many calls.
    pub(super) fn wait(&self, calls: u64, now: Duration) -> Duration {
        let Some(interval) = self.interval(now) else { return Duration::ZERO };
        let before = interval.saturating_mul(u32::try_from(calls.saturating_sub(1)).unwrap_or(u32::MAX));
        self.next.saturating_sub(now).saturating_add(before)
    }

    pub(super) fn take(&mut self, now: Duration) {
        self.calls = self.calls.saturating_add(1);
        if now >= self.rests_until {
            self.first_after_rest = if self.calls_after_rest == 0 { now } else { self.first_after_rest };
            self.calls_after_rest = self.calls_after_rest.saturating_add(1);
        }
        if let Some(interval) = self.interval(now) {
            self.next = self.next.max(now).saturating_add(interval);
        }
    }

    fn is_known(&self, now: Duration) -> bool {
        self.refused.is_some_and(|refused| now.saturating_sub(refused) < QUIET)
    }

    /// For how long calls have been made again.
    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.rests_until)
    }

    /// Whether calls went well for a while since the last refusal.
    fn was_tried(&self, now: Duration) -> bool {
        let (time, calls) = TRIED;
        self.calls_after_rest >= calls && now.saturating_sub(self.first_after_rest) >= time
    }

    /// The pace at which calls were made since the last refusal, which was so long ago; while they rested, none were. None where there were no
    /// calls, and what is refused now was sent before.
    fn measured(&self, since: Duration, now: Duration) -> Option<u64> {
        let (calls, within) = match self.calls_after_rest {
            0 => (self.calls, since),
            calls => (calls, now.saturating_sub(self.first_after_rest).max(ONE_EVENT)),
        };
        let per_hour = u128::from(calls) * 3_600_000 / within.as_millis().max(1);
        u64::try_from(per_hour).ok().filter(|_| calls > 0)
    }

    fn per_hour(&self, now: Duration) -> Option<u64> {
        let base = self.base.filter(|_| self.is_known(now))?;
        let (age, halved) = (self.age(now), base >> self.halvings);
        let doublings = u32::try_from(age.as_millis() / BACK_AFTER.as_millis()).unwrap_or(u32::MAX);
        let quick = if self.is_tried { doublings.min(self.halvings) } else { doublings };
        let pace = u64::try_from(u128::from(halved) << quick.min(u64::BITS)).unwrap_or(u64::MAX);
        let is_back = self.is_tried && quick == self.halvings;
        let doubled_after = if is_back { DOUBLED_AFTER } else { BACK_AFTER };
        let age = age.saturating_sub(BACK_AFTER.saturating_mul(quick));
        Some(raised(pace, age, doubled_after).max(PACE_MIN))
    }

    fn interval(&self, now: Duration) -> Option<Duration> {
        const HOUR: u64 = 3_600_000_000_000;
        self.per_hour(now).map(|pace| Duration::from_nanos(HOUR / pace))
    }
}

/// A pace after some time, in which it rises by itself in each `doubled_after`.
fn raised(pace: u64, age: Duration, doubled_after: Duration) -> u64 {
    let raised = u128::from(pace) + u128::from(pace) * age.as_millis() / doubled_after.as_millis();
    u64::try_from(raised).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Duration, Pace, QUIET};
    use proptest::prelude::*;

    const START: Duration = Duration::from_secs(1000);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Ten calls a second for ten seconds, refused at both ends.
    fn paced() -> Pace {
        let mut pace = Pace::default();
        pace.refused(Duration::ZERO, START);
        for call in 0..100 {
            pace.take(START + seconds(call / 10));
        }
        pace.refused(Duration::ZERO, START + seconds(10));
        pace
    }

    /// How long after a call the next one may be made.
    fn interval(pace: &Pace, now: Duration) -> u128 {
        let mut pace = Pace { next: Duration::ZERO, ..pace.clone() };
        pace.take(now);
        pace.wait(1, now).as_millis()
    }

    #[test]
    fn one_refusal_sets_no_pace_and_a_second_one_halves_what_was_sent() {
        let mut pace = Pace::default();
        pace.refused(Duration::ZERO, START);
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
        assert_eq!(interval(&paced(), START + seconds(70)), 100, "doubled after a minute");
        let mut pace = paced();
        let quiet = START + seconds(10) + QUIET;
        pace.take(quiet);
        assert_eq!(pace.wait(1000, quiet), Duration::ZERO);
    }

    #[test]
    fn refusals_of_one_burst_count_once() {
        let mut pace = paced();
        let now = START + seconds(10);
        for _ in 0..9 {
            pace.refused(Duration::ZERO, now + Duration::from_millis(500));
        }
        assert_eq!(interval(&pace, now), 200);
    }

    #[test]
    fn a_pace_that_went_well_for_a_while_is_halved_and_rises_from_there() {
        let (mut pace, now) = (paced(), START + seconds(70));
        (0..600).for_each(|call| pace.take(START + seconds(10 + call / 10)));
        pace.refused(Duration::ZERO, now);
        assert_eq!(interval(&pace, now), 200, "half of ten a second");
        assert_eq!(interval(&pace, now + seconds(60)), 100);
    }

    #[test]
    fn what_is_refused_as_soon_as_it_is_tried_comes_back_within_seconds() {
        let (mut pace, mut now) = (Pace::default(), START);
        // A storm of three minutes: each 20 seconds it is tried again, ten times a second, and refused at once.
        for _ in 0..9 {
            (0..2).for_each(|call| pace.take(now + Duration::from_millis(call * 100)));
            now += Duration::from_millis(200);
            pace.refused(seconds(20), now);
            now += seconds(20);
        }
        assert!(interval(&pace, now) > 10_000, "one in more than ten seconds: {}", interval(&pace, now));
        let back = interval(&pace, now + seconds(20));
        assert!(back < 100, "as fast as before, and no pace is known to be too fast: {back}");
    }

    #[test]
    fn a_refusal_before_anything_went_well_halves_the_pace_for_seconds() {
        let mut pace = paced();
        let now = START + seconds(12);
        pace.refused(Duration::ZERO, now);
        assert_eq!([0, 2].map(|wait| interval(&pace, now + seconds(wait))), [400, 200]);
    }

    proptest! {
        #[test]
        fn between_refusals_a_pace_never_sinks_and_it_is_never_slower_than_one_a_minute(
            steps in prop::collection::vec((1_u64..90_000, any::<bool>(), 0_u64..30, 0_u64..200), 1..40),
        ) {
            let (mut pace, mut now, mut before) = (Pace::default(), START, None);
            for (milliseconds, is_refused, rest, calls) in steps {
                now += Duration::from_millis(milliseconds);
                let paced = pace.per_hour(now);
                prop_assert!(paced.is_none_or(|paced| paced >= super::PACE_MIN));
                if let (Some(before), Some(paced)) = (before, paced) {
                    prop_assert!(paced >= before, "{} {}", before, paced);
                }
                (0..calls).for_each(|_| pace.take(now));
                if is_refused {
                    pace.refused(seconds(rest), now);
                    let after = pace.per_hour(now);
                    prop_assert!(paced.is_none_or(|paced| after.is_none_or(|after| after <= paced)), "{paced:?} {after:?}");
                }
                before = pace.per_hour(now);
            }
        }
    }
}
