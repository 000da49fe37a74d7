//! Lengths of time as people write them: `30s`, `250ms`, `10m`, or a bare number of milliseconds as Portkey has it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::json;

/// The longest time that can be written; longer ones are mistakes of the unit.
pub const TIME_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// The `format` of [`TimeSpan`] in JSON schemas.
pub const SPAN_FORMAT: &str = "time-span";
/// The `format` of [`TimeLimit`] in JSON schemas.
pub const LIMIT_FORMAT: &str = "time-limit";

/// A length of time, 0 to 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(pub Duration);

/// A length of time of at least a second, whose bare number is seconds, as Portkey has it for `ttl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeInSeconds(pub Duration);

/// A time limit: a length of time above zero, or the text `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// No limit.
    Never,
    /// At most this long.
    After(Duration),
}

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeProblem {
    /// It is not a whole number with a unit.
    #[error("expected a time such as \"250ms\", \"30s\", \"10m\" or \"1h\", or a number of milliseconds")]
    Form,
    /// It is longer than [`TIME_MAX`].
    #[error("expected a time of at most 30 days")]
    TooLong,
    /// A limit of zero would fail everything.
    #[error("expected a time above zero; write \"none\" for no limit")]
    Zero,
}

impl std::str::FromStr for TimeSpan {
    type Err = TimeProblem;

    fn from_str(text: &str) -> Result<Self, TimeProblem> {
        let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).ok_or(TimeProblem::Form)?;
        let (digits, unit) = text.split_at(unit_at);
        let milliseconds_per_unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(TimeProblem::Form),
        };
        if digits.is_empty() {
            return Err(TimeProblem::Form);
        }
        let milliseconds =
            digits.parse::<u64>().ok().and_then(|count| count.checked_mul(milliseconds_per_unit));
        Self::from_milliseconds(milliseconds.ok_or(TimeProblem::TooLong)?)
    }
}

impl std::str::FromStr for TimeLimit {
    type Err = TimeProblem;

    fn from_str(text: &str) -> Result<Self, TimeProblem> {
        if text == "none" { Ok(Self::Never) } else { text.parse().and_then(Self::from_span) }
    }
}

impl TimeSpan {
    fn from_milliseconds(milliseconds: u64) -> Result<Self, TimeProblem> {
        let span = Duration::from_millis(milliseconds);
        if span > TIME_MAX { Err(TimeProblem::TooLong) } else { Ok(Self(span)) }
    }
}

impl TimeLimit {
    /// The limit as [`domain::Timeouts`] has it.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(span) => Some(span),
        }
    }

    fn from_span(span: TimeSpan) -> Result<Self, TimeProblem> {
        if span.0.is_zero() { Err(TimeProblem::Zero) } else { Ok(Self::After(span.0)) }
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = TimeSpan;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time such as \"30s\" or a number of milliseconds")
    }

    fn visit_u64<E: Error>(self, milliseconds: u64) -> Result<TimeSpan, E> {
        TimeSpan::from_milliseconds(milliseconds).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TimeSpan, E> {
        text.parse().map_err(E::custom)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = TimeInSeconds;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time such as \"10m\" or a number of seconds")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<TimeInSeconds, E> {
        let span = TimeSpan::from_milliseconds(seconds.saturating_mul(1000)).map_err(E::custom)?;
        TimeInSeconds::from_span(span)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TimeInSeconds, E> {
        text.parse().map_err(E::custom).and_then(TimeInSeconds::from_span)
    }
}

impl TimeInSeconds {
    fn from_span<E: Error>(span: TimeSpan) -> Result<Self, E> {
        if span.0 < Duration::from_secs(1) {
            return Err(E::custom("expected a time of at least a second"));
        }
        Ok(Self(span.0))
    }
}

struct LimitVisitor;

impl Visitor<'_> for LimitVisitor {
    type Value = TimeLimit;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time such as \"30s\", a number of milliseconds, or \"none\"")
    }

    fn visit_u64<E: Error>(self, milliseconds: u64) -> Result<TimeLimit, E> {
        let span = TimeSpan::from_milliseconds(milliseconds).map_err(E::custom)?;
        TimeLimit::from_span(span).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TimeLimit, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

impl<'de> Deserialize<'de> for TimeInSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitVisitor)
    }
}

impl JsonSchema for TimeSpan {
    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        time_schema(
            SPAN_FORMAT,
            "^[0-9]+(ms|s|m|h|d)$",
            "A time such as `250ms`, `30s`, `10m`, `1h` or `1d`; a bare number is milliseconds.",
        )
    }
}

impl JsonSchema for TimeInSeconds {
    fn schema_name() -> Cow<'static, str> {
        "TimeInSeconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        time_schema(
            SPAN_FORMAT,
            "^[0-9]+(ms|s|m|h|d)$",
            "A time of at least a second such as `30s`, `10m`, `1h` or `1d`; a bare number is seconds.",
        )
    }
}

impl JsonSchema for TimeLimit {
    fn schema_name() -> Cow<'static, str> {
        "TimeLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        time_schema(
            LIMIT_FORMAT,
            "^([0-9]+(ms|s|m|h|d)|none)$",
            "A time above zero such as `250ms`, `30s`, `10m` or `1h`; a bare number is milliseconds; `none` is no limit.",
        )
    }
}

fn time_schema(format: &str, pattern: &str, description: &str) -> Schema {
    let mut schema = Schema::default();
    schema.insert("type".to_owned(), json!(["string", "integer"]));
    schema.insert("format".to_owned(), json!(format));
    schema.insert("pattern".to_owned(), json!(pattern));
    schema.insert("minimum".to_owned(), json!(0));
    schema.insert("description".to_owned(), json!(description));
    schema
}

#[cfg(test)]
mod tests {
    use super::{TIME_MAX, TimeInSeconds, TimeLimit, TimeProblem, TimeSpan};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn a_time_needs_a_unit_or_is_milliseconds() {
        for (json, milliseconds) in [
            ("\"250ms\"", 250),
            ("\"30s\"", 30_000),
            ("\"10m\"", 600_000),
            ("\"2h\"", 7_200_000),
            ("1500", 1500),
        ] {
            let span: TimeSpan = serde_json::from_str(json).unwrap();
            assert_eq!(span.0, Duration::from_millis(milliseconds), "{json}");
        }
        for bad in
            ["\"30\"", "\"s\"", "\"-1s\"", "\"1.5s\"", "\"30 s\"", "\"\"", "-5", "1.5", "true", "\"ten\""]
        {
            assert!(serde_json::from_str::<TimeSpan>(bad).is_err(), "{bad}");
        }
        assert_eq!("99999999999999999999d".parse::<TimeSpan>(), Err(TimeProblem::TooLong));
        assert_eq!("31d".parse::<TimeSpan>(), Err(TimeProblem::TooLong));
    }

    #[test]
    fn a_limit_is_above_zero_or_none() {
        let limit = |json| serde_json::from_str::<TimeLimit>(json);
        assert_eq!(limit("\"none\"").unwrap().duration(), None);
        assert_eq!(limit("\"5s\"").unwrap().duration(), Some(Duration::from_secs(5)));
        assert_eq!(limit("700").unwrap().duration(), Some(Duration::from_millis(700)));
        assert!(limit("0").is_err());
        assert!(limit("\"0s\"").is_err());
    }

    #[test]
    fn a_bare_number_of_seconds_is_seconds() {
        let time = |json| serde_json::from_str::<TimeInSeconds>(json);
        assert_eq!(time("300").unwrap().0, Duration::from_secs(300));
        assert_eq!(time("\"5m\"").unwrap().0, Duration::from_secs(300));
        for bad in ["0", "\"999ms\"", "\"300\"", "-1", "18446744073709551615", "null"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_exceeds_the_longest_time(text in "[0-9]{0,22}[a-z]{0,3}") {
            if let Ok(span) = text.parse::<TimeSpan>() {
                prop_assert!(span.0 <= TIME_MAX);
            }
        }
    }
}
