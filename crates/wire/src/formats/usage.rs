//! What an answer used, read from the names that each format gives it.

mod anthropic;
mod cohere;
mod converse;
mod gemini;
mod media;
mod openai;
mod tier;

use std::fmt;

use super::RequestKind;
use crate::json::{Document, Value};

pub(crate) use cohere::whole;
pub(super) use gemini::searches_of as grounding_searches_of;
pub(crate) use media::milliseconds_of;
pub use tier::ServiceTier;

/// Counts as one provider reported them; a count that was not reported is none, never 0.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
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
    /// Of the cache writes, those that live for twelve hours, which OpenAI charges more for.
    pub cache_write_12h_tokens: Option<u64>,
    /// Of the output, tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Of the input, audio tokens, cached ones included.
    pub input_audio_tokens: Option<u64>,
    /// Of the cached input, audio tokens.
    pub cached_audio_tokens: Option<u64>,
    /// Of the output, audio tokens.
    pub output_audio_tokens: Option<u64>,
    /// Of the input, tokens of images, cached ones included.
    pub input_image_tokens: Option<u64>,
    /// Of the cached input, tokens of images.
    pub cached_image_tokens: Option<u64>,
    /// Of the output, tokens of images.
    pub output_image_tokens: Option<u64>,
    /// Images, where they are charged one by one.
    pub images: Option<u64>,
    /// Audio that was heard, where it is charged by its length: in milliseconds.
    pub audio_milliseconds: Option<u64>,
    /// Characters that were spoken.
    pub characters: Option<u64>,
    /// Searches of the web that are charged apart, and units of search of a reranker.
    pub searches: Option<u64>,
    /// The tier that the answer was served in.
    pub tier: Option<ServiceTier>,
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
            (&mut self.cache_write_12h_tokens, later.cache_write_12h_tokens),
            (&mut self.reasoning_tokens, later.reasoning_tokens),
            (&mut self.input_audio_tokens, later.input_audio_tokens),
            (&mut self.cached_audio_tokens, later.cached_audio_tokens),
            (&mut self.output_audio_tokens, later.output_audio_tokens),
            (&mut self.input_image_tokens, later.input_image_tokens),
            (&mut self.cached_image_tokens, later.cached_image_tokens),
            (&mut self.output_image_tokens, later.output_image_tokens),
            (&mut self.images, later.images),
            (&mut self.audio_milliseconds, later.audio_milliseconds),
            (&mut self.characters, later.characters),
            (&mut self.searches, later.searches),
        ] {
            *mine = later.or(*mine);
        }
        self.tier = later.tier.or(self.tier);
    }

    /// Takes another answer of the same session into account, which was counted by itself.
    pub fn add(&mut self, other: &Usage) {
        for (mine, other) in [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cached_input_tokens, other.cached_input_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens),
            (&mut self.cache_write_12h_tokens, other.cache_write_12h_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
            (&mut self.input_audio_tokens, other.input_audio_tokens),
            (&mut self.cached_audio_tokens, other.cached_audio_tokens),
            (&mut self.output_audio_tokens, other.output_audio_tokens),
            (&mut self.input_image_tokens, other.input_image_tokens),
            (&mut self.cached_image_tokens, other.cached_image_tokens),
            (&mut self.output_image_tokens, other.output_image_tokens),
            (&mut self.images, other.images),
            (&mut self.audio_milliseconds, other.audio_milliseconds),
            (&mut self.characters, other.characters),
            (&mut self.searches, other.searches),
        ] {
            *mine = mine.map_or(other, |mine| Some(mine.saturating_add(other.unwrap_or(0))));
        }
        self.tier = self.tier.or(other.tier);
    }

    /// Every count with its name.
    fn counts(&self) -> [(&'static str, Option<u64>); 17] {
        [
            ("input_tokens", self.input_tokens),
            ("output_tokens", self.output_tokens),
            ("cached_input_tokens", self.cached_input_tokens),
            ("cache_write_tokens", self.cache_write_tokens),
            ("cache_write_1h_tokens", self.cache_write_1h_tokens),
            ("cache_write_12h_tokens", self.cache_write_12h_tokens),
            ("reasoning_tokens", self.reasoning_tokens),
            ("input_audio_tokens", self.input_audio_tokens),
            ("cached_audio_tokens", self.cached_audio_tokens),
            ("output_audio_tokens", self.output_audio_tokens),
            ("input_image_tokens", self.input_image_tokens),
            ("cached_image_tokens", self.cached_image_tokens),
            ("output_image_tokens", self.output_image_tokens),
            ("images", self.images),
            ("audio_milliseconds", self.audio_milliseconds),
            ("characters", self.characters),
            ("searches", self.searches),
        ]
    }

    /// With a tier that stands beside the usage, unless the usage named one.
    pub(crate) fn with_tier(self, tier: Option<&Value<'_>>) -> Self {
        Self { tier: self.tier.or_else(|| ServiceTier::of(tier?)), ..self }
    }

    /// With searches that are counted elsewhere.
    pub(super) fn with_searches(self, searches: Option<u64>) -> Self {
        Self { searches: searches.or(self.searches), ..self }
    }
}

impl fmt::Debug for Usage {
    /// Only what was reported, since most counts rarely are.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut usage = formatter.debug_struct("Usage");
        for (name, count) in self.counts() {
            if let Some(count) = count {
                usage.field(name, &count);
            }
        }
        if let Some(tier) = &self.tier {
            usage.field("tier", tier);
        }
        usage.finish()
    }
}

/// Reads the `usage` object of an answer to this kind of request; none when it is not an object.
pub fn usage_of_body(kind: RequestKind, raw_usage: &[u8]) -> Option<Usage> {
    let usage = Value::parse(raw_usage).ok()?;
    match kind {
        RequestKind::Messages => Usage::of_anthropic(&usage),
        RequestKind::Gemini | RequestKind::EmbedContent => Usage::of_gemini(&usage),
        RequestKind::CohereRetrieval => Usage::of_cohere_meta(&usage),
        RequestKind::Rerank => Usage::of_total(&usage),
        RequestKind::Converse => Usage::of_converse(&usage),
        RequestKind::Cohere => Usage::of_cohere(&usage),
        RequestKind::Images => Usage::of_images(&usage),
        RequestKind::Transcription => Usage::of_transcription(&usage),
        RequestKind::Chat
        | RequestKind::Completions
        | RequestKind::Responses
        | RequestKind::Embeddings
        | RequestKind::Speech => Usage::of_openai(&usage),
    }
}

/// What a request already says will be used, whatever the answer reports: the characters of a text that is spoken.
pub fn usage_of_request(kind: RequestKind, request: &Document) -> Usage {
    match kind {
        RequestKind::Speech => media::usage_of_speech(request),
        _ => Usage::default(),
    }
}

/// Reads what a whole answer to this kind of request used: its usage, and what stands beside it.
pub fn usage_of_answer(kind: RequestKind, answer: &Document) -> Option<Usage> {
    match kind {
        RequestKind::Images => return media::usage_of_images(answer),
        RequestKind::Transcription => return media::usage_of_transcription(answer),
        _ => {}
    }
    let member = |key: &str| answer.member(key).ok().flatten();
    let usage = match member(kind.usage_member()) {
        Some(usage) => usage_of_body(kind, &usage.raw())?,
        // Cohere's version 1 has it where version 2 has.
        None if kind == RequestKind::Rerank => {
            usage_of_body(RequestKind::CohereRetrieval, &member("meta")?.raw())?
        }
        None => return None,
    };
    let tier_in = |key: &str| ServiceTier::of(&Value::parse(&member(key)?.raw()).ok()?);
    let tier = match kind {
        RequestKind::Converse => converse::tier_of(tier_in),
        _ => tier_in("service_tier"),
    };
    let usage = Usage { tier: usage.tier.or(tier), ..usage };
    let searches = match kind {
        RequestKind::Responses => member("output").and_then(|output| openai::searches_in(&output.raw())),
        RequestKind::Gemini => {
            member("candidates").and_then(|candidates| gemini::searches_in(&candidates.raw()))
        }
        _ => None,
    };
    Some(usage.with_searches(searches))
}

#[cfg(test)]
mod tests;
