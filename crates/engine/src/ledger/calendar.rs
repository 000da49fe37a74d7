//! The spans of the calendar, in a time zone.

use domain::allotment::Span;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A span of the calendar: it begins with its first second, and ends before its last number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    /// In seconds since 1970-01-01 00:00 UTC.
    pub(super) begins: i64,
    /// The same; the beginning of the next one.
    pub(super) ends: i64,
}

impl Period {
    /// All time.
    pub(super) const EVER: Self = Self { begins: i64::MIN, ends: i64::MAX };

    /// The one that a time is in. Beyond the calendar's ends, and for spans that are not of the calendar, it is all time.
    pub(super) fn at(span: Span, zone: &TimeZone, now: Timestamp) -> Self {
        match span {
            Span::Once | Span::Rolling(_) => Self::EVER,
            Span::Hour => hour(zone, now),
            _ => days(span, zone, now).unwrap_or(Self::EVER),
        }
    }
}

/// An hour of the clock. It always lasts an hour: what clocks that change by half of one make of it is no concern of a budget's.
fn hour(zone: &TimeZone, now: Timestamp) -> Period {
    const HOUR: i64 = 3_600;
    let offset = i64::from(zone.to_offset(now).seconds());
    let begins = (now.as_second() + offset).div_euclid(HOUR) * HOUR - offset;
    Period { begins, ends: begins + HOUR }
}

/// Whole days, which begin when the clock of the zone says so: at midnight, or after it where midnight is skipped.
fn days(span: Span, zone: &TimeZone, now: Timestamp) -> Option<Period> {
    let today = now.to_zoned(zone.clone()).date();
    let first = match span {
        Span::Week => today.checked_sub(days_since_monday(today.weekday()).days()).ok()?,
        Span::Month => today.first_of_month(),
        Span::Quarter => Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok()?,
        _ => today,
    };
    let next = match span {
        Span::Week => first.checked_add(7.days()),
        Span::Month => first.checked_add(1.month()),
        Span::Quarter => first.checked_add(3.months()),
        _ => first.checked_add(1.day()),
    };
    let begin = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_second());
    Some(Period { begins: begin(first)?, ends: begin(next.ok()?)? })
}

fn days_since_monday(weekday: Weekday) -> i8 {
    weekday.to_monday_zero_offset()
}
