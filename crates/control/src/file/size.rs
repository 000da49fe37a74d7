//! Numbers of bytes as people write them: `64MiB`, or a bare number.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::json;

/// The `format` of [`ByteSize`] in JSON schemas.
pub const SIZE_FORMAT: &str = "byte-size";

/// The largest size that can be written: 1 TiB.
pub(super) const SIZE_MAX: u64 = 1 << 40;

/// A number of bytes, at most 1 TiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// Why a text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeProblem {
    /// It is not a whole number with a unit.
    #[error("expected a size such as \"64MiB\", \"16KiB\" or \"1GiB\", or a number of bytes")]
    Form,
    /// It is more than 1 TiB.
    #[error("expected a size of at most 1 TiB")]
    TooLarge,
}

impl ByteSize {
    /// The size as a number that measures memory; as large as it gets on a platform that cannot hold it.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    fn checked(bytes: u64) -> Result<Self, SizeProblem> {
        if bytes > SIZE_MAX { Err(SizeProblem::TooLarge) } else { Ok(Self(bytes)) }
    }
}

impl std::str::FromStr for ByteSize {
    type Err = SizeProblem;

    fn from_str(text: &str) -> Result<Self, SizeProblem> {
        let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).ok_or(SizeProblem::Form)?;
        let (digits, unit) = text.split_at(unit_at);
        let bytes_per_unit = match unit.trim_start() {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "KB" | "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return Err(SizeProblem::Form),
        };
        if digits.is_empty() {
            return Err(SizeProblem::Form);
        }
        let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(bytes_per_unit));
        Self::checked(bytes.ok_or(SizeProblem::TooLarge)?)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = ByteSize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a size such as \"64MiB\" or a number of bytes")
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<ByteSize, E> {
        ByteSize::checked(bytes).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ByteSize, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = Schema::default();
        schema.insert("type".to_owned(), json!(["string", "integer"]));
        schema.insert("format".to_owned(), json!(SIZE_FORMAT));
        schema.insert("pattern".to_owned(), json!("^[0-9]+ ?(B|[KkMG]B|[KMG]iB)$"));
        schema.insert("minimum".to_owned(), json!(0));
        schema.insert(
            "description".to_owned(),
            json!("A size such as `64MiB`, `16KiB` or `10MB`; a bare number is bytes."),
        );
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteSize, SIZE_MAX, SizeProblem};
    use proptest::prelude::*;

    #[test]
    fn a_size_needs_a_unit_or_is_bytes() {
        for (json, bytes) in [
            ("\"64MiB\"", 64 << 20),
            ("\"16 KiB\"", 16 << 10),
            ("\"10MB\"", 10_000_000),
            ("\"1GiB\"", 1 << 30),
            ("7", 7),
        ] {
            assert_eq!(serde_json::from_str::<ByteSize>(json).unwrap().0, bytes, "{json}");
        }
        for bad in ["\"64\"", "\"MiB\"", "\"64mb\"", "\"-1B\"", "-1", "1.5", "true"] {
            assert!(serde_json::from_str::<ByteSize>(bad).is_err(), "{bad}");
        }
        assert_eq!("99999999999999999999GiB".parse::<ByteSize>(), Err(SizeProblem::TooLarge));
        assert_eq!("2000GiB".parse::<ByteSize>(), Err(SizeProblem::TooLarge));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_exceeds_the_largest_size(text in "[0-9]{0,22} ?[a-zA-Z]{0,3}") {
            if let Ok(size) = text.parse::<ByteSize>() {
                prop_assert!(size.0 <= SIZE_MAX);
            }
        }
    }
}
