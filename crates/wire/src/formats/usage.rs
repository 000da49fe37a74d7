//! The tokens that an answer used, read from the names that each format gives them.

use super::RequestKind;
use crate::json::{Kind, Value};

/// Token counts as one provider reported them; a count that was not reported is none, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, those read from and written to a prompt cache included. OpenAI counts so; Anthropic reports
    /// the three apart, and they are added here.
    pub input_tokens: Option<u64>,
    /// All output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Input tokens that were read from a prompt cache.
    pub cached_input_tokens: Option<u64>,
    /// Input tokens that were written to a prompt cache.
    pub cache_write_tokens: Option<u64>,
    /// Of the cache writes, those that live for an hour, which Anthropic charges more for.
    pub cache_write_1h_tokens: Option<u64>,
    /// Of the output, tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Of the input, audio tokens.
    pub input_audio_tokens: Option<u64>,
    /// Of the output, audio tokens.
    pub output_audio_tokens: Option<u64>,
}

impl Usage {
    /// Takes a later report of the same answer into account. Reports are cumulative, so a later count replaces an
    /// earlier one; Anthropic repeats only some of them (`message_delta` after `message_start`).
    pub fn merge(&mut self, later: &Usage) {
        let forgets_cache = later.cached_input_tokens.is_none() && later.cache_write_tokens.is_none();
        let knows_cache = self.cached_input_tokens.is_some() || self.cache_write_tokens.is_some();
        self.input_tokens = match (self.input_tokens, later.input_tokens) {
            // The later total lacks the cached tokens that the earlier one holds.
            (Some(earlier), Some(later)) if forgets_cache && knows_cache => Some(earlier.max(later)),
            (earlier, later) => later.or(earlier),
        };
        for (mine, later) in [
            (&mut self.output_tokens, later.output_tokens),
            (&mut self.cached_input_tokens, later.cached_input_tokens),
            (&mut self.cache_write_tokens, later.cache_write_tokens),
            (&mut self.cache_write_1h_tokens, later.cache_write_1h_tokens),
            (&mut self.reasoning_tokens, later.reasoning_tokens),
            (&mut self.input_audio_tokens, later.input_audio_tokens),
            (&mut self.output_audio_tokens, later.output_audio_tokens),
        ] {
            *mine = later.or(*mine);
        }
    }

    /// Reads the `usage` object of chat completions (`prompt_tokens`), Responses (`input_tokens`) or embeddings; none
    /// for another kind of value. Covers the names of DeepSeek for cached tokens.
    pub(crate) fn of_openai(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let first = |paths: &[&[&str]]| paths.iter().find_map(|path| usage.at(path)?.as_u64());
        let input = |detail| first(&[&["prompt_tokens_details", detail], &["input_tokens_details", detail]]);
        let output =
            |detail| first(&[&["completion_tokens_details", detail], &["output_tokens_details", detail]]);
        Some(Self {
            input_tokens: first(&[&["prompt_tokens"], &["input_tokens"]]),
            output_tokens: first(&[&["completion_tokens"], &["output_tokens"]]),
            cached_input_tokens: input("cached_tokens").or_else(|| first(&[&["prompt_cache_hit_tokens"]])),
            cache_write_tokens: input("cache_write_tokens"),
            cache_write_1h_tokens: None,
            reasoning_tokens: output("reasoning_tokens"),
            input_audio_tokens: input("audio_tokens"),
            output_audio_tokens: output("audio_tokens"),
        })
    }

    /// Reads the `usage` object of Anthropic Messages; none for another kind of value.
    pub(crate) fn of_anthropic(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |path: &[&str]| usage.at(path).and_then(|count| count.as_u64());
        let cached = count(&["cache_read_input_tokens"]);
        let written = count(&["cache_creation_input_tokens"]);
        let with_cache =
            |input: u64| input.saturating_add(cached.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        Some(Self {
            input_tokens: count(&["input_tokens"]).map(with_cache),
            output_tokens: count(&["output_tokens"]),
            cached_input_tokens: cached,
            cache_write_tokens: written,
            cache_write_1h_tokens: count(&["cache_creation", "ephemeral_1h_input_tokens"]),
            reasoning_tokens: count(&["output_tokens_details", "thinking_tokens"]),
            input_audio_tokens: None,
            output_audio_tokens: None,
        })
    }
}

impl Usage {
    /// Reads Gemini's `usageMetadata`; none for another kind of value. Thinking is counted beside the candidates, and
    /// the results of server-side tools beside the prompt; both are added here.
    pub(crate) fn of_gemini(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        let sum = |one: &str, other: &str| match (count(one), count(other)) {
            (None, None) => None,
            (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
        };
        let audio = |details: &str| {
            let details = usage.get(details).map(Value::elements).unwrap_or_default();
            let audio = details
                .iter()
                .find(|detail| detail.get("modality").and_then(Value::as_str).as_deref() == Some("AUDIO"));
            audio?.get("tokenCount")?.as_u64()
        };
        Some(Self {
            input_tokens: sum("promptTokenCount", "toolUsePromptTokenCount"),
            output_tokens: sum("candidatesTokenCount", "thoughtsTokenCount"),
            cached_input_tokens: count("cachedContentTokenCount"),
            reasoning_tokens: count("thoughtsTokenCount"),
            input_audio_tokens: audio("promptTokensDetails"),
            output_audio_tokens: audio("candidatesTokensDetails"),
            ..Self::default()
        })
    }

    /// Reads the `usage` object of Bedrock Converse; none for another kind of value. Cached tokens are counted beside
    /// the input, as by Anthropic, and added here (Bedrock user guide, "Prompt caching").
    pub(crate) fn of_converse(usage: &Value<'_>) -> Option<Self> {
        if usage.kind() != Kind::Object {
            return None;
        }
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        let cached = count("cacheReadInputTokens");
        let written = count("cacheWriteInputTokens");
        let with_cache =
            |input: u64| input.saturating_add(cached.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        let details = usage.get("cacheDetails").map(Value::elements).unwrap_or_default();
        let hour =
            details.iter().find(|detail| detail.get("ttl").and_then(Value::as_str).as_deref() == Some("1h"));
        Some(Self {
            input_tokens: count("inputTokens").map(with_cache),
            output_tokens: count("outputTokens"),
            cached_input_tokens: cached,
            cache_write_tokens: written,
            cache_write_1h_tokens: hour.and_then(|detail| detail.get("inputTokens")?.as_u64()),
            ..Self::default()
        })
    }

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
            ..Self::default()
        })
    }
}

/// A count that may be written as a float (`17.0`), as Cohere's are.
fn whole(value: &Value<'_>) -> Option<u64> {
    value.as_u64().or_else(|| value.as_number()?.strip_suffix(".0")?.parse().ok())
}

/// Reads the `usage` object of an answer to this kind of request; none when it is not an object.
pub fn usage_of_body(kind: RequestKind, raw_usage: &[u8]) -> Option<Usage> {
    let usage = Value::parse(raw_usage).ok()?;
    match kind {
        RequestKind::Messages => Usage::of_anthropic(&usage),
        RequestKind::Gemini => Usage::of_gemini(&usage),
        RequestKind::Converse => Usage::of_converse(&usage),
        RequestKind::Cohere => Usage::of_cohere(&usage),
        RequestKind::Chat | RequestKind::Completions | RequestKind::Responses | RequestKind::Embeddings => {
            Usage::of_openai(&usage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openai_names_of_both_generations_are_read() {
        let chat = br#"{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,
            "prompt_tokens_details":{"cached_tokens":16,"audio_tokens":1,"cache_write_tokens":2},
            "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":3}}"#;
        let responses = br#"{"input_tokens":20,"output_tokens":9,"total_tokens":29,
            "input_tokens_details":{"cached_tokens":16,"audio_tokens":1,"cache_write_tokens":2},
            "output_tokens_details":{"reasoning_tokens":4,"audio_tokens":3}}"#;
        let usage = usage_of_body(RequestKind::Chat, chat).unwrap();
        assert_eq!(usage_of_body(RequestKind::Responses, responses), Some(usage));
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(20), Some(9)));
        assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(16), Some(2)));
        assert_eq!((usage.reasoning_tokens, usage.input_audio_tokens), (Some(4), Some(1)));
        assert_eq!(usage.output_audio_tokens, Some(3));
    }

    #[test]
    fn anthropic_input_is_the_sum_of_fresh_read_and_written() {
        let raw = br#"{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,
            "cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":15},"output_tokens":1}"#;
        let usage = usage_of_body(RequestKind::Messages, raw).unwrap();
        assert_eq!(usage.input_tokens, Some(123));
        assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(100), Some(20)));
        assert_eq!(usage.cache_write_1h_tokens, Some(15));
    }

    #[test]
    fn a_later_report_replaces_only_what_it_repeats() {
        let mut usage = usage_of_body(
            RequestKind::Messages,
            br#"{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1}"#,
        )
        .unwrap();
        usage.merge(&usage_of_body(RequestKind::Messages, br#"{"output_tokens":50}"#).unwrap());
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(103), Some(50)));
        usage.merge(
            &usage_of_body(RequestKind::Messages, br#"{"input_tokens":3,"output_tokens":60}"#).unwrap(),
        );
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(103), Some(60)));
        usage.merge(
            &usage_of_body(RequestKind::Messages, br#"{"input_tokens":4,"cache_read_input_tokens":90}"#)
                .unwrap(),
        );
        assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(94), Some(90)));
    }

    #[test]
    fn what_was_not_reported_is_none_and_what_is_odd_is_skipped() {
        assert_eq!(usage_of_body(RequestKind::Chat, b"{}"), Some(Usage::default()));
        assert_eq!(usage_of_body(RequestKind::Chat, b"null"), None);
        assert_eq!(usage_of_body(RequestKind::Chat, b"{"), None);
        let odd =
            usage_of_body(RequestKind::Chat, br#"{"prompt_tokens":"7","completion_tokens":-1}"#).unwrap();
        assert_eq!(odd, Usage::default());
        let deepseek = br#"{"prompt_tokens":9,"prompt_cache_hit_tokens":5,"prompt_tokens_details":null}"#;
        assert_eq!(usage_of_body(RequestKind::Chat, deepseek).unwrap().cached_input_tokens, Some(5));
    }
}
