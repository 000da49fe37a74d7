//! What one request takes of a quota: first an estimate, later what was used.

use domain::Quota;
use domain::quota::Counted;

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
