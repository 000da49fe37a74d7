//! How much of a model's capacity is in use, as the provider's answers tell it in percent.
//!
//! Nobody tells how much a call takes of it, nor how fast it falls. Azure lets it fall steadily all the while, as a leaky bucket does, and
//! measures it by the minute (Microsoft, "Provisioned throughput", "How does the service decide when to send a 429?"). So a figure is
//! taken to fall steadily, by the whole in a minute, until the next answer tells another. Thus none keeps anybody away for good.

use std::time::Duration;

/// All of it, in thousandths.
const WHOLE: u64 = 1000;
/// In what time a figure falls by a thousandth: by the whole in a minute.
const THOUSANDTH_AFTER: Duration = Duration::from_millis(60);
/// Most that a figure counts as, so that none keeps anybody away for longer than two minutes, nor from the whole for longer than one.
const TOLD_MAX: u64 = 2 * WHOLE;
/// How long the answer of a call that finds out is waited for before the next one goes: what was full may be so still.
const FINDS_OUT_WITHIN: Duration = Duration::from_secs(1);

/// What the last answer said, if any did.
#[derive(Debug, Default)]
pub(super) struct Utilization {
    /// In thousandths.
    told: u64,
    at: Duration,
    /// When the next call may find out, where what was told was too much.
    next: Duration,
}

impl Utilization {
    /// Takes over what an answer tells, in thousandths.
    pub(super) fn learn(&mut self, told: u64, now: Duration) {
        *self = Self { told: told.min(TOLD_MAX), at: now, next: Duration::ZERO };
    }

    /// A call begins.
    pub(super) fn take(&mut self, now: Duration) {
        self.next = now.saturating_add(FINDS_OUT_WITHIN);
    }

    /// How long until a call may go that goes while less than `bound` is in use.
    pub(super) fn wait(&self, bound: u64, now: Duration) -> Duration {
        if self.told < bound {
            return Duration::ZERO;
        }
        let is_below = self.falls_to(bound.saturating_sub(1));
        let until = is_below.max(self.next).min(self.falls_to(0));
        until.saturating_sub(now)
    }

    /// How much is in use, in thousandths.
    pub(super) fn in_use(&self, now: Duration) -> u64 {
        let fallen = now.saturating_sub(self.at).as_nanos() / THOUSANDTH_AFTER.as_nanos();
        self.told.saturating_sub(u64::try_from(fallen).unwrap_or(u64::MAX))
    }

    /// How much is left, in thousandths.
    pub(super) fn left(&self, now: Duration) -> u64 {
        WHOLE.saturating_sub(self.in_use(now))
    }

    /// When it has fallen to so much.
    fn falls_to(&self, level: u64) -> Duration {
        let thousandths = u32::try_from(self.told.saturating_sub(level)).unwrap_or(u32::MAX);
        self.at.saturating_add(THOUSANDTH_AFTER.saturating_mul(thousandths))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, TOLD_MAX, Utilization, WHOLE};
    use proptest::prelude::*;

    const START: Duration = Duration::from_secs(1000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn told(thousandths: u64) -> Utilization {
        let mut utilization = Utilization::default();
        utilization.learn(thousandths, START);
        utilization
    }

    #[test]
    fn a_figure_falls_by_the_whole_in_a_minute() {
        let utilization = told(865);
        assert_eq!((utilization.in_use(START), utilization.left(START)), (865, 135));
        assert_eq!(utilization.in_use(START + MINUTE / 2), 365);
        assert_eq!((utilization.in_use(START + MINUTE), utilization.left(START + MINUTE)), (0, WHOLE));
        assert_eq!(Utilization::default().left(START), WHOLE, "nothing is known");
    }

    #[test]
    fn below_the_bound_nobody_waits_and_from_it_on_until_it_has_fallen() {
        assert_eq!(told(799).wait(800, START), Duration::ZERO);
        assert_eq!(told(800).wait(800, START), Duration::from_millis(60));
        assert_eq!(told(999).wait(WHOLE, START), Duration::ZERO);
        assert_eq!(told(1000).wait(800, START), Duration::from_millis(12_060));
    }

    #[test]
    fn when_it_has_fallen_one_call_a_second_finds_out_until_an_answer_tells() {
        let mut utilization = told(1000);
        let fallen = START + utilization.wait(WHOLE, START);
        assert_eq!(utilization.wait(WHOLE, fallen), Duration::ZERO);
        utilization.take(fallen);
        assert_eq!(utilization.wait(WHOLE, fallen), Duration::from_secs(1));
        utilization.learn(400, fallen);
        assert_eq!(utilization.wait(WHOLE, fallen), Duration::ZERO);
        utilization.take(fallen);
        assert_eq!(utilization.wait(WHOLE, fallen), Duration::ZERO, "there is room");
    }

    proptest! {
        #[test]
        fn no_figure_keeps_anybody_away_for_good(figure in any::<u64>(), bound in 1_u64..=WHOLE, calls in 0_u64..5) {
            let mut utilization = told(figure);
            for call in 0..calls {
                utilization.take(START + MINUTE * u32::try_from(call).unwrap());
            }
            prop_assert_eq!(utilization.wait(bound, START + 2 * MINUTE), Duration::ZERO);
            prop_assert_eq!(told(figure).wait(WHOLE, START + MINUTE + MINUTE / 1000), Duration::ZERO);
        }

        #[test]
        fn whoever_waits_as_long_as_told_may_go(figure in 0..2 * TOLD_MAX, bound in 1_u64..=WHOLE, later in 0_u64..150_000) {
            let mut utilization = told(figure);
            let now = START + Duration::from_millis(later);
            utilization.take(START + Duration::from_millis(later / 2));
            let wait = utilization.wait(bound, now);
            prop_assert_eq!(utilization.wait(bound, now + wait), Duration::ZERO);
            prop_assert!(figure >= bound || wait.is_zero());
            prop_assert!(wait.is_zero() || utilization.wait(bound, now + wait - Duration::from_nanos(1)) > Duration::ZERO);
        }

        #[test]
        fn what_is_in_use_never_rises_by_itself(figure in any::<u64>(), times in prop::collection::vec(0_u64..200_000, 2)) {
            let utilization = told(figure);
            let at = |time: &u64| utilization.in_use(START + Duration::from_millis(*time));
            let (early, late) = (times.iter().min().unwrap(), times.iter().max().unwrap());
            prop_assert!(at(early) >= at(late) && at(&0) <= TOLD_MAX);
        }
    }
}
