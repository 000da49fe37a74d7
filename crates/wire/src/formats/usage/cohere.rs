//! Usage in Cohere's names.

use super::Usage;
use crate::json::{Kind, Value};

impl Usage {
    /// Reads the `usage` object of Cohere chat; none for another kind of value. `tokens` is what the model saw,
    /// `billed_units` what is charged, which leaves out what Cohere adds itself: the charged count is the one to meter and to
    /// show. Cached tokens are counted among `tokens`, so they are told only where both counts are the same; else there would
    /// be more of them than of all.
    pub(crate) fn of_cohere(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |group: &str, key: &str| usage.at(&[group, key]).and_then(whole);
        let charged = |key: &str| count("billed_units", key).or_else(|| count("tokens", key));
        let input = charged("input_tokens");
        let is_whole = count("tokens", "input_tokens").is_none_or(|seen| Some(seen) == input);
        Some(Self {
            input_tokens: input,
            output_tokens: charged("output_tokens"),
            cached_input_tokens: usage.get("cached_tokens").filter(|_| is_whole).and_then(whole),
            searches: count("billed_units", "search_units"),
            ..Self::default()
        })
    }
}

impl Usage {
    /// Reads the `meta` object of Cohere embed and rerank; none for another kind of value. Texts and pictures may be counted
    /// apart or, by others that follow Cohere, together and among `tokens`.
    pub(crate) fn of_cohere_meta(meta: &Value<'_>) -> Option<Self> {
        if meta.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| meta.at(&["billed_units", key]).and_then(whole);
        let (texts, images) = (count("text_tokens"), count("image_tokens"));
        let both = texts.map(|texts| texts.saturating_add(images.unwrap_or(0)));
        let seen = || meta.at(&["tokens", "input_tokens"]).and_then(whole);
        Some(Self {
            input_tokens: both.or(count("input_tokens")).or(images).or_else(seen),
            input_image_tokens: images,
            images: count("images"),
            searches: count("search_units"),
            ..Self::default()
        })
    }
}

/// A count that may be written as a float (`17.0`), as Cohere's are.
pub(crate) fn whole(value: &Value<'_>) -> Option<u64> {
    value.as_u64().or_else(|| value.as_number()?.strip_suffix(".0")?.parse().ok())
}
