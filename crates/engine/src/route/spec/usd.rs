//! Amounts of US dollars as people write them.

use std::borrow::Cow;
use std::fmt;

use domain::Money;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::json;

/// The `format` of [`UsdSpec`] in JSON schemas.
pub const USD_FORMAT: &str = "us-dollars";

/// An amount of US dollars, exactly as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsdSpec(pub Money);

struct Written;

impl Visitor<'_> for Written {
    type Value = UsdSpec;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an amount of US dollars")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<UsdSpec, E> {
        text.parse().map(UsdSpec).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, dollars: u64) -> Result<UsdSpec, E> {
        self.visit_str(&dollars.to_string())
    }

    /// The shortest text of the number is what was written.
    fn visit_f64<E: Error>(self, dollars: f64) -> Result<UsdSpec, E> {
        self.visit_str(&dollars.to_string())
    }
}

impl<'de> Deserialize<'de> for UsdSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for UsdSpec {
    fn schema_name() -> Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        usd_schema(USD_FORMAT, "minimum", "An amount of US dollars such as `5.00`")
    }
}

/// The schema of an amount of US dollars of some `format`, with zero as its `bound`.
#[must_use]
pub fn usd_schema(format: &str, bound: &str, described: &str) -> Schema {
    Schema::try_from(json!({
        "type": ["string", "number"],
        "format": format,
        "pattern": r"^[0-9]*\.?[0-9]+$",
        bound: 0,
        "description": format!("{described}, with at most 12 digits after the point."),
    }))
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::UsdSpec;

    #[test]
    fn an_amount_is_exact_as_text_and_as_number() {
        let read = |json: &str| serde_json::from_str::<UsdSpec>(json).ok().map(|usd| usd.0.to_string());
        for (json, amount) in [("\"5.00\"", "5"), ("5", "5"), ("0.1", "0.1"), ("\"0.000001\"", "0.000001")] {
            assert_eq!(read(json).as_deref(), Some(amount), "{json}");
        }
        for bad in ["\"$5\"", "\"\"", "true", "\"1e3\""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
