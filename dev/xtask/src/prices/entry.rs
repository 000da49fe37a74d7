//! A model of the catalogue as it is written to its file; `docs/reference/catalog.md` describes the form.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::decimal::Decimal;

/// What has a price. The order of the variants is that of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Component {
    Input,
    CachedInput,
    CacheWrite,
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    #[serde(rename = "cache_write_12h")]
    CacheWrite12h,
    Output,
    Reasoning,
    InputAudio,
    CachedInputAudio,
    OutputAudio,
    InputImage,
    CachedInputImage,
    OutputImage,
    Image,
    Audio,
    Character,
    Search,
    Request,
}

impl Component {
    /// Whether it is counted in tokens.
    pub(super) fn is_token(self) -> bool {
        self < Self::Image
    }
}

/// How a request is served. The order of the variants is that of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tier {
    Standard,
    Batch,
    Flex,
    Priority,
    Fast,
}

/// A price: `None` where something is charged, but at no one price.
pub(super) type Price = Option<Decimal>;

/// Prices by component.
pub(super) type Rates = BTreeMap<Component, Price>;

/// Rates, and those beyond a number of input tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Card {
    #[serde(flatten)]
    pub(super) base: Rates,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "above")]
    pub(super) above: BTreeMap<u64, Rates>,
}

/// Cards by tier, for a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct PriceList {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) daily: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weekdays: Option<String>,
    #[serde(flatten)]
    pub(super) cards: BTreeMap<Tier, Card>,
}

/// When a provider gives a model up: `true` where the day is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Deprecation {
    Undated(bool),
    On(String),
}

/// One model at one provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) provider: &'static str,
    pub(super) name: String,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) aliases: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "is_chat")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) input: BTreeSet<&'static str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) output: BTreeSet<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) capabilities: Option<BTreeSet<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deprecated: Option<Deprecation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) prices: Vec<PriceList>,
}

impl Card {
    /// Every set of rates of the card.
    pub(super) fn all_rates_mut(&mut self) -> impl Iterator<Item = &mut Rates> {
        std::iter::once(&mut self.base).chain(self.above.values_mut())
    }

    /// Whether it has no price at all.
    pub(super) fn is_empty(&self) -> bool {
        self.base.is_empty() && self.above.is_empty()
    }
}

impl Entry {
    /// The rates that most requests pay: of the first list, the standard tier, a short prompt.
    pub(super) fn usual_rates(&self) -> Option<&Rates> {
        Some(&self.prices.first()?.cards.get(&Tier::Standard)?.base)
    }

    /// Every card, to be changed alike.
    pub(super) fn cards_mut(&mut self) -> impl Iterator<Item = &mut Card> {
        self.prices.iter_mut().flat_map(|list| list.cards.values_mut())
    }

    /// Leaves out cards and lists in which nothing has a price.
    pub(super) fn drop_empty(&mut self) {
        self.prices.iter_mut().for_each(|list| list.cards.retain(|_, card| !card.is_empty()));
        self.prices.retain(|list| !list.cards.is_empty());
    }
}

/// `[{"input_tokens": 200000, "input": "2.5"}]`.
fn above<S: Serializer>(above: &BTreeMap<u64, Rates>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Above<'r> {
        input_tokens: u64,
        #[serde(flatten)]
        rates: &'r Rates,
    }
    serializer
        .collect_seq(above.iter().map(|(input_tokens, rates)| Above { input_tokens: *input_tokens, rates }))
}

fn is_chat(kind: &Option<&'static str>) -> bool {
    kind.is_none_or(|kind| kind == "chat")
}
