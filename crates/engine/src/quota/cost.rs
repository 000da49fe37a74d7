//! What one request takes of a quota: first an estimate, later what was used.

use domain::endpoint::Task;
use domain::quota::Counted;
use domain::{Endpoint, Quota};

/// What is thought of an answer whose length nobody bounds, until it is there.
const OUTPUT_TOKENS: u64 = 500;

/// What one request takes of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Tokens of input, those from a cache included.
    pub input: u64,
    /// Tokens of input from the provider's cache.
    pub cached_input: u64,
    /// Tokens of output.
    pub output: u64,
}

impl Cost {
    /// What a request is thought to take that has so many tokens by the length of its body: `output_max` is how long it lets an answer be, and
    /// `answers` how many it asks for, where it says so.
    #[must_use]
    pub fn thought(endpoint: Endpoint, input: u64, output_max: Option<u64>, answers: Option<u64>) -> Self {
        let makes_text = endpoint.task() == Task::Generation;
        let each = if makes_text { output_max.unwrap_or(OUTPUT_TOKENS) } else { 0 };
        Self { input, cached_input: 0, output: each.saturating_mul(answers.unwrap_or(1)) }
    }

    /// How much it is of what a quota counts, by the rules of the quota.
    #[must_use]
    pub fn of(&self, counted: Counted, quota: &Quota) -> u64 {
        let free = if quota.cached_input_is_free { self.cached_input } else { 0 };
        let input = self.input.saturating_sub(free);
        let output = self.output.saturating_mul(quota.output_factor);
        match counted {
            Counted::Requests => 1,
            Counted::Tokens => input.saturating_add(output),
            Counted::InputTokens => input,
            Counted::OutputTokens => output,
        }
    }

    /// How much of a queue's turn it takes: its tokens, and something for being a request at all.
    pub(super) fn weight(&self) -> u64 {
        const REQUEST: u64 = 100;
        REQUEST.saturating_add(self.input).saturating_add(self.output)
    }
}
