//! What an answer used, as its provider reported it.

/// Counts of one answer; `None` where the provider said nothing, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt, those read from and written to a prompt cache included.
    pub input_tokens: Option<u64>,
    /// Of the input, those read from the provider's prompt cache.
    pub cached_input_tokens: Option<u64>,
    /// Of the input, those written to the provider's prompt cache, for however long.
    pub cache_write_tokens: Option<u64>,
    /// Of those written to the prompt cache, those kept for an hour.
    pub cache_write_1h_tokens: Option<u64>,
    /// Of those written to the prompt cache, those kept for twelve hours.
    pub cache_write_12h_tokens: Option<u64>,
    /// Of the input, audio, cached audio included.
    pub input_audio_tokens: Option<u64>,
    /// Of the input read from the prompt cache, audio.
    pub cached_audio_tokens: Option<u64>,
    /// Of the input, images, cached images included.
    pub input_image_tokens: Option<u64>,
    /// Of the input read from the prompt cache, images.
    pub cached_image_tokens: Option<u64>,
    /// Tokens generated, reasoning included.
    pub output_tokens: Option<u64>,
    /// Of the output, those spent on hidden reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Of the output, audio.
    pub output_audio_tokens: Option<u64>,
    /// Of the output, images.
    pub output_image_tokens: Option<u64>,
    /// Images generated.
    pub images: Option<u64>,
    /// Length of the audio that was heard or spoken.
    pub audio_milliseconds: Option<u64>,
    /// Characters that were spoken.
    pub characters: Option<u64>,
    /// Searches of the web, or a reranker's units of search.
    pub searches: Option<u64>,
}
