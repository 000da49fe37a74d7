//! Rates: the price of each component, and how they change with the length of the context.

use super::component::Component;
use crate::money::Money;

/// The highest price of a component, above which a figure is a mistake: a million dollars.
const PRICE_MAX: Money = Money::from_usd(1_000_000);

/// The price of a component, for as much of it as [`Component::per`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// This much.
    Of(Money),
    /// It is charged, but not at one price that could be written down.
    Varies,
}

/// Why an amount is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceProblem {
    /// Nobody pays for being asked.
    #[error("a price must not be negative")]
    Negative,
    /// It would cost more than anything does.
    #[error("a price is at most {PRICE_MAX} dollars")]
    TooHigh,
}

impl Price {
    /// A price of this much.
    ///
    /// # Errors
    /// When it is negative or above a million dollars.
    pub fn new(amount: Money) -> Result<Self, PriceProblem> {
        if amount < Money::ZERO {
            Err(PriceProblem::Negative)
        } else if amount > PRICE_MAX {
            Err(PriceProblem::TooHigh)
        } else {
            Ok(Self::Of(amount))
        }
    }

    /// The amount, where there is one.
    #[must_use]
    pub fn amount(self) -> Option<Money> {
        match self {
            Self::Of(amount) => Some(amount),
            Self::Varies => None,
        }
    }
}

/// The price of each component that is charged. What is not here has no known price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates(Vec<(Component, Price)>);

impl Rates {
    /// The price of a component.
    #[must_use]
    pub fn price(&self, component: Component) -> Option<Price> {
        self.0.iter().find(|(known, _)| *known == component).map(|(_, price)| *price)
    }

    /// Sets the price of a component.
    pub fn set(&mut self, component: Component, price: Price) {
        match self.0.binary_search_by_key(&component, |(known, _)| *known) {
            Ok(at) => self.0[at].1 = price,
            Err(at) => self.0.insert(at, (component, price)),
        }
    }

    /// Every component with its price, in the order of [`Component::ALL`].
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Component, Price)> {
        self.0.iter().copied()
    }

    /// Whether nothing has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are prices and all of them are nothing.
    #[must_use]
    pub fn is_free(&self) -> bool {
        !self.is_empty() && self.iter().all(|(_, price)| price == Price::Of(Money::ZERO))
    }
}

impl FromIterator<(Component, Price)> for Rates {
    fn from_iter<I: IntoIterator<Item = (Component, Price)>>(prices: I) -> Self {
        let mut rates = Self::default();
        prices.into_iter().for_each(|(component, price)| rates.set(component, price));
        rates
    }
}

/// Rates by the length of the context. Longer contexts are threshold-selected: a request with more input tokens than a
/// threshold pays the rates beyond it for every token, not only for those above.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateCard {
    /// What holds up to the first threshold.
    pub base: Rates,
    /// Rates beyond more input tokens than this, by rising threshold. They stand alone: what is not in them has no price
    /// there, whatever `base` says.
    above: Vec<(u64, Rates)>,
}

impl RateCard {
    /// The same rates for every length.
    #[must_use]
    pub fn flat(base: Rates) -> Self {
        Self { base, above: Vec::new() }
    }

    /// Sets what holds for requests with more input tokens than `threshold`.
    pub fn set_above(&mut self, threshold: u64, rates: Rates) {
        match self.above.binary_search_by_key(&threshold, |(known, _)| *known) {
            Ok(at) => self.above[at].1 = rates,
            Err(at) => self.above.insert(at, (threshold, rates)),
        }
    }

    /// The thresholds, rising, each with the rates beyond it.
    pub fn above(&self) -> impl DoubleEndedIterator<Item = (u64, &Rates)> {
        self.above.iter().map(|(threshold, rates)| (*threshold, rates))
    }

    /// The rates of every length, to be changed alike.
    pub fn all_rates_mut(&mut self) -> impl Iterator<Item = &mut Rates> {
        std::iter::once(&mut self.base).chain(self.above.iter_mut().map(|(_, rates)| rates))
    }

    /// The rates of a request with so many input tokens, cached ones included.
    #[must_use]
    pub fn rates(&self, input_tokens: u64) -> &Rates {
        let beyond = self.above().rev().find(|(threshold, _)| input_tokens > *threshold);
        beyond.map_or(&self.base, |(_, rates)| rates)
    }
}

#[cfg(test)]
mod tests {
    use super::{Component, Money, Price, PriceProblem, RateCard, Rates};

    fn input(usd: u32) -> Rates {
        Rates::from_iter([(Component::Input, Price::Of(Money::from_usd(usd)))])
    }

    #[test]
    fn the_whole_request_moves_to_the_card_beyond_the_threshold() {
        let mut card = RateCard::flat(input(1));
        card.set_above(272_000, input(3));
        card.set_above(200_000, input(2));
        for (tokens, usd) in [(0, 1), (200_000, 1), (200_001, 2), (272_000, 2), (272_001, 3), (u64::MAX, 3)] {
            assert_eq!(card.rates(tokens), &input(usd), "{tokens}");
        }
        card.set_above(200_000, input(9));
        assert_eq!(card.rates(200_001), &input(9));
    }

    #[test]
    fn rates_are_listed_in_the_order_of_components_and_each_once() {
        let price = |usd| Price::Of(Money::from_usd(usd));
        let rates = Rates::from_iter([
            (Component::Output, price(1)),
            (Component::Input, price(2)),
            (Component::Output, price(3)),
        ]);
        assert_eq!(
            rates.iter().collect::<Vec<_>>(),
            [(Component::Input, price(2)), (Component::Output, price(3))]
        );
        assert_eq!(rates.price(Component::Reasoning), None);
    }

    #[test]
    fn only_known_prices_of_nothing_are_free() {
        assert!(input(0).is_free());
        assert!(!Rates::default().is_free());
        assert!(!input(1).is_free());
        assert!(!Rates::from_iter([(Component::Request, Price::Varies)]).is_free());
    }

    #[test]
    fn a_price_is_neither_negative_nor_absurd() {
        assert_eq!(Price::new(Money::from_pico_usd(-1)), Err(PriceProblem::Negative));
        assert_eq!(Price::new(Money::from_usd(1_000_001)), Err(PriceProblem::TooHigh));
        assert_eq!(Price::new(Money::ZERO), Ok(Price::Of(Money::ZERO)));
    }
}
