//! What becomes of a message after an attempt, as Standard Webhooks has it ("Delivery success and failure"), and when it is sent again.

use std::time::Duration;

use crate::port::{Answer, Verdict};

/// The wait after the first attempt; each further one is four times as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const FACTOR: u32 = 4;
/// The longest wait, also where a receiver asks for more.
const WAIT_MAX: Duration = Duration::from_secs(4 * 3_600);
/// A message is not sent any more when it is this old.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Gone: the receiver wants no messages any more (RFC 9110 section 15.5.11).
const GONE: u16 = 410;

/// What becomes of a message of such an age after so many attempts, the last of which ended so.
pub(crate) fn judged(answer: &Result<Answer, String>, attempts: u32, age: Duration, random: u64) -> Verdict {
    let why = match answer {
        Ok(Answer { status: 200..=299, .. }) => return Verdict::Delivered,
        Ok(Answer { status: GONE, .. }) => {
            return Verdict::GivenUp {
                why: "it answers with status 410: it wants no messages any more".to_owned(),
            };
        }
        Ok(Answer { status, .. }) => format!("it answers with status {status}"),
        Err(why) => why.clone(),
    };
    let asked = answer.as_ref().ok().and_then(|answer| answer.retry_after).unwrap_or_default();
    let wait = backoff(attempts, random).max(asked).min(WAIT_MAX);
    if age.saturating_add(wait) > AGE_MAX {
        return Verdict::GivenUp { why: format!("{why}, after {attempts} attempts in a day") };
    }
    Verdict::Again { wait, why }
}

/// The wait after so many attempts: half of it, and of the other half a random part, so that messages that failed together do not come together.
pub(crate) fn backoff(attempts: u32, random: u64) -> Duration {
    let factor = FACTOR.checked_pow(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let half = FIRST_WAIT.saturating_mul(factor).min(WAIT_MAX) / 2;
    let share = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    half + half.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(status: u16) -> Result<Answer, String> {
        Ok(Answer { status, retry_after: None })
    }

    #[test]
    fn only_a_2xx_is_a_delivery_and_a_410_ends_it() {
        for good in [200, 202, 204, 299] {
            assert_eq!(judged(&status(good), 1, Duration::ZERO, 0), Verdict::Delivered);
        }
        assert!(matches!(judged(&status(410), 1, Duration::ZERO, 0), Verdict::GivenUp { .. }));
        for bad in [301, 307, 400, 404, 429, 500, 503] {
            assert!(matches!(judged(&status(bad), 1, Duration::ZERO, 0), Verdict::Again { .. }), "{bad}");
        }
        assert!(matches!(judged(&Err("no".to_owned()), 1, Duration::ZERO, 0), Verdict::Again { .. }));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        let of = |seconds| {
            let answer = Ok(Answer { status: 503, retry_after: Some(Duration::from_secs(seconds)) });
            match judged(&answer, 1, Duration::ZERO, 0) {
                Verdict::Again { wait, .. } => wait,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([of(0), of(60), of(1_000_000)], [FIRST_WAIT / 2, Duration::from_secs(60), WAIT_MAX]);
    }

    proptest! {
        #[test]
        fn a_message_that_nobody_takes_is_tried_for_about_a_day_and_not_often(seeds in prop::collection::vec(any::<u64>(), 64)) {
            let (mut age, mut attempts) = (Duration::ZERO, 0);
            for seed in seeds {
                attempts += 1;
                match judged(&status(500), attempts, age, seed) {
                    Verdict::Again { wait, .. } => {
                        prop_assert!(wait >= FIRST_WAIT / 2 && wait <= WAIT_MAX);
                        age += wait;
                    }
                    Verdict::GivenUp { .. } => break,
                    Verdict::Delivered => unreachable!("a 500 is none"),
                }
            }
            prop_assert!((10..=24).contains(&attempts), "{attempts}");
            prop_assert!(age <= AGE_MAX && age >= AGE_MAX - WAIT_MAX, "{age:?}");
        }

        #[test]
        fn waits_grow_and_never_by_more_than_their_factor(attempts in 1_u32..40, one: u64, other: u64) {
            let (before, after) = (backoff(attempts, one), backoff(attempts + 1, other));
            prop_assert!(before <= WAIT_MAX && after <= WAIT_MAX);
            prop_assert!(after >= before / 2 && after <= before * 2 * FACTOR);
        }
    }
}
