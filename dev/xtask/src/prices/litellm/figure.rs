//! One price of LiteLLM's list: the name of its member says of what, in which tier, beyond how long a prompt.

use anyhow::{Context, Result};
use serde_json::Value as Json;

use crate::prices::decimal::Decimal;
use crate::prices::entry::{Card, Component, Price, Tier};

/// A price with its place in the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) component: Component,
    pub(super) tier: Tier,
    /// It holds for prompts with more input tokens than this.
    pub(super) above: Option<u64>,
    pub(super) price: Price,
}

/// The ends of names that say a tier.
const TIERS: [(&str, Tier); 3] =
    [("_batches", Tier::Batch), ("_flex", Tier::Flex), ("_priority", Tier::Priority)];

impl Figure {
    /// A price in the standard tier for prompts of every length.
    pub(super) fn standard(component: Component, price: Price) -> Self {
        Self { component, tier: Tier::Standard, above: None, price }
    }

    /// Reads a member; `None` where it is no price that the catalogue has a word for.
    pub(super) fn read(key: &str, value: &Json, kind: &str) -> Result<Option<Self>> {
        let tier = TIERS.into_iter().find_map(|(end, tier)| Some((key.strip_suffix(end)?, tier)));
        let (rest, tier) = tier.unwrap_or((key, Tier::Standard));
        let (rest, above) = threshold(rest);
        let (Some((component, factor)), Some(price)) = (component(rest, kind), value.as_str()) else {
            return Ok(None);
        };
        let price: Decimal = price.parse().with_context(|| format!("member `{key}`"))?;
        let price = Some(price.without_noise().times(factor).in_pico_dollars());
        Ok(Some(Self { component, tier, above, price }))
    }
}

/// `input_cost_per_token_above_200k_tokens` holds above 200,000 tokens.
fn threshold(key: &str) -> (&str, Option<u64>) {
    let parts = key.strip_suffix("k_tokens").and_then(|rest| rest.rsplit_once("_above_"));
    let thousands = parts.and_then(|(name, count)| Some((name, count.parse::<u64>().ok()?)));
    thousands.map_or((key, None), |(name, count)| (name, Some(count * 1_000)))
}

/// What the member is the price of, and how many of what it is the price of make up the unit of the catalogue.
fn component(key: &str, kind: &str) -> Option<(Component, u32)> {
    const MILLION: u32 = 1_000_000;
    const THOUSAND: u32 = 1_000;
    Some(match key {
        "input_cost_per_token" => (Component::Input, MILLION),
        "output_cost_per_token" => (Component::Output, MILLION),
        "cache_read_input_token_cost" | "input_cost_per_token_cache_hit" => (Component::CachedInput, MILLION),
        "cache_creation_input_token_cost" => (Component::CacheWrite, MILLION),
        "cache_creation_input_token_cost_above_1hr" => (Component::CacheWrite1h, MILLION),
        "cache_creation_input_token_cost_above_12hr" => (Component::CacheWrite12h, MILLION),
        "output_cost_per_reasoning_token" => (Component::Reasoning, MILLION),
        "input_cost_per_audio_token" => (Component::InputAudio, MILLION),
        "cache_read_input_audio_token_cost" => (Component::CachedInputAudio, MILLION),
        "output_cost_per_audio_token" => (Component::OutputAudio, MILLION),
        "input_cost_per_image_token" => (Component::InputImage, MILLION),
        "cache_read_input_image_token_cost" => (Component::CachedInputImage, MILLION),
        "output_cost_per_image_token" => (Component::OutputImage, MILLION),
        "output_cost_per_image" if kind == "image" => (Component::Image, 1),
        "input_cost_per_character" if kind == "speech" => (Component::Character, MILLION),
        "input_cost_per_query" => (Component::Search, THOUSAND),
        "input_cost_per_request" => (Component::Request, THOUSAND),
        _ => return None,
    })
}

/// The card of a list of steps: `range` is from how many input tokens up to how many a step holds.
pub(super) fn steps(steps: &[Json], kind: &str) -> Result<Card> {
    let mut card = Card::default();
    for step in steps {
        let from =
            step.get("range").and_then(|range| range.get(0)?.as_str()).context("a step has no range")?;
        let from: u64 = from.parse::<Decimal>()?.to_string().parse()?;
        let rates = if from == 0 { &mut card.base } else { card.above.entry(from).or_default() };
        for (key, value) in step.as_object().into_iter().flatten() {
            if let Some(figure) = Figure::read(key, value, kind)? {
                rates.insert(figure.component, figure.price);
            }
        }
    }
    Ok(card)
}
