//! The form of what only a race says: how long the first call is waited for, and how many second ones there may be.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use domain::race::Patience;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::json;

use super::super::time::{TimeLimit, TimeProblem};

/// The `format` of [`PatienceSpec`] in JSON schemas.
pub const PATIENCE_FORMAT: &str = "patience";
/// The `format` of [`ShareSpec`] in JSON schemas.
pub const SHARE_FORMAT: &str = "percentage";

/// How a quantile is written.
const P95: &str = "p95";

/// How long a call is waited for before a second one begins: a time above zero, or `p95`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatienceSpec(pub Patience);

/// A share, `1%` to `100%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareSpec {
    /// In percent.
    pub percent: u32,
}

/// Why a text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a share from \"1%\" to \"100%\", without decimals")]
pub struct ShareProblem;

/// Why a text is no patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatienceProblem {
    /// It is neither of the two.
    #[error("expected \"p95\" or a time such as \"800ms\"")]
    Form,
    /// It is a time, but not one to wait.
    #[error(transparent)]
    Time(TimeProblem),
}

impl FromStr for PatienceSpec {
    type Err = PatienceProblem;

    fn from_str(text: &str) -> Result<Self, PatienceProblem> {
        if text == P95 {
            return Ok(Self(Patience::P95));
        }
        match text.parse::<TimeLimit>() {
            Ok(TimeLimit::After(time)) => Ok(Self(Patience::Fixed(time))),
            Ok(TimeLimit::Never) | Err(TimeProblem::Form) => Err(PatienceProblem::Form),
            // A limit may be `none`, which this problem recommends.
            Err(TimeProblem::Zero) => Err(PatienceProblem::Form),
            Err(problem) => Err(PatienceProblem::Time(problem)),
        }
    }
}

impl FromStr for ShareSpec {
    type Err = ShareProblem;

    fn from_str(text: &str) -> Result<Self, ShareProblem> {
        let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let percent = digits.and_then(|digits| digits.parse().ok()).ok_or(ShareProblem)?;
        if (1..=100).contains(&percent) { Ok(Self { percent }) } else { Err(ShareProblem) }
    }
}

/// Reads a text, or for a patience a number of milliseconds, as everywhere.
struct Written<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, milliseconds: u64) -> Result<T, E> {
        format!("{milliseconds}ms").parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for PatienceSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for ShareSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written(std::marker::PhantomData))
    }
}

impl JsonSchema for PatienceSpec {
    fn schema_name() -> Cow<'static, str> {
        "Patience".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(json!({
            "type": ["string", "integer"],
            "format": PATIENCE_FORMAT,
            "pattern": "^(p95|[0-9]+(ms|s|m|h|d))$",
            "minimum": 1,
            "description": "`p95`, the time within which 95 of 100 recent calls of the same target were answered, or a time above zero \
                            such as `800ms`; a bare number is milliseconds.",
        }))
    }
}

impl JsonSchema for ShareSpec {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(json!({
            "type": "string",
            "format": SHARE_FORMAT,
            "pattern": "^([1-9][0-9]?|100)%$",
            "description": "A share from `1%` to `100%`.",
        }))
    }
}

fn schema(members: serde_json::Value) -> Schema {
    Schema::try_from(members).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Patience, PatienceSpec, ShareSpec};
    use std::time::Duration;

    #[test]
    fn a_patience_is_a_quantile_or_a_time_above_zero() {
        let read = |text: &str| serde_json::from_str::<PatienceSpec>(text).ok().map(|spec| spec.0);
        assert_eq!(read("\"p95\""), Some(Patience::P95));
        assert_eq!(read("\"800ms\""), Some(Patience::Fixed(Duration::from_millis(800))));
        assert_eq!(read("800"), Some(Patience::Fixed(Duration::from_millis(800))));
        for bad in ["\"p99\"", "\"0s\"", "0", "\"none\"", "\"\"", "\"31d\"", "true"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_is_whole_percents_from_one_to_a_hundred() {
        let read = |text: &str| text.parse::<ShareSpec>().ok().map(|share| share.percent);
        assert_eq!((read("1%"), read("10%"), read("100%")), (Some(1), Some(10), Some(100)));
        for bad in ["0%", "101%", "10", "%", "", "1.5%", "-1%", "+5%", "99999999999%"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
