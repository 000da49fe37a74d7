//! What a request cost: what was used, times what it costs, to the last digit. Where a figure is missing there is no cost,
//! because a bill that leaves something out is worse than none.

mod most;
mod quantities;

use std::fmt;

use domain::price::{Component, ModelPrices, Price, Rates, Tier};
use domain::{Money, Usage};
use smallvec::SmallVec;

pub use most::{Dearest, Kinds, Most, dearest};
use quantities::Quantities;

/// How and when a request was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The tier that it was served in, which need not be the one that was asked for.
    pub tier: Tier,
    /// When its answer was complete, in seconds since 1970-01-01 00:00 UTC: the time that decides where prices change
    /// with the hour (DeepSeek API docs, "Models & Pricing").
    pub unix_seconds: i64,
}

/// What a request cost, line by line. The lines add up to the total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: Money,
    /// What it is made of, in the order of [`Component::ALL`].
    pub lines: SmallVec<[CostLine; 4]>,
}

/// One component of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostLine {
    /// What was used.
    pub component: Component,
    /// How much of it.
    pub count: u64,
    /// What as much of it costs as [`Component::per`] says.
    pub price: Money,
    /// What it cost.
    pub amount: Money,
}

/// Why a request has no cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpriced {
    /// The model is not in the catalogue, or no price of it is.
    Model,
    /// No price list holds at that time.
    Time,
    /// The tier has no prices.
    Tier(Tier),
    /// The provider named a tier that is not known.
    UnknownTier,
    /// The component was used and has no price, or how much of it was used is not known.
    Component(Component),
    /// The provider did not say what was used, or not to the end, or its counts contradict each other.
    Usage,
    /// The figures are beyond all measure.
    OutOfRange,
}

impl Unpriced {
    /// What is missing, in a word, for logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Time => "time",
            Self::Tier(tier) => tier.name(),
            Self::UnknownTier => "tier",
            Self::Component(component) => component.name(),
            Self::Usage => "usage",
            Self::OutOfRange => "range",
        }
    }
}

impl fmt::Display for Unpriced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => formatter.write_str("the catalogue has no prices of the model"),
            Self::Time => formatter.write_str("the catalogue has no prices of that time"),
            Self::Tier(tier) => {
                write!(formatter, "the catalogue has no prices of the tier `{}`", tier.name())
            }
            Self::UnknownTier => formatter.write_str("the tier that the provider named is not known"),
            Self::Component(component) => write!(formatter, "`{component}` has no known price"),
            Self::Usage => formatter.write_str("the provider did not say what was used"),
            Self::OutOfRange => formatter.write_str("the figures are beyond all measure"),
        }
    }
}

/// What a request cost.
///
/// # Errors
/// With what is missing. A component that was used without a price of its own makes the whole cost unknown, but for the
/// parts of a count that every provider charges as the count itself unless it says otherwise: reasoning as output, and
/// image tokens as the tokens around them.
pub fn cost(usage: &Usage, prices: &ModelPrices, service: Service) -> Result<Cost, Unpriced> {
    if prices.is_empty() {
        return Err(Unpriced::Model);
    }
    let list = prices.at(service.unix_seconds).ok_or(Unpriced::Time)?;
    let card = list.card(service.tier).ok_or(Unpriced::Tier(service.tier))?;
    let rates = card.rates(usage.input_tokens.unwrap_or(0));
    if rates.is_free() {
        return Ok(Cost { total: Money::ZERO, lines: SmallVec::new() });
    }
    let quantities = Quantities::split(usage, rates)?;
    let mut cost = Cost { total: Money::ZERO, lines: SmallVec::new() };
    for (component, count) in quantities.used() {
        cost.add(component, count, rates)?;
    }
    Ok(cost)
}

impl Cost {
    fn add(&mut self, component: Component, count: u64, rates: &Rates) -> Result<(), Unpriced> {
        let price = rates.price(component).and_then(Price::amount);
        let price = price.ok_or(Unpriced::Component(component))?;
        let amount = price.times(count, component.per()).ok_or(Unpriced::OutOfRange)?;
        self.total = self.total.checked_add(amount).ok_or(Unpriced::OutOfRange)?;
        self.lines.push(CostLine { component, count, price, amount });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
