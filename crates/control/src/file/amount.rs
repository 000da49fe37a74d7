//! Amounts of US dollars as people write them: `0.25`. They stay the text that was written, because floating point would lose
//! digits of them.

use std::borrow::Cow;
use std::str::FromStr;

use domain::Money;
use domain::price::{Price, PriceProblem};
use engine::route::spec::usd_schema;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error};

/// The `format` of [`Amount`] in JSON schemas.
pub const AMOUNT_FORMAT: &str = engine::route::spec::USD_FORMAT;

/// A price in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(Price);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountProblem {
    /// It is no amount of money.
    #[error(transparent)]
    Money(#[from] domain::money::MoneyProblem),
    /// It is no price.
    #[error(transparent)]
    Price(#[from] PriceProblem),
}

impl Amount {
    /// The price.
    #[must_use]
    pub fn price(self) -> Price {
        self.0
    }
}

impl FromStr for Amount {
    type Err = AmountProblem;

    fn from_str(text: &str) -> Result<Self, AmountProblem> {
        Ok(Self(Price::new(text.parse::<Money>()?)?))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        usd_schema(AMOUNT_FORMAT, "minimum", "An amount of US dollars such as `0.25`")
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn an_amount_is_exact_and_no_less_than_nothing() {
        let text =
            |text: &str| text.parse::<Amount>().map(|amount| amount.price().amount().unwrap().to_string());
        assert_eq!(text("0.000123").unwrap(), "0.000123");
        assert_eq!(serde_json::from_str::<Amount>("\"2.50\"").unwrap(), "2.5".parse().unwrap());
        for wrong in ["-1", "1e-6", "cheap", "2000000", "0.0000000000001"] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }
}
