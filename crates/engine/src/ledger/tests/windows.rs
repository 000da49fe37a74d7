//! Laws of time: spans of the calendar, rates, rolling spans.

use std::time::Duration;

use domain::allotment::Span;
use domain::quota::{Allowance, Counted};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::bucket::Bucket;
use super::super::calendar::Period;
use super::super::slots::Slots;

fn period(span: Span, zone: &str, now: &str) -> (String, String) {
    let zone = TimeZone::get(zone).unwrap();
    let Period { begins, ends } = Period::at(span, &zone, now.parse().unwrap());
    let shown = |second| Timestamp::from_second(second).unwrap().to_string();
    (shown(begins), shown(ends))
}

#[test]
fn a_span_of_the_calendar_begins_when_the_clocks_of_its_zone_say_so() {
    let zurich = "Europe/Zurich";
    for (span, zone, now, begins, ends) in [
        // Clocks go forward at two: a day of 23 hours. They go back at three: one of 25.
        (Span::Day, zurich, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        (Span::Day, zurich, "2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        // Midnight is skipped: the day begins at one.
        (
            Span::Day,
            "America/Santiago",
            "2026-09-06T12:00:00Z",
            "2026-09-06T04:00:00Z",
            "2026-09-07T03:00:00Z",
        ),
        (Span::Hour, "Asia/Kolkata", "2026-11-27T10:45:00Z", "2026-11-27T10:30:00Z", "2026-11-27T11:30:00Z"),
        (Span::Week, zurich, "2026-03-29T21:59:59Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"),
        (Span::Month, zurich, "2026-10-31T22:59:59Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
        (Span::Month, "UTC", "2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        (Span::Quarter, "UTC", "2026-12-31T23:59:59Z", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(period(span, zone, now), (begins.to_owned(), ends.to_owned()), "{span:?} {zone} {now}");
    }
}

#[test]
fn what_is_spent_once_never_comes_back() {
    let period = Period::at(Span::Once, &TimeZone::UTC, Timestamp::MAX);
    assert_eq!(period, Period::EVER);
}

proptest! {
    #[test]
    fn spans_follow_one_another_without_a_gap(
        second in 0_i64..4_102_444_800,
        span in prop::sample::select(vec![Span::Hour, Span::Day, Span::Week, Span::Month, Span::Quarter]),
        zone in prop::sample::select(vec!["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Santiago"]),
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let at = |second| Period::at(span, &zone, Timestamp::from_second(second).unwrap());
        let period = at(second);
        prop_assert!(period.begins <= second && second < period.ends);
        prop_assert_eq!(at(period.ends).begins, period.ends);
        prop_assert_eq!(at(period.begins), period);
        prop_assert_eq!(at(period.ends - 1), period);
    }

    #[test]
    fn a_rate_lets_no_more_through_than_it_says_and_says_exactly_when_the_next_may_come(
        count in 1_u64..1_000, per_ms in 1_u64..100_000,
        arrivals in prop::collection::vec((0_u64..3_000_000_000, 0_u64..1_200), 1..60),
    ) {
        let per = Duration::from_millis(per_ms);
        let allowance = Allowance { counted: Counted::Tokens, count, per };
        let mut bucket = Bucket::default();
        let mut now = Duration::from_secs(7);
        let mut passed: Vec<(Duration, u64)> = Vec::new();
        for (pause, amount) in arrivals {
            now += Duration::from_nanos(pause);
            let wait = bucket.wait(amount, &allowance, now);
            prop_assert_eq!(wait.is_none(), amount > count);
            let Some(wait) = wait else { continue };
            if !wait.is_zero() {
                let just_before = now + wait - Duration::from_nanos(1);
                prop_assert_ne!(bucket.wait(amount, &allowance, just_before), Some(Duration::ZERO));
                now += wait;
                prop_assert_eq!(bucket.wait(amount, &allowance, now), Some(Duration::ZERO));
            }
            prop_assert!(amount <= bucket.left(&allowance, now));
            bucket.take(amount, &allowance, now);
            passed.push((now, amount));
            // From any arrival up to now: the whole once, and what came back since.
            let mut sum = 0_u128;
            for (since, amount) in passed.iter().rev() {
                sum += u128::from(*amount);
                prop_assert!(sum * per.as_nanos() <= u128::from(count) * (per + now - *since).as_nanos());
            }
        }
    }

    #[test]
    fn what_is_given_back_is_as_if_it_had_never_been_taken(
        count in 1_u64..1_000, taken in 0_u64..1_000, used in 0_u64..1_000,
    ) {
        let allowance = Allowance { counted: Counted::Tokens, count, per: Duration::from_secs(60) };
        let now = Duration::from_secs(1);
        let (mut corrected, mut direct) = (Bucket::default(), Bucket::default());
        corrected.take(taken, &allowance, now);
        corrected.correct(taken, used, &allowance, now);
        direct.take(used, &allowance, now);
        prop_assert_eq!(corrected.left(&allowance, now), direct.left(&allowance, now));
        prop_assert_eq!(corrected.whole_in(&allowance, now), direct.whole_in(&allowance, now));
    }

    #[test]
    fn a_rolling_span_counts_everything_in_it_and_nothing_much_older(
        span_ms in 60_u64..100_000, steps in prop::collection::vec((0_u64..20_000, 0_i128..100), 1..60),
    ) {
        let span = Duration::from_millis(span_ms);
        let mut now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut slots = Slots::new(span, now);
        let (mut total, mut all) = (0, Vec::new());
        for (pause, amount) in steps {
            now += Duration::from_millis(pause);
            total -= slots.forget(span, now);
            prop_assert!(slots.spend(slots.newest(), amount));
            total += amount;
            all.push((now, amount));
            let younger_than = |age: Duration| -> i128 {
                all.iter().filter(|(then, _)| *then > now - age).map(|(_, amount)| amount).sum()
            };
            prop_assert!(total >= younger_than(span), "all of the span counts");
            // A slot, rounded up to a nanosecond, is what it counts too long at most.
            let longer = span + span.div_ceil_60() + Duration::from_micros(1);
            prop_assert!(total <= younger_than(longer), "and nothing beyond a slot more");
            if total > 0 {
                let free = slots.until_free(total, span, now).unwrap();
                let (mut later, mut left) = (slots.clone(), total);
                left -= later.forget(span, now + free);
                prop_assert_eq!(left, 0);
            }
        }
    }
}

trait Sixtieth {
    fn div_ceil_60(self) -> Duration;
}

impl Sixtieth for Duration {
    fn div_ceil_60(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.as_nanos().div_ceil(60)).unwrap())
    }
}
