//! When a price list holds. Providers publish their times in UTC, and so are these.

use std::fmt;

const SECONDS_PER_DAY: i64 = 86_400;
const SECONDS_PER_MINUTE: i64 = 60;
const MINUTES_PER_DAY: u16 = 1_440;
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// From a day on, within a time of each day, on some days of the week; whatever is not said holds always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Period {
    /// Days since 1970-01-01.
    from_day: Option<i64>,
    daily: Option<(u16, u16)>,
    /// First and last, of [`WEEKDAYS`].
    weekdays: Option<(usize, usize)>,
}

/// Why a text says no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodProblem {
    /// Not `YYYY-MM-DD`, or no such day.
    #[error("`{0}` is no date; write it as `2026-09-10`")]
    Date(String),
    /// Not `HH:MM-HH:MM`.
    #[error("`{0}` is no time of the day; write it as `16:30-00:30`, in UTC")]
    Daily(String),
    /// Not two days of the week.
    #[error("`{0}` are no days of the week; write them as `mon-fri`")]
    Weekdays(String),
}

impl Period {
    /// Reads `from` (`2026-09-10`), `daily` (`16:30-00:30`, over midnight when the end is earlier than the start) and
    /// `weekdays` (`mon-fri`, `sat-sun`), all in UTC.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn parse(
        from: Option<&str>,
        daily: Option<&str>,
        weekdays: Option<&str>,
    ) -> Result<Self, PeriodProblem> {
        let date = |text: &str| day_number(text).ok_or_else(|| PeriodProblem::Date(text.to_owned()));
        let window = |text: &str| window(text).ok_or_else(|| PeriodProblem::Daily(text.to_owned()));
        let days = |text: &str| days(text).ok_or_else(|| PeriodProblem::Weekdays(text.to_owned()));
        Ok(Self {
            from_day: from.map(date).transpose()?,
            daily: daily.map(window).transpose()?,
            weekdays: weekdays.map(days).transpose()?,
        })
    }

    /// Whether it holds at a time, in seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn covers(&self, unix_seconds: i64) -> bool {
        let day = unix_seconds.div_euclid(SECONDS_PER_DAY);
        let minute = unix_seconds.rem_euclid(SECONDS_PER_DAY) / SECONDS_PER_MINUTE;
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or_default();
        self.from_day.is_none_or(|from| day >= from)
            && self.daily.is_none_or(|window| is_within(minute, window))
            && self.weekdays.is_none_or(|(first, last)| (first..=last).contains(&weekday))
    }

    /// Whether it holds always.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// The first day, as `2026-09-10`.
    #[must_use]
    pub fn from(&self) -> Option<String> {
        self.from_day.map(date_of)
    }

    /// The time of the day, as `16:30-00:30`.
    #[must_use]
    pub fn daily(&self) -> Option<String> {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        self.daily.map(|(start, end)| format!("{}-{}", time(start), time(end)))
    }

    /// The days of the week, as `mon-fri`.
    #[must_use]
    pub fn weekdays(&self) -> Option<String> {
        self.weekdays.map(|(first, last)| format!("{}-{}", WEEKDAYS[first], WEEKDAYS[last]))
    }
}

impl fmt::Display for Period {
    /// `from 2026-09-10, 16:30-00:30, mon-fri`, or `always`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from().map(|date| format!("from {date}"));
        let parts: Vec<String> = [from, self.daily(), self.weekdays()].into_iter().flatten().collect();
        formatter.write_str(if parts.is_empty() { "always" } else { "" })?;
        formatter.write_str(&parts.join(", "))
    }
}

fn is_within(minute: i64, (start, end): (u16, u16)) -> bool {
    let (start, end) = (i64::from(start), i64::from(end));
    if start <= end { (start..end).contains(&minute) } else { minute >= start || minute < end }
}

fn window(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let (start, end) = text.split_once('-')?;
    // A day ends at 24:00, which is written 00:00 of the next.
    match (minute(start)?, minute(end)?) {
        (start, 0) => Some((start, MINUTES_PER_DAY)),
        (start, end) => Some((start, end)),
    }
}

fn days(text: &str) -> Option<(usize, usize)> {
    let number = |name: &str| WEEKDAYS.iter().position(|known| *known == name);
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn two_digits(text: &str) -> Option<u16> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn day_number(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) || parts.next().is_some() {
        return None;
    }
    let number = days_before(year.parse().ok()?, two_digits(month)?.into(), two_digits(day)?.into());
    // A day that the month does not have is written differently again.
    (date_of(number) == text).then_some(number)
}

/// Counts in eras of 400 years of 146,097 days that begin in March, so that a leap day is the last of its year
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The same, backwards.
fn date_of(number: i64) -> String {
    let number = number + 719_468;
    let (era, day_of_era) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::{Period, date_of, day_number};
    use proptest::prelude::*;

    fn daily(text: &str) -> Period {
        Period::parse(None, Some(text), None).unwrap()
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_utc() {
        let period = Period::parse(Some("2026-09-10"), None, None).unwrap();
        assert!(!period.covers(1_788_998_399));
        assert!(period.covers(1_788_998_400));
    }

    #[test]
    fn a_window_has_its_start_and_not_its_end_and_may_span_midnight() {
        let at = |hours: i64, minutes: i64| hours * 3_600 + minutes * 60;
        let day = daily("01:00-04:00");
        assert!(
            day.covers(at(1, 0)) && day.covers(at(3, 59)) && !day.covers(at(4, 0)) && !day.covers(at(0, 59))
        );
        let night = daily("16:30-00:30");
        assert!(night.covers(at(16, 30)) && night.covers(at(0, 29)) && !night.covers(at(0, 30)));
        let evening = daily("10:00-00:00");
        assert!(evening.covers(at(23, 59)) && !evening.covers(at(24, 0)));
    }

    #[test]
    fn days_of_the_week_are_those_of_utc() {
        let week = Period::parse(None, None, Some("mon-fri")).unwrap();
        // 2026-11-27 was a Friday.
        let friday = day_number("2026-11-27").unwrap() * 86_400;
        assert!(week.covers(friday + 86_399));
        assert!(!week.covers(friday + 86_400) && !week.covers(friday + 2 * 86_400));
        assert!(week.covers(friday + 3 * 86_400));
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        let period = Period::parse(Some("2024-02-29"), Some("16:30-00:30"), Some("sat-sun")).unwrap();
        assert_eq!(period.to_string(), "from 2024-02-29, 16:30-00:30, sat-sun");
        assert_eq!(Period::default().to_string(), "always");
        assert!(Period::default().is_always() && !period.is_always());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for date in ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", "2026-01-01-", "x"] {
            assert!(Period::parse(Some(date), None, None).is_err(), "{date}");
        }
        for window in ["24:00-01:00", "1:00-2:00", "01:60-02:00", "01:00", "01:00-02:00-03:00"] {
            assert!(Period::parse(None, Some(window), None).is_err(), "{window}");
        }
        for days in ["mon", "fri-mon", "Mon-Fri", "mon-fri-sat", ""] {
            assert!(Period::parse(None, None, Some(days)).is_err(), "{days}");
        }
    }

    proptest! {
        #[test]
        fn days_and_dates_are_two_forms_of_one(number in -200_000_i64..2_000_000) {
            prop_assert_eq!(day_number(&date_of(number)), Some(number));
        }
    }
}
