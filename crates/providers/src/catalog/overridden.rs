//! A catalogue with an operator's own figures over it: negotiated prices, deployments under names of one's own, servers that
//! nobody publishes prices for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::catalog::{Capability, Modality};
use domain::ports::catalog::Catalog;
use domain::price::{PriceList, RateCard, Rates, Tier};
use domain::{CatalogModel, Pattern};

/// Figures for the models that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The providers.
    pub provider: Pattern,
    /// The models, by the names that they are asked for.
    pub model: Pattern,
    /// Another model whose figures these models start from.
    pub same_as: Option<SameAs>,
    /// Most tokens of prompt and answer together.
    pub context_tokens: Option<u64>,
    /// Most tokens of an answer.
    pub output_tokens: Option<u64>,
    /// What prompts may hold.
    pub input: Option<BTreeSet<Modality>>,
    /// What answers may hold.
    pub output: Option<BTreeSet<Modality>>,
    /// What the models can do.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Prices, which take the place of the catalogue's.
    pub prices: Vec<PriceOverride>,
}

/// Prices of one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceOverride {
    /// The tier.
    pub tier: Tier,
    /// What holds at every time and for every length.
    pub rates: Rates,
    /// What holds beyond a number of input tokens, over `rates`.
    pub above: Vec<(u64, Rates)>,
}

/// A model of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameAs {
    /// Its provider.
    pub provider: String,
    /// Its name there; the name that was asked for when absent.
    pub model: Option<String>,
}

/// A catalogue with overrides. Of several that match a model, later ones lie over earlier ones.
#[derive(Debug)]
pub struct OverriddenCatalog {
    base: Arc<dyn Catalog>,
    listed_as: BTreeMap<String, String>,
    overrides: Vec<Override>,
}

impl OverriddenCatalog {
    /// Puts overrides over a catalogue. `listed_as` says under what name a provider is in the catalogue, where that is another
    /// than its own: a second account at a vendor.
    #[must_use]
    pub fn new(
        base: Arc<dyn Catalog>,
        listed_as: BTreeMap<String, String>,
        overrides: Vec<Override>,
    ) -> Self {
        Self { base, listed_as, overrides }
    }

    /// What the catalogue says, before any override.
    fn listed(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
        self.base.find(self.listed_as.get(provider).map_or(provider, String::as_str), model)
    }
}

impl Catalog for OverriddenCatalog {
    fn find(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
        let matching = || self.overrides.iter().filter(|one| one.matches(provider, model));
        if matching().next().is_none() {
            return self.listed(provider, model);
        }
        let same_as = matching().rev().find_map(|one| one.same_as.as_ref());
        let base = match same_as {
            Some(same_as) => self.listed(&same_as.provider, same_as.model.as_deref().unwrap_or(model)),
            None => self.listed(provider, model),
        };
        let unknown = || CatalogModel::named(provider.into(), model.into());
        let mut found = base.map_or_else(unknown, Arc::unwrap_or_clone);
        found.provider = provider.into();
        found.name = if same_as.is_some() { model.into() } else { found.name };
        matching().for_each(|one| one.apply(&mut found));
        Some(Arc::new(found))
    }

    /// Models of the catalogue, and those that an override names though the catalogue does not.
    fn all(&self) -> Vec<Arc<CatalogModel>> {
        let mut all: Vec<_> = self
            .base
            .all()
            .into_iter()
            .map(|model| self.find(model.provider.as_str(), model.name.as_str()).unwrap_or(model))
            .collect();
        for one in self.overrides.iter().filter(|one| one.provider.is_exact() && one.model.is_exact()) {
            let (provider, name) = (one.provider.as_str(), one.model.as_str());
            let is_same =
                |model: &CatalogModel| model.provider.as_str() == provider && model.name.as_str() == name;
            if !all.iter().any(|model| is_same(model)) {
                all.extend(self.find(provider, name));
            }
        }
        all
    }
}

impl Override {
    /// Whether nothing is said beyond which models it is about.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.same_as.is_none()
            && self.context_tokens.is_none()
            && self.output_tokens.is_none()
            && self.input.is_none()
            && self.output.is_none()
            && self.capabilities.is_none()
            && self.prices.is_empty()
    }

    fn matches(&self, provider: &str, model: &str) -> bool {
        self.provider.matches(provider) && self.model.matches(model)
    }

    fn apply(&self, model: &mut CatalogModel) {
        model.context_tokens = self.context_tokens.or(model.context_tokens);
        model.output_tokens = self.output_tokens.or(model.output_tokens);
        self.input.iter().for_each(|input| model.input.clone_from(input));
        self.output.iter().for_each(|output| model.output.clone_from(output));
        model.capabilities = self.capabilities.clone().or_else(|| model.capabilities.take());
        if !self.prices.is_empty() && model.prices.lists.is_empty() {
            model.prices.lists.push(PriceList::default());
        }
        for list in &mut model.prices.lists {
            self.prices.iter().for_each(|prices| prices.apply(list.card_mut(prices.tier)));
        }
    }
}

impl PriceOverride {
    /// One price is for every length, unless the override says otherwise itself.
    fn apply(&self, card: &mut RateCard) {
        for rates in card.all_rates_mut() {
            self.rates.iter().for_each(|(component, price)| rates.set(component, price));
        }
        for (threshold, own) in &self.above {
            let mut rates = card.rates(threshold.saturating_add(1)).clone();
            own.iter().for_each(|(component, price)| rates.set(component, price));
            card.set_above(*threshold, rates);
        }
    }
}

#[cfg(test)]
mod tests;
