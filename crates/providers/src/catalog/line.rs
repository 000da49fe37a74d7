//! A line of the catalogue: one model as JSON. `docs/reference/catalog.md` describes it. Prices are texts, so that no reader
//! makes floating point of them, and a member that is not known is refused, since it might be a price.

use std::collections::BTreeSet;
use std::fmt;

use domain::catalog::{Capability, Deprecation, Modality, ModelKind};
use domain::price::{Component, ModelPrices, Period, PeriodProblem, Price, PriceList, RateCard, Rates, Tier};
use domain::{CatalogModel, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// Why a line is no model.
#[derive(Debug, thiserror::Error)]
pub enum LineProblem {
    /// It is no JSON of the right form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The name is empty.
    #[error("the model has no name")]
    Name,
    /// It stands among another provider's models.
    #[error("the provider `{0}` is not the one that its part is of")]
    Provider(String),
    /// A word that the catalogue does not have.
    #[error("`{word}` is no {what}; there are {known}")]
    Word {
        /// What is not known.
        word: String,
        /// What it should be.
        what: &'static str,
        /// What there is.
        known: String,
    },
    /// A time that is none.
    #[error(transparent)]
    Period(#[from] PeriodProblem),
    /// A price that is none.
    #[error("`{component}`: {problem}")]
    Price {
        /// What it is the price of.
        component: String,
        /// What is wrong.
        problem: String,
    },
}

/// The members of a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    provider: String,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    input: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    output: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capabilities: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deprecated: Option<Deprecated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prices: Vec<Map<String, Json>>,
}

/// A day, or `true` where the day is not known.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Deprecated {
    Undated(bool),
    On(String),
}

/// The provider of a line.
pub(super) fn provider(line: &str) -> Result<String, LineProblem> {
    #[derive(Deserialize)]
    struct Provider {
        provider: String,
    }
    Ok(serde_json::from_str::<Provider>(line)?.provider)
}

/// The names of a line's model in small letters, patterns included.
pub(super) fn names(line: &str) -> impl Iterator<Item = String> {
    #[derive(Deserialize)]
    struct Names {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    }
    let names = serde_json::from_str::<Names>(line).ok();
    names
        .into_iter()
        .flat_map(|names| std::iter::once(names.name).chain(names.aliases))
        .map(|name| name.to_ascii_lowercase())
}

/// The model of a line.
pub(super) fn parse(line: &str) -> Result<CatalogModel, LineProblem> {
    let line: Line = serde_json::from_str(line)?;
    if line.name.is_empty() {
        return Err(LineProblem::Name);
    }
    let kind = line.kind.as_deref().map(|word| known(word, "kind of model", ModelKind::ALL, ModelKind::name));
    let modalities = |words: &[String]| {
        words
            .iter()
            .map(|word| known(word, "modality", Modality::ALL, Modality::name))
            .collect::<Result<_, _>>()
    };
    let capability = |word: &String| known(word, "capability", Capability::ALL, Capability::name);
    let capabilities = line.capabilities.map(|words| words.iter().map(capability).collect::<Result<_, _>>());
    Ok(CatalogModel {
        kind: kind.transpose()?.unwrap_or(ModelKind::Chat),
        input: modalities(&line.input)?,
        output: modalities(&line.output)?,
        capabilities: capabilities.transpose()?,
        deprecation: match line.deprecated {
            None | Some(Deprecated::Undated(false)) => None,
            Some(Deprecated::Undated(true)) => Some(Deprecation::Undated),
            Some(Deprecated::On(date)) => Some(Deprecation::On(date)),
        },
        prices: ModelPrices { lists: line.prices.iter().map(price_list).collect::<Result<_, _>>()? },
        provider: line.provider.into(),
        name: line.name.into(),
        aliases: line.aliases,
        title: line.title,
        context_tokens: line.context_tokens,
        output_tokens: line.output_tokens,
        source: line.source,
    })
}

/// The line of a model.
#[must_use]
pub fn to_json(model: &CatalogModel) -> Json {
    fn words<W: Copy>(words: &BTreeSet<W>, name: fn(W) -> &'static str) -> Vec<String> {
        words.iter().map(|word| name(*word).to_owned()).collect()
    }
    let line = Line {
        provider: model.provider.to_string(),
        name: model.name.to_string(),
        aliases: model.aliases.clone(),
        title: model.title.clone(),
        kind: Some(model.kind).filter(|kind| *kind != ModelKind::Chat).map(|kind| kind.name().to_owned()),
        context_tokens: model.context_tokens,
        output_tokens: model.output_tokens,
        input: words(&model.input, Modality::name),
        output: words(&model.output, Modality::name),
        capabilities: model.capabilities.as_ref().map(|known| words(known, Capability::name)),
        deprecated: model.deprecation.as_ref().map(|deprecation| match deprecation {
            Deprecation::Undated => Deprecated::Undated(true),
            Deprecation::On(date) => Deprecated::On(date.clone()),
        }),
        source: model.source.clone(),
        prices: model.prices.lists.iter().map(list_json).collect(),
    };
    serde_json::to_value(line).unwrap_or_default()
}

fn known<W: Copy>(
    word: &str,
    what: &'static str,
    all: &[W],
    name: fn(W) -> &'static str,
) -> Result<W, LineProblem> {
    all.iter().copied().find(|known| name(*known) == word).ok_or_else(|| LineProblem::Word {
        word: word.to_owned(),
        what,
        known: all.iter().map(|known| name(*known)).collect::<Vec<_>>().join(", "),
    })
}

fn price_list(members: &Map<String, Json>) -> Result<PriceList, LineProblem> {
    let text = |key: &str| members.get(key).and_then(Json::as_str);
    let mut list = PriceList::new(Period::parse(text("from"), text("daily"), text("weekdays"))?);
    for (key, value) in
        members.iter().filter(|(key, _)| !["from", "daily", "weekdays"].contains(&key.as_str()))
    {
        let tier = known(key, "tier", &Tier::ALL, Tier::name)?;
        *list.card_mut(tier) = card(key, value)?;
    }
    Ok(list)
}

fn card(tier: &str, value: &Json) -> Result<RateCard, LineProblem> {
    let members = value.as_object().ok_or_else(|| wrong(tier, &"expected prices by component"))?;
    let mut card = RateCard::flat(rates(members)?);
    for above in members.get("above").and_then(Json::as_array).into_iter().flatten() {
        let threshold = above.get("input_tokens").and_then(Json::as_u64);
        let threshold = threshold.ok_or_else(|| wrong("above", &"expected `input_tokens`"))?;
        let members = above.as_object().ok_or_else(|| wrong("above", &"expected prices by component"))?;
        card.set_above(threshold, rates(members)?);
    }
    Ok(card)
}

fn rates(members: &Map<String, Json>) -> Result<Rates, LineProblem> {
    let prices = members.iter().filter(|(key, _)| !["above", "input_tokens"].contains(&key.as_str()));
    prices
        .map(|(key, value)| {
            Ok((known(key, "component", &Component::ALL, Component::name)?, price(key, value)?))
        })
        .collect()
}

fn price(component: &str, value: &Json) -> Result<Price, LineProblem> {
    match value {
        Json::Null => Ok(Price::Varies),
        Json::String(text) => {
            let amount: Money = text.parse().map_err(|problem| wrong(component, &problem))?;
            Price::new(amount).map_err(|problem| wrong(component, &problem))
        }
        _ => Err(wrong(component, &"expected a text such as \"2.5\", or null where the price varies")),
    }
}

fn wrong(component: &str, problem: &impl fmt::Display) -> LineProblem {
    LineProblem::Price { component: component.to_owned(), problem: problem.to_string() }
}

fn list_json(list: &PriceList) -> Map<String, Json> {
    let period =
        [("from", list.period.from()), ("daily", list.period.daily()), ("weekdays", list.period.weekdays())];
    let mut members: Map<String, Json> =
        period.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))).collect();
    for (tier, card) in list.cards() {
        let mut prices = rates_json(&card.base);
        let above: Vec<Json> = card
            .above()
            .map(|(threshold, rates)| {
                let mut prices = rates_json(rates);
                prices.insert("input_tokens".to_owned(), json!(threshold));
                Json::Object(prices)
            })
            .collect();
        if !above.is_empty() {
            prices.insert("above".to_owned(), json!(above));
        }
        members.insert(tier.name().to_owned(), Json::Object(prices));
    }
    members
}

fn rates_json(rates: &Rates) -> Map<String, Json> {
    let text = |price: Price| price.amount().map(|amount| amount.to_string());
    rates.iter().map(|(component, price)| (component.name().to_owned(), json!(text(price)))).collect()
}

#[cfg(test)]
mod tests;
