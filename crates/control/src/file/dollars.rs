//! Sums of US dollars as people write them: `500`, `0.25`. They stay the text that was written, because floating point would lose digits of
//! them.

use std::borrow::Cow;
use std::str::FromStr;

use domain::Money;
use domain::money::MoneyProblem;
use engine::route::spec::usd_schema;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error};

/// The `format` of [`Dollars`] in JSON schemas.
pub const DOLLARS_FORMAT: &str = "sum-of-us-dollars";

/// A sum of US dollars above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dollars(pub Money);

/// Why a text is no such sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DollarsProblem {
    /// It is no amount of money.
    #[error(transparent)]
    Money(#[from] MoneyProblem),
    /// It is nothing, or less.
    #[error("expected an amount above zero")]
    Zero,
}

impl FromStr for Dollars {
    type Err = DollarsProblem;

    fn from_str(text: &str) -> Result<Self, DollarsProblem> {
        let money: Money = text.parse()?;
        if money > Money::ZERO { Ok(Self(money)) } else { Err(DollarsProblem::Zero) }
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Dollars {
    fn schema_name() -> Cow<'static, str> {
        "Dollars".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        usd_schema(DOLLARS_FORMAT, "exclusiveMinimum", "A sum of US dollars such as `500` or `0.25`")
    }
}

#[cfg(test)]
mod tests {
    use super::Dollars;

    #[test]
    fn a_sum_is_exact_and_more_than_nothing() {
        let text = |text: &str| text.parse::<Dollars>().map(|dollars| dollars.0.to_string());
        assert_eq!(text("2500000.000000000001").unwrap(), "2500000.000000000001");
        for wrong in ["0", "0.00", "-1", "1e6", "much", "0.0000000000001"] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }
}
