//! From genai-prices to entries of the catalogue. Its prices are for a million tokens and the like, as ours are; what it
//! says about batches and tiers lies over the standard prices, and is put together here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::decimal::Decimal;
use super::entry::{Card, Component, Deprecation, Entry, PriceList, Rates, Tier};
use super::merge::matches;
use super::provider::{GENAI, GenaiProvider};
use super::release::GENAI_PRICES;
use super::report::Report;

/// A provider with its models.
#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    id: String,
    #[serde(default)]
    pricing_urls: Option<Vec<String>>,
    models: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    id: String,
    #[serde(rename = "match")]
    matches: Clause,
    name: Option<String>,
    context_window: Option<String>,
    deprecated: Option<bool>,
    prices: Prices,
    #[serde(default)]
    price_variants: Vec<Variant>,
}

/// How a model is recognised by its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Clause {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Regex(String),
    #[serde(rename = "or_")]
    Any(Vec<Clause>),
    #[serde(rename = "and_")]
    All(Vec<Clause>),
}

/// One set of prices, or several of which the last one counts whose condition holds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Prices {
    Conditional(Vec<Conditional>),
    Always(Figures),
}

#[derive(Debug, Deserialize)]
struct Conditional {
    constraint: Option<Constraint>,
    prices: Figures,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Constraint {
    From { start_date: String },
    Daily { start_time: String, end_time: String },
}

/// Figures that replace the standard ones of requests that were served in another way.
#[derive(Debug, Deserialize)]
struct Variant {
    when: BTreeMap<String, String>,
    prices: Figures,
    constraint: Option<Constraint>,
}

type Figures = BTreeMap<String, Figure>;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Figure {
    Flat(Decimal),
    ByLength { base: Decimal, tiers: Vec<Step> },
}

/// The price of requests with more input tokens than `start`, as genai-prices has it ("cliff model").
#[derive(Debug, Deserialize)]
struct Step {
    start: String,
    price: Decimal,
}

/// The entries of every provider that we know.
pub(super) fn entries(providers: &[Provider], report: &mut Report) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for source in providers {
        let ours: Vec<&GenaiProvider> = GENAI.iter().filter(|known| known.id == source.id).collect();
        if ours.is_empty() {
            report.left_out(GENAI_PRICES.name, &source.id, source.models.len());
        }
        for provider in ours {
            for model in source.models.iter().filter(|model| is_served(model, provider)) {
                let place = || format!("{} `{}` of {}", provider.provider, model.id, GENAI_PRICES.name);
                let mut entry = entry(model, provider, report).with_context(place)?;
                entry.source = source.pricing_urls.as_ref().and_then(|urls| urls.first().cloned());
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

/// Google's list has what only one of its platforms serves.
fn is_served(model: &Model, provider: &GenaiProvider) -> bool {
    provider.provider != "google" || !model.id.starts_with("claude-")
}

fn entry(model: &Model, provider: &GenaiProvider, report: &mut Report) -> Result<Entry> {
    let mut names = Names::default();
    names.read(&model.matches, report);
    let mut entry = Entry { provider: provider.provider, title: model.name.clone(), ..Entry::default() };
    if provider.suffix.is_empty() {
        entry.name = names.name_for(&model.id);
        entry.aliases = names.aliases(&entry.name);
    } else {
        entry.name = format!("{}{}", model.id, provider.suffix);
    }
    entry.context_tokens = model.context_window.as_deref().map(str::parse).transpose()?;
    entry.deprecated = model.deprecated.filter(|given_up| *given_up).map(Deprecation::Undated);
    entry.prices = price_lists(model, provider, report)?;
    entry.kind = kind(&entry);
    entry.drop_empty();
    Ok(entry)
}

/// What a model is called, and what else.
#[derive(Debug, Default)]
struct Names {
    exact: BTreeSet<String>,
    patterns: BTreeSet<String>,
}

impl Names {
    fn read(&mut self, clause: &Clause, report: &mut Report) {
        match clause {
            Clause::Equals(name) => {
                self.exact.insert(name.clone());
            }
            Clause::StartsWith(beginning) => self.pattern(format!("{beginning}*")),
            Clause::EndsWith(end) => self.pattern(format!("*{end}")),
            Clause::Contains(part) => self.pattern(format!("*{part}*")),
            Clause::Any(clauses) => clauses.iter().for_each(|clause| self.read(clause, report)),
            // A beginning, and an exception that has an entry of its own, which is more exact.
            Clause::All(clauses) => {
                let beginnings = clauses.iter().filter(|clause| matches!(clause, Clause::StartsWith(_)));
                beginnings.for_each(|clause| self.read(clause, report));
            }
            // Names with a date at the end are found by the name without it.
            Clause::Regex(regex) if regex.contains(r"\d{4}-\d{2}-\d{2}$") || regex.contains(r"\d{8}") => {}
            Clause::Regex(_) => report.unread(GENAI_PRICES.name, "regex"),
        }
    }

    fn pattern(&mut self, pattern: String) {
        self.patterns.insert(pattern);
    }

    /// The id where it is a name of the model, else the first name, or what the first pattern is about.
    fn name_for(&self, id: &str) -> String {
        let id = id.strip_prefix("regional.").unwrap_or(id);
        let is_called = |name: &String| matches(&name.to_ascii_lowercase(), &id.to_ascii_lowercase());
        let mut names = self.exact.iter().chain(&self.patterns);
        if names.clone().any(is_called) {
            return id.to_owned();
        }
        names.next().map_or(id, |name| name.trim_matches('*')).to_owned()
    }

    /// The others, in small letters, which is how names are compared.
    fn aliases(&self, name: &str) -> BTreeSet<String> {
        let aliases = self.exact.iter().chain(&self.patterns).map(|alias| alias.to_ascii_lowercase());
        aliases.filter(|alias| !alias.eq_ignore_ascii_case(name)).collect()
    }
}

fn price_lists(model: &Model, provider: &GenaiProvider, report: &mut Report) -> Result<Vec<PriceList>> {
    let conditional: Vec<(Option<&Constraint>, &Figures)> = match &model.prices {
        Prices::Always(figures) => vec![(None, figures)],
        Prices::Conditional(prices) => {
            prices.iter().map(|one| (one.constraint.as_ref(), &one.prices)).collect()
        }
    };
    let has_begun = |constraint: Option<&Constraint>| match constraint {
        None => true,
        Some(Constraint::From { start_date }) => start_date.as_str() <= GENAI_PRICES.published,
        Some(Constraint::Daily { .. }) => false,
    };
    // What holds from a day that has passed hides all that stands before it.
    let first = conditional.iter().rposition(|(constraint, _)| has_begun(*constraint)).unwrap_or(0);
    let lists = conditional.iter().skip(first).map(|(constraint, figures)| {
        let mut list = PriceList::default();
        match constraint {
            Some(Constraint::From { start_date }) if !has_begun(*constraint) => {
                list.from = Some(start_date.clone());
            }
            Some(Constraint::Daily { start_time, end_time }) => {
                list.daily = Some(format!("{start_time}-{end_time}"));
            }
            _ => {}
        }
        let day = list.from.as_deref().unwrap_or(GENAI_PRICES.published);
        list.cards = cards(figures, &variants_on(day, model, report), provider, report)?;
        Ok(list)
    });
    lists.collect()
}

/// The figures that lie over the standard ones on a day, by tier. Of two that name the same figure the first one counts.
fn variants_on<'m>(
    day: &str,
    model: &'m Model,
    report: &mut Report,
) -> BTreeMap<Tier, BTreeMap<&'m str, &'m Figure>> {
    let mut by_tier: BTreeMap<Tier, BTreeMap<&str, &Figure>> = BTreeMap::new();
    for variant in &model.price_variants {
        let Some(tier) = tier(&variant.when) else {
            report.unread(GENAI_PRICES.name, &format!("variant {:?}", variant.when));
            continue;
        };
        if matches!(&variant.constraint, Some(Constraint::From { start_date }) if start_date.as_str() > day) {
            continue;
        }
        let own = by_tier.entry(tier).or_default();
        for (key, figure) in &variant.prices {
            own.entry(key).or_insert(figure);
        }
    }
    by_tier.remove(&Tier::Standard);
    by_tier
}

/// The standard card, and each tier's: its own figures over the standard ones.
fn cards(
    standard: &Figures,
    variants: &BTreeMap<Tier, BTreeMap<&str, &Figure>>,
    provider: &GenaiProvider,
    report: &mut Report,
) -> Result<BTreeMap<Tier, Card>> {
    let standard: BTreeMap<&str, &Figure> =
        standard.iter().map(|(key, figure)| (key.as_str(), figure)).collect();
    let mut cards = BTreeMap::from([(Tier::Standard, card(&standard, provider, report)?)]);
    for (tier, own) in variants {
        let mut figures = standard.clone();
        figures.extend(own);
        cards.insert(*tier, card(&figures, provider, report)?);
    }
    Ok(cards)
}

fn tier(when: &BTreeMap<String, String>) -> Option<Tier> {
    let [(key, value)] = when.iter().collect::<Vec<_>>()[..] else { return None };
    match (key.as_str(), value.as_str()) {
        ("service_tier", "default") => Some(Tier::Standard),
        ("processing", "batch") => Some(Tier::Batch),
        ("service_tier", "flex") => Some(Tier::Flex),
        ("service_tier", "priority") => Some(Tier::Priority),
        ("service_tier" | "speed", "fast") => Some(Tier::Fast),
        _ => None,
    }
}

fn card(figures: &BTreeMap<&str, &Figure>, provider: &GenaiProvider, report: &mut Report) -> Result<Card> {
    let mut known: Vec<(Component, &Figure)> = Vec::new();
    for (key, figure) in figures {
        match component(key) {
            Some(component) => known.push((component, figure)),
            None => report.unread(GENAI_PRICES.name, key),
        }
    }
    let price = |price: Decimal| Some(price.without_noise().in_pico_dollars());
    let base = known.iter().map(|(component, figure)| (*component, price(figure.base()))).collect();
    let mut card = Card { base, ..Card::default() };
    let thresholds: BTreeSet<u64> = known
        .iter()
        .flat_map(|(_, figure)| figure.steps())
        .map(|step| step.start.parse())
        .collect::<Result<_, _>>()?;
    for threshold in thresholds {
        let rates = known.iter().map(|(component, figure)| Ok((*component, price(figure.above(threshold)?))));
        card.above.insert(threshold, rates.collect::<Result<Rates>>()?);
    }
    // Perplexity charges a request by how much was searched for it; the figure is the highest of three.
    let varies = provider.provider == "perplexity" && card.base.contains_key(&Component::Request);
    let has_more = figures.contains_key("output_citation_mtok");
    if varies || has_more {
        for rates in card.all_rates_mut() {
            rates.insert(Component::Request, None);
        }
    }
    Ok(card)
}

impl Figure {
    fn base(&self) -> Decimal {
        match self {
            Self::Flat(price) | Self::ByLength { base: price, .. } => *price,
        }
    }

    fn steps(&self) -> &[Step] {
        match self {
            Self::Flat(_) => &[],
            Self::ByLength { tiers, .. } => tiers,
        }
    }

    /// The price of requests with more input tokens than this.
    fn above(&self, threshold: u64) -> Result<Decimal> {
        let mut price = self.base();
        let mut before = 0;
        for step in self.steps() {
            let start: u64 = step.start.parse()?;
            ensure!(start >= before, "the steps of a price do not rise");
            before = start;
            if start <= threshold {
                price = step.price;
            }
        }
        Ok(price)
    }
}

/// What a figure is the price of; `None` for what the catalogue has no word for.
fn component(key: &str) -> Option<Component> {
    Some(match key {
        "input_mtok" => Component::Input,
        "cache_read_mtok" => Component::CachedInput,
        "cache_write_mtok" => Component::CacheWrite,
        "cache_write_1h_mtok" => Component::CacheWrite1h,
        "output_mtok" => Component::Output,
        "output_reasoning_mtok" => Component::Reasoning,
        "input_audio_mtok" => Component::InputAudio,
        "cache_audio_read_mtok" => Component::CachedInputAudio,
        "output_audio_mtok" => Component::OutputAudio,
        "input_image_mtok" => Component::InputImage,
        "cache_image_read_mtok" => Component::CachedInputImage,
        "output_image_mtok" => Component::OutputImage,
        "audio_hours" | "input_audio_hours" => Component::Audio,
        "input_mchars" => Component::Character,
        "web_searches_kcount" | "rerank_searches_kcount" => Component::Search,
        "requests_kcount" => Component::Request,
        _ => return None,
    })
}

/// What a model is for, as far as its prices and its name say.
fn kind(entry: &Entry) -> Option<&'static str> {
    let has = |component| entry.usual_rates().is_some_and(|rates| rates.contains_key(&component));
    let named = |part| entry.name.to_ascii_lowercase().contains(part);
    let kinds = [
        ("speech", has(Component::Character) || named("tts")),
        ("transcription", has(Component::Audio) && !has(Component::Output)),
        ("embedding", named("embed") && !has(Component::Output)),
        ("image", has(Component::OutputImage)),
        ("moderation", named("moderation")),
        ("ocr", named("ocr")),
    ];
    kinds.into_iter().find(|(_, is)| *is).map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests;
