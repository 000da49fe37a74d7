//! What providers charge for.

use std::fmt;

const MILLION: u64 = 1_000_000;
const THOUSAND: u64 = 1_000;
const MILLISECONDS_PER_HOUR: u64 = 3_600_000;

/// One thing that providers charge for. Its price is for as much of it as providers publish prices for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Tokens of the prompt that nothing below has a price for.
    Input,
    /// Tokens read from the prompt cache.
    CachedInput,
    /// Tokens written to the prompt cache for as long as the provider keeps them unasked (Anthropic: 5 minutes).
    CacheWrite,
    /// Tokens written to the prompt cache for an hour (Anthropic).
    CacheWrite1h,
    /// Tokens written to the prompt cache for twelve hours (OpenAI).
    CacheWrite12h,
    /// Tokens generated that nothing below has a price for.
    Output,
    /// Tokens of hidden reasoning, where they do not cost what other output costs.
    Reasoning,
    /// Audio in the prompt, in tokens.
    InputAudio,
    /// Audio read from the prompt cache, in tokens.
    CachedInputAudio,
    /// Audio generated, in tokens.
    OutputAudio,
    /// Images in the prompt, in tokens, where they do not cost what other input costs.
    InputImage,
    /// Images read from the prompt cache, in tokens, where they do not cost what other cached input costs.
    CachedInputImage,
    /// Images generated, in tokens, where they do not cost what other output costs.
    OutputImage,
    /// Images generated, by the piece.
    Image,
    /// Audio heard or spoken, by its length.
    Audio,
    /// Characters of a text that is spoken.
    Character,
    /// Searches of the web, and units of search of a reranker.
    Search,
    /// The request itself.
    Request,
}

impl Component {
    /// All of them, in the order of a price list.
    pub const ALL: [Self; 18] = [
        Self::Input,
        Self::CachedInput,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::CacheWrite12h,
        Self::Output,
        Self::Reasoning,
        Self::InputAudio,
        Self::CachedInputAudio,
        Self::OutputAudio,
        Self::InputImage,
        Self::CachedInputImage,
        Self::OutputImage,
        Self::Image,
        Self::Audio,
        Self::Character,
        Self::Search,
        Self::Request,
    ];

    /// Its name in the catalogue, the configuration and the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CachedInput => "cached_input",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheWrite12h => "cache_write_12h",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::InputAudio => "input_audio",
            Self::CachedInputAudio => "cached_input_audio",
            Self::OutputAudio => "output_audio",
            Self::InputImage => "input_image",
            Self::CachedInputImage => "cached_input_image",
            Self::OutputImage => "output_image",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Character => "character",
            Self::Search => "search",
            Self::Request => "request",
        }
    }

    /// The component of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }

    /// How much of it its price is for: a million tokens or characters, a thousand searches or requests, an hour of audio
    /// (counted in milliseconds), one image.
    #[must_use]
    pub fn per(self) -> u64 {
        match self {
            Self::Image => 1,
            Self::Audio => MILLISECONDS_PER_HOUR,
            Self::Search | Self::Request => THOUSAND,
            _ => MILLION,
        }
    }

    /// What its price is for, in words.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "hour",
            Self::Character => "1M characters",
            Self::Search => "1,000 searches",
            Self::Request => "1,000 requests",
            _ => "1M tokens",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Component;

    #[test]
    fn every_component_is_found_by_its_name() {
        for component in Component::ALL {
            assert_eq!(Component::from_name(component.name()), Some(component));
        }
        assert_eq!(Component::from_name("inputs"), None);
    }

    #[test]
    fn the_order_of_all_is_the_order_of_the_components() {
        assert!(Component::ALL.is_sorted());
    }
}
