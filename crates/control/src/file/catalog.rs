//! `catalog:`.

use domain::price::{Component, Rates};
use schemars::JsonSchema;
use serde::Deserialize;

use super::amount::Amount;

/// What is known of models, and what they cost. Without it, the built-in catalogue counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogSection {
    /// A catalogue in place of the built-in one, from the configuration's folder. When absent, `catalog.jsonl`, if there is
    /// one; `tollgate catalog update` writes it.
    pub file: Option<String>,
    /// Figures of your own over those of the catalogue. Of several that match a model, later ones lie over earlier ones.
    pub overrides: Vec<OverrideSection>,
}

/// Figures for the models that it matches.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideSection {
    /// The provider, or a pattern with `*`.
    pub provider: String,
    /// The model, or a pattern with `*`; every model when absent.
    pub model: Option<String>,
    /// A model of the catalogue to start from, as `provider/model`, for deployments under names of your own; with a
    /// provider alone, the model of the same name there.
    pub same_as: Option<String>,
    /// Most tokens of prompt and answer together.
    pub context_tokens: Option<u64>,
    /// Most tokens of an answer.
    pub output_tokens: Option<u64>,
    /// What prompts may hold: `text`, `image`, `audio`, `video`, `pdf`.
    pub input: Option<Vec<String>>,
    /// What answers may hold, in the same words.
    pub output: Option<Vec<String>>,
    /// What it can do: `tools`, `json_schema`, `reasoning`, `prompt_caching`, `streaming`, `web_search`, `computer_use`.
    pub capabilities: Option<Vec<String>>,
    /// Prices, each in place of the catalogue's.
    pub prices: Option<PricesSection>,
}

/// Prices by the tier that a request was served in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PricesSection {
    /// Requests that ask for no tier.
    pub standard: Option<TierPrices>,
    /// Requests of a batch.
    pub batch: Option<TierPrices>,
    /// Requests that may wait (`flex`).
    pub flex: Option<TierPrices>,
    /// Requests that go before others (`priority`).
    pub priority: Option<TierPrices>,
    /// Requests with faster output (`fast`).
    pub fast: Option<TierPrices>,
}

/// A section with a price for each component, and further members.
macro_rules! priced {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$member_doc])* pub $member: $kind,)*
            /// 1M tokens of input.
            pub input: Option<Amount>,
            /// 1M tokens of input read from the prompt cache.
            pub cached_input: Option<Amount>,
            /// 1M tokens of input written to the prompt cache.
            pub cache_write: Option<Amount>,
            /// 1M tokens of input written to the prompt cache for an hour.
            pub cache_write_1h: Option<Amount>,
            /// 1M tokens of input written to the prompt cache for twelve hours.
            pub cache_write_12h: Option<Amount>,
            /// 1M tokens of output.
            pub output: Option<Amount>,
            /// 1M tokens of hidden reasoning; as `output` when absent.
            pub reasoning: Option<Amount>,
            /// 1M tokens of audio heard.
            pub input_audio: Option<Amount>,
            /// 1M tokens of audio read from the prompt cache.
            pub cached_input_audio: Option<Amount>,
            /// 1M tokens of audio spoken.
            pub output_audio: Option<Amount>,
            /// 1M tokens of images seen; as `input` when absent.
            pub input_image: Option<Amount>,
            /// 1M tokens of images read from the prompt cache.
            pub cached_input_image: Option<Amount>,
            /// 1M tokens of images made; as `output` when absent.
            pub output_image: Option<Amount>,
            /// One image made.
            pub image: Option<Amount>,
            /// One hour of audio heard or spoken.
            pub audio: Option<Amount>,
            /// 1M characters spoken.
            pub character: Option<Amount>,
            /// 1,000 searches of the web, or units of search of a reranker.
            pub search: Option<Amount>,
            /// 1,000 requests.
            pub request: Option<Amount>,
        }

        impl $name {
            /// The prices that are written.
            pub(crate) fn rates(&self) -> Rates {
                let prices = [
                    (Component::Input, self.input),
                    (Component::CachedInput, self.cached_input),
                    (Component::CacheWrite, self.cache_write),
                    (Component::CacheWrite1h, self.cache_write_1h),
                    (Component::CacheWrite12h, self.cache_write_12h),
                    (Component::Output, self.output),
                    (Component::Reasoning, self.reasoning),
                    (Component::InputAudio, self.input_audio),
                    (Component::CachedInputAudio, self.cached_input_audio),
                    (Component::OutputAudio, self.output_audio),
                    (Component::InputImage, self.input_image),
                    (Component::CachedInputImage, self.cached_input_image),
                    (Component::OutputImage, self.output_image),
                    (Component::Image, self.image),
                    (Component::Audio, self.audio),
                    (Component::Character, self.character),
                    (Component::Search, self.search),
                    (Component::Request, self.request),
                ];
                prices.into_iter().filter_map(|(component, amount)| Some((component, amount?.price()))).collect()
            }
        }
    };
}

priced! {
    /// Prices in US dollars. They hold at every time and for prompts of every length.
    TierPrices {
        /// Prices for long prompts, over those for all.
        above: Vec<AbovePrices>,
    }
}

priced! {
    /// Prices in US dollars of requests with more input tokens than `input_tokens`, for every token of them.
    AbovePrices {
        /// The threshold, cached tokens included.
        input_tokens: Option<u64>,
    }
}

#[cfg(test)]
mod tests {
    use super::{AbovePrices, Component, TierPrices};

    #[test]
    fn every_component_can_be_given_a_price_by_its_name() {
        for component in Component::ALL {
            let json = format!(r#"{{"{component}":"0.5"}}"#);
            let prices = serde_json::from_str::<TierPrices>(&json).unwrap().rates();
            assert_eq!(prices.iter().map(|(component, _)| component).collect::<Vec<_>>(), [component]);
            assert_eq!(serde_json::from_str::<AbovePrices>(&json).unwrap().rates(), prices);
        }
    }
}
