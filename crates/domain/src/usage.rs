//! What an answer used, in tokens, as its provider reported it.

/// Token counts of one answer; `None` where the provider said nothing, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub input_tokens: Option<u64>,
    /// Tokens generated, reasoning included.
    pub output_tokens: Option<u64>,
    /// Of the input, those read from the provider's prompt cache.
    pub cached_input_tokens: Option<u64>,
    /// Of the input, those written to the provider's prompt cache.
    pub cache_write_tokens: Option<u64>,
    /// Of the output, those spent on hidden reasoning.
    pub reasoning_tokens: Option<u64>,
}
