//! What a target's provider is likely to have in its prompt cache: the beginnings of the prompts that were answered there lately, and
//! how often that turned out to be true.

use std::collections::HashMap;
use std::time::Duration;

use domain::Usage;
use domain::provider::PromptCache;

use crate::habit::{float, whole};
use crate::prefix::Prefix;

/// Most beginnings that are remembered of a target; when there are as many, the older half is forgotten.
const BEGINNINGS_MAX: usize = 8192;
/// How many answers the hit rate looks back on: each counts as one of so many.
const ANSWERS_MAX: f64 = 20.0;

/// The prompt cache of one target, as far as can be told from outside.
#[derive(Debug, Default)]
pub struct Warmth {
    /// When each beginning was there last; the newer ones, and those before.
    newer: HashMap<u64, Duration>,
    older: HashMap<u64, Duration>,
    misses: Misses,
}

/// The share of what was expected to be in the cache and was not.
#[derive(Debug, Clone, Copy, Default)]
struct Misses {
    answers: f64,
    share: f64,
}

impl Warmth {
    /// A prompt was answered.
    pub(crate) fn answered(&mut self, prefix: &Prefix, now: Duration) {
        for (beginning, _) in prefix.longest_first() {
            if self.newer.len() >= BEGINNINGS_MAX / 2 {
                self.older = std::mem::take(&mut self.newer);
            }
            self.newer.insert(beginning, now);
        }
    }

    /// How many tokens of a prompt are expected to be in the cache, if it holds what it should.
    #[must_use]
    pub fn tokens(&self, prefix: &Prefix, cache: PromptCache, now: Duration) -> u64 {
        let last = |beginning: &u64| self.newer.get(beginning).or_else(|| self.older.get(beginning));
        let is_warm = |(beginning, tokens): &(u64, u64)| {
            *tokens >= cache.tokens_min.into()
                && last(beginning).is_some_and(|last| now.saturating_sub(*last) <= cache.lifetime)
        };
        prefix.longest_first().find(is_warm).map_or(0, |(_, tokens)| tokens)
    }

    /// An answer used so much, of which so many tokens were expected to be in the cache. A provider that does not say how many were
    /// is believed to have had them.
    pub(crate) fn learn(&mut self, expected: u64, used: &Usage) {
        let (Some(cached), true) = (used.cached_input_tokens, expected > 0) else { return };
        let missed = 1.0 - float(cached.min(expected)) / float(expected);
        self.misses.answers = (self.misses.answers + 1.0).min(ANSWERS_MAX);
        self.misses.share += (missed - self.misses.share) / self.misses.answers;
    }

    /// How many tokens a request is likely to save, by how often what was expected was there.
    #[must_use]
    pub fn saving(&self, prefix: &Prefix, cache: PromptCache, now: Duration) -> u64 {
        whole(float(self.tokens(prefix, cache, now)) * (1.0 - self.misses.share))
    }
}

#[cfg(test)]
mod tests {
    use super::{BEGINNINGS_MAX, Duration, Prefix, PromptCache, Usage, Warmth};
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_secs(1_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn prompt(kind: u64, bytes: usize) -> Prefix {
        Prefix::of([kind.to_le_bytes().repeat(bytes / 8)])
    }

    fn cached(tokens: u64) -> Usage {
        Usage { cached_input_tokens: Some(tokens), ..Usage::default() }
    }

    #[test]
    fn a_prompt_that_goes_on_is_as_warm_as_what_it_began_with() {
        let (mut warmth, cache) = (Warmth::default(), PromptCache::default());
        let (short, long) = (prompt(1, 9_000), prompt(1, 40_000));
        assert_eq!(warmth.tokens(&short, cache, NOW), 0);
        warmth.answered(&short, NOW);
        assert_eq!(warmth.tokens(&long, cache, NOW), 2048);
        assert_eq!(warmth.tokens(&prompt(2, 40_000), cache, NOW), 0);
        warmth.answered(&long, NOW);
        assert_eq!(warmth.tokens(&long, cache, NOW), 8192);
        assert_eq!(warmth.tokens(&short, cache, NOW), 2048);
    }

    #[test]
    fn a_beginning_cools_down_and_a_short_one_is_not_kept() {
        let (mut warmth, cache) = (Warmth::default(), PromptCache::default());
        let prompt = prompt(1, 9_000);
        warmth.answered(&prompt, NOW);
        assert_eq!(warmth.tokens(&prompt, cache, NOW + cache.lifetime), 2048);
        assert_eq!(warmth.tokens(&prompt, cache, NOW + cache.lifetime + SECOND), 0);
        assert_eq!(warmth.tokens(&prompt, PromptCache { tokens_min: 4096, ..cache }, NOW), 0);
    }

    #[test]
    fn what_is_expected_and_not_there_is_expected_less() {
        let (mut warmth, cache) = (Warmth::default(), PromptCache::default());
        let prompt = prompt(1, 9_000);
        warmth.answered(&prompt, NOW);
        warmth.learn(2048, &Usage::default());
        assert_eq!(warmth.saving(&prompt, cache, NOW), 2048, "it did not say");
        warmth.learn(2048, &cached(512));
        assert_eq!(warmth.saving(&prompt, cache, NOW), 512);
        warmth.learn(2048, &cached(4096));
        assert_eq!(warmth.saving(&prompt, cache, NOW), 1280);
        (0..200).for_each(|_| warmth.learn(2048, &cached(0)));
        assert_eq!(warmth.saving(&prompt, cache, NOW), 0);
        warmth.learn(0, &cached(4096));
        assert_eq!(warmth.saving(&prompt, cache, NOW), 0, "nothing was expected");
    }

    proptest! {
        #[test]
        fn no_number_of_prompts_fills_the_memory_and_the_newest_is_remembered(seeds in prop::collection::vec(any::<u64>(), 1..40)) {
            let (mut warmth, cache) = (Warmth::default(), PromptCache::default());
            for number in seeds.iter().flat_map(|seed| (0..300).map(move |step| seed.wrapping_add(step))) {
                let prompt = prompt(number, 4_096);
                warmth.answered(&prompt, NOW);
                prop_assert!(warmth.newer.len() + warmth.older.len() <= BEGINNINGS_MAX);
                prop_assert_eq!(warmth.tokens(&prompt, cache, NOW), 1024);
            }
        }
    }
}
