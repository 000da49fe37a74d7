//! Usage in Cohere's names.

use super::Usage;
use crate::json::{Kind, Value};

impl Usage {
    /// Reads the `usage` object of Cohere chat; none for another kind of value. `tokens` is what the model saw,
    /// `billed_units` what is charged, which leaves out what Cohere adds itself; the charged count is the one to meter.
    pub(crate) fn of_cohere(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| {
            ["billed_units", "tokens"].iter().find_map(|group| usage.at(&[*group, key])).and_then(whole)
        };
        Some(Self {
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            cached_input_tokens: usage.get("cached_tokens").and_then(whole),
            searches: usage.at(&["billed_units", "search_units"]).and_then(whole),
            ..Self::default()
        })
    }
}

/// A count that may be written as a float (`17.0`), as Cohere's are.
fn whole(value: &Value<'_>) -> Option<u64> {
    value.as_u64().or_else(|| value.as_number()?.strip_suffix(".0")?.parse().ok())
}
