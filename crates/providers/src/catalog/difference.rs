//! What a new catalogue changes, so that a person can look at it before it decides about money.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use domain::price::{Price, Tier};
use domain::{CatalogModel, Money};

use super::Catalog;

/// A price that moves by more than this many percent is more often a mistake than a new price.
pub const JUMP_PERCENT_MAX: u32 = 50;

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The provider of the model.
    pub provider: String,
    /// Its name.
    pub model: String,
    /// What is different.
    pub change: Change,
}

/// What is different about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// A price is new, gone or another one.
    Price {
        /// Of what: `output`, `batch input above 272000`.
        what: String,
        /// What it was.
        before: Option<Price>,
        /// What it is.
        after: Option<Price>,
    },
}

impl Change {
    /// Whether a price moves by more than [`JUMP_PERCENT_MAX`] percent, up or down.
    #[must_use]
    pub fn is_jump(&self) -> bool {
        let Self::Price { before: Some(Price::Of(before)), after: Some(Price::Of(after)), .. } = self else {
            return false;
        };
        let moved = before.pico_usd().abs_diff(after.pico_usd());
        moved * 100 > before.pico_usd().unsigned_abs() * u128::from(JUMP_PERCENT_MAX)
    }
}

impl fmt::Display for Difference {
    /// `openai/gpt-4o: output 10 -> 12`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, model, change } = self;
        write!(formatter, "{provider}/{model}: ")?;
        match change {
            Change::Added => formatter.write_str("added"),
            Change::Removed => formatter.write_str("removed"),
            Change::Price { what, before, after } => {
                write!(formatter, "{what} {} -> {}", written(*before), written(*after))
            }
        }
    }
}

/// Everything that `after` has otherwise than `before`, by provider and model.
#[must_use]
pub fn differences(before: &Catalog, after: &Catalog) -> Vec<Difference> {
    let providers: BTreeSet<&str> = before.providers().chain(after.providers()).collect();
    let mut differences = Vec::new();
    for provider in providers {
        let (old, new) = (by_name(before, provider), by_name(after, provider));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let changes = match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => price_changes(old, new),
                (None, _) => vec![Change::Added],
                (_, None) => vec![Change::Removed],
            };
            differences.extend(changes.into_iter().map(|change| Difference {
                provider: provider.to_owned(),
                model: name.clone(),
                change,
            }));
        }
    }
    differences
}

fn by_name(catalog: &Catalog, provider: &str) -> BTreeMap<String, Arc<CatalogModel>> {
    let models = catalog.models(provider).into_iter();
    models.map(|model| (model.name.to_string(), model)).collect()
}

fn price_changes(old: &CatalogModel, new: &CatalogModel) -> Vec<Change> {
    let (old, new) = (prices(old), prices(new));
    let what: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changes = what.into_iter().filter_map(|what| {
        let (before, after) = (old.get(what).copied(), new.get(what).copied());
        (before != after).then(|| Change::Price { what: what.clone(), before, after })
    });
    changes.collect()
}

/// Every price of a model under a text that says what it is of.
fn prices(model: &CatalogModel) -> BTreeMap<String, Price> {
    let mut prices = BTreeMap::new();
    for list in &model.prices.lists {
        for (tier, card) in list.cards() {
            let lengths = std::iter::once((None, &card.base))
                .chain(card.above().map(|(threshold, rates)| (Some(threshold), rates)));
            for (threshold, rates) in lengths {
                for (component, price) in rates.iter() {
                    let period = (!list.period.is_always()).then(|| format!("{}:", list.period));
                    let tier = (tier != Tier::Standard).then(|| tier.name().to_owned());
                    let above = threshold.map(|threshold| format!("above {threshold}"));
                    let words = [period, tier, Some(component.name().to_owned()), above];
                    prices.insert(words.into_iter().flatten().collect::<Vec<_>>().join(" "), price);
                }
            }
        }
    }
    prices
}

fn written(price: Option<Price>) -> String {
    match price {
        None => "none".to_owned(),
        Some(price) => price.amount().as_ref().map_or_else(|| "varies".to_owned(), Money::to_string),
    }
}
