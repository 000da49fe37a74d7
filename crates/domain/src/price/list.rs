//! Price lists: cards by the tier of service, and lists by the time at which they hold.

use super::period::Period;
use super::rates::RateCard;

/// How quickly and how surely a request is served, where providers charge differently for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Tier {
    /// As a request is served that asks for nothing else.
    #[default]
    Standard,
    /// In a batch, within hours.
    Batch,
    /// At once if there is room (OpenAI, Google, Groq, Amazon: `flex`).
    Flex,
    /// Before others (OpenAI, Google, Amazon: `priority`).
    Priority,
    /// With faster output (OpenAI: `fast`; Anthropic: `speed: fast`).
    Fast,
}

impl Tier {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Standard, Self::Batch, Self::Flex, Self::Priority, Self::Fast];

    /// Its name in the catalogue, the configuration and the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Fast => "fast",
        }
    }
}

/// The cards of a time, by tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    /// When it holds.
    pub period: Period,
    cards: Vec<(Tier, RateCard)>,
}

impl PriceList {
    /// An empty list for a time.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self { period, cards: Vec::new() }
    }

    /// The card of a tier; `None` where none is published.
    #[must_use]
    pub fn card(&self, tier: Tier) -> Option<&RateCard> {
        self.cards.iter().find(|(known, _)| *known == tier).map(|(_, card)| card)
    }

    /// The card of a tier, an empty one where there was none.
    pub fn card_mut(&mut self, tier: Tier) -> &mut RateCard {
        let at = match self.cards.binary_search_by_key(&tier, |(known, _)| *known) {
            Ok(at) => at,
            Err(at) => {
                self.cards.insert(at, (tier, RateCard::default()));
                at
            }
        };
        &mut self.cards[at].1
    }

    /// Every tier with its card, in the order of [`Tier::ALL`].
    pub fn cards(&self) -> impl Iterator<Item = (Tier, &RateCard)> {
        self.cards.iter().map(|(tier, card)| (*tier, card))
    }
}

/// All prices of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelPrices {
    /// Of the lists that hold at a time the last one counts.
    pub lists: Vec<PriceList>,
}

impl ModelPrices {
    /// The list that holds at a time, in seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn at(&self, unix_seconds: i64) -> Option<&PriceList> {
        self.lists.iter().rev().find(|list| list.period.covers(unix_seconds))
    }

    /// Whether nothing has a price, at any time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_empty = |card: &RateCard| card.base.is_empty() && card.above().next().is_none();
        self.lists.iter().all(|list| list.cards().all(|(_, card)| is_empty(card)))
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelPrices, Period, PriceList, Tier};
    use crate::money::Money;
    use crate::price::{Component, Price};

    #[test]
    fn the_last_list_that_holds_counts() {
        let from = |text: &str| PriceList::new(Period::parse(Some(text), None, None).unwrap());
        let prices =
            ModelPrices { lists: vec![PriceList::default(), from("1970-01-02"), from("1970-01-03")] };
        let day = |day: i64| prices.lists.iter().position(|list| Some(list) == prices.at(day * 86_400));
        assert_eq!([day(0), day(1), day(2), day(9)], [Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(ModelPrices { lists: vec![from("1970-01-02")] }.at(0), None);
    }

    #[test]
    fn a_tier_without_a_card_has_none_and_prices_are_empty_without_a_rate() {
        let mut prices = ModelPrices { lists: vec![PriceList::default()] };
        prices.lists[0].card_mut(Tier::Flex);
        assert!(prices.is_empty());
        prices.lists[0].card_mut(Tier::Standard).base.set(Component::Input, Price::Of(Money::ZERO));
        assert!(!prices.is_empty());
        assert!(prices.lists[0].card(Tier::Priority).is_none());
        assert!(prices.lists[0].cards().map(|(tier, _)| tier).eq([Tier::Standard, Tier::Flex]));
    }
}
