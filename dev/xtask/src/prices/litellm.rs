//! From LiteLLM's price list to entries of the catalogue. It is one flat object per model; prices are for one token or one
//! second, with the tier and the threshold in the name of the member.

mod figure;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Map, Value as Json};

use self::figure::Figure;
use super::decimal::Decimal;
use super::entry::{Card, Component, Deprecation, Entry, PriceList, Rates, Tier};
use super::provider::LITELLM as PROVIDERS;
use super::release::LITELLM;
use super::report::Report;

/// A model of the list, by the name of its member.
type Model = Map<String, Json>;

/// The member with the price of a search of the web.
const SEARCHES: &str = "search_context_cost_per_query";

/// Modes that are no models.
const NO_MODELS: [&str; 6] = ["search", "vector_store", "guardrail", "extraction", "evaluation", "decisions"];

/// The entries of every provider that we know, and other names for them.
pub(super) fn entries(list: &BTreeMap<String, Model>, report: &mut Report) -> Result<Vec<Entry>> {
    let mut entries: BTreeMap<(&'static str, String), Entry> = BTreeMap::new();
    for (key, model) in list {
        let id = text(model, "litellm_provider").unwrap_or_default();
        let Some((provider, name)) = our_name(id, key) else {
            report.left_out(LITELLM.name, id, 1);
            continue;
        };
        if is_no_model(name, provider, model) {
            report.left_out(LITELLM.name, &format!("{id}: sizes, regions, tools"), 1);
            continue;
        }
        let entry =
            entry(provider, name, model, report).with_context(|| format!("`{key}` of {}", LITELLM.name))?;
        // The same model under two ids, such as with and without the provider's name: the first is as good.
        entries.entry((provider, name.to_owned())).or_insert(entry);
    }
    add_aliases(list, &mut entries);
    Ok(entries.into_values().collect())
}

/// Our provider, and the model's name there.
fn our_name<'k>(id: &str, key: &'k str) -> Option<(&'static str, &'k str)> {
    let known = PROVIDERS.iter().find(|known| known.id == id)?;
    Some((known.provider, key.strip_prefix(known.prefix).unwrap_or(key)))
}

/// Members for a size of an image, a region, a commitment or a bucket of sizes stand beside the models, and so do tools.
fn is_no_model(name: &str, provider: &str, model: &Model) -> bool {
    let in_folder = matches!(provider, "azure-openai" | "azure-foundry" | "bedrock" | "deepgram" | "openai");
    let bucket = name.starts_with("fireworks-ai-") || name.starts_with("together-ai-");
    let mode = text(model, "mode").unwrap_or_default();
    let is_tool =
        NO_MODELS.contains(&mode) || (mode.is_empty() && !model.contains_key("input_cost_per_character"));
    name.contains("-x-") || bucket || (in_folder && name.contains('/')) || is_tool
}

/// `alias_of` leads from one member to another of the same provider.
fn add_aliases(list: &BTreeMap<String, Model>, entries: &mut BTreeMap<(&'static str, String), Entry>) {
    for (key, model) in list {
        let Some(target) = text(model, "alias_of") else { continue };
        let Some(id) = list.get(target).and_then(|target| text(target, "litellm_provider")) else { continue };
        let (Some((provider, alias)), Some((_, name))) = (our_name(id, key), our_name(id, target)) else {
            continue;
        };
        if let Some(entry) = entries.get_mut(&(provider, name.to_owned())) {
            entry.aliases.insert(alias.to_ascii_lowercase());
        }
    }
}

fn entry(provider: &'static str, name: &str, model: &Model, report: &mut Report) -> Result<Entry> {
    let whole = |key: &str| {
        text(model, key).and_then(|number| number.parse::<Decimal>().ok()?.to_string().parse().ok())
    };
    let kind = kind(model);
    let mut entry = Entry {
        provider,
        name: name.to_owned(),
        kind: Some(kind),
        context_tokens: whole("max_input_tokens").filter(|tokens| *tokens > 0),
        output_tokens: whole("max_output_tokens").filter(|tokens| *tokens > 0 && kind != "embedding"),
        input: input(model, kind),
        output: output(model, kind),
        capabilities: Some(capabilities(model, kind)),
        deprecated: text(model, "deprecation_date").map(|date| Deprecation::On(date.to_owned())),
        source: text(model, "source").filter(|source| source.starts_with("https://")).map(str::to_owned),
        ..Entry::default()
    };
    if name.starts_with("ft:") {
        entry.aliases.insert(format!("{}:*", name.to_ascii_lowercase()));
    }
    entry.prices = price_lists(provider, kind, model, report)?;
    settle(&mut entry);
    entry.drop_empty();
    Ok(entry)
}

fn price_lists(provider: &str, kind: &str, model: &Model, report: &mut Report) -> Result<Vec<PriceList>> {
    let mut figures = Vec::new();
    for (key, value) in model.iter().filter(|(key, _)| key.contains("cost")) {
        match Figure::read(key, value, kind)? {
            Some(figure) => figures.push(figure),
            None if key == SEARCHES => figures.extend(search(provider, value)?),
            None => report.unread(LITELLM.name, key),
        }
    }
    figures.extend(audio_length(kind, model)?);
    let mut list = PriceList { cards: cards(&figures), ..PriceList::default() };
    if let Some(steps) = model.get("tiered_pricing").and_then(Json::as_array) {
        list.cards.insert(Tier::Standard, figure::steps(steps, kind)?);
    }
    let mut lists = vec![list];
    if let Some(off_peak) = model.get("off_peak_pricing").and_then(Json::as_object) {
        lists.extend(off_peak_lists(&lists, off_peak, kind)?);
    }
    Ok(lists)
}

/// The cards of each tier and length that a figure is for. Beside the figures of a tier or a length, what is not counted in
/// tokens is charged as ever; tokens that have no figure there have no price there.
fn cards(figures: &[Figure]) -> BTreeMap<Tier, Card> {
    let mut cards: BTreeMap<Tier, Card> = BTreeMap::new();
    for figure in figures {
        let card = cards.entry(figure.tier).or_default();
        let rates = match figure.above {
            None => &mut card.base,
            Some(threshold) => card.above.entry(threshold).or_default(),
        };
        rates.entry(figure.component).or_insert(figure.price);
    }
    let standard = cards.get(&Tier::Standard).map(|card| card.base.clone()).unwrap_or_default();
    let pieces: Rates = standard.into_iter().filter(|(component, _)| !component.is_token()).collect();
    for rates in cards.values_mut().flat_map(Card::all_rates_mut) {
        for (component, price) in &pieces {
            rates.entry(*component).or_insert(*price);
        }
    }
    cards
}

/// The lists of the hours in which everything costs less.
fn off_peak_lists(peak: &[PriceList], off_peak: &Map<String, Json>, kind: &str) -> Result<Vec<PriceList>> {
    let usual = peak.first().and_then(|list| list.cards.get(&Tier::Standard));
    let mut card = usual.cloned().unwrap_or_default();
    for (key, value) in off_peak.iter().filter(|(key, _)| key.contains("cost")) {
        if let Some(figure) = Figure::read(key, value, kind)? {
            card.base.insert(figure.component, figure.price);
        }
    }
    let windows = off_peak.get("windows").and_then(Json::as_array).into_iter().flatten();
    let lists = windows.flat_map(|window| {
        let hours = match window.get("hours_utc") {
            Some(Json::Array(hours)) => hours.iter().filter_map(Json::as_str).collect(),
            Some(Json::String(hours)) => vec![hours.as_str()],
            _ => Vec::new(),
        };
        let days = weekdays(window.get("weekdays"));
        let card = &card;
        hours.into_iter().map(move |hours| PriceList {
            daily: Some(hours.to_owned()).filter(|hours| hours != "00:00-00:00"),
            weekdays: days.clone(),
            cards: BTreeMap::from([(Tier::Standard, card.clone())]),
            ..PriceList::default()
        })
    });
    Ok(lists.collect())
}

/// Days are counted from Monday, which is 1, and follow each other.
fn weekdays(days: Option<&Json>) -> Option<String> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let name = |day: &Json| NAMES.get(day.as_str()?.parse::<usize>().ok()?.checked_sub(1)?).copied();
    let days = days?.as_array()?;
    Some(format!("{}-{}", name(days.first()?)?, name(days.last()?)?))
}

/// Audio by its length, where that is how the model is charged: the price of an hour from that of a second, or better from
/// the figure that was published.
fn audio_length(kind: &str, model: &Model) -> Result<Option<Figure>> {
    let charges_tokens = ["input_cost_per_token", "output_cost_per_token"].iter().any(|key| {
        text(model, key).is_some_and(|price| price.parse::<Decimal>().is_ok_and(|price| !price.is_zero()))
    });
    if kind != "transcription" || charges_tokens {
        return Ok(None);
    }
    let published = |key: &str| model.get("metadata").and_then(|metadata| metadata.get(key)?.as_str());
    let per_hour = if let Some(minute) = published("original_pricing_per_minute") {
        minute.parse::<Decimal>()?.times(60)
    } else if let Some(hour) = published("original_pricing_per_hour") {
        hour.parse()?
    } else if let Some(second) = text(model, "input_cost_per_second") {
        second.parse::<Decimal>()?.per_hour()
    } else {
        return Ok(None);
    };
    Ok(Some(Figure::standard(Component::Audio, Some(per_hour))))
}

/// What a search costs: one figure, or three by how much is searched, which are then no figure.
fn search(provider: &str, by_size: &Json) -> Result<Option<Figure>> {
    let sizes = by_size.as_object().into_iter().flat_map(Map::values).filter_map(Json::as_str);
    let price = match sizes.collect::<BTreeSet<&str>>().into_iter().collect::<Vec<_>>()[..] {
        [] => return Ok(None),
        [price] => Some(price.parse::<Decimal>()?.times(1_000)),
        _ => None,
    };
    // Perplexity searches for every request.
    let component = if provider == "perplexity" { Component::Request } else { Component::Search };
    Ok(Some(Figure::standard(component, price)))
}

/// Takes out what says nothing: figures of 0 that stand for "not known", for what the model does not have, or beside a
/// figure for the same thing.
fn settle(entry: &mut Entry) {
    let is_free = entry.name.ends_with(":free");
    let known = |rates: &Rates| rates.values().any(|price| price.is_none_or(|price| !price.is_zero()));
    for card in entry.prices.iter_mut().flat_map(|list| list.cards.values_mut()) {
        let by_piece = !matches!(entry.kind, Some("chat" | "completion" | "realtime"));
        for rates in card.all_rates_mut() {
            if !is_free && !known(rates) {
                rates.clear();
            }
            let nothing = |price: &Option<Decimal>| *price == Some(Decimal::ZERO);
            rates.retain(|component, price| {
                let other = !matches!(component, Component::Input | Component::Output);
                !(nothing(price) && (other || (by_piece && *component == Component::Output)))
            });
            // An image costs its tokens; the figure for a whole one is the same again.
            let by_token = rates.contains_key(&Component::OutputImage)
                || rates.get(&Component::Output).is_some_and(|price| !nothing(price));
            if by_token {
                rates.remove(&Component::Image);
            }
        }
        // A price that only long prompts have is a slip.
        card.above
            .values_mut()
            .for_each(|rates| rates.retain(|component, _| card.base.contains_key(component)));
        card.above.retain(|_, rates| !rates.is_empty());
    }
}

fn kind(model: &Model) -> &'static str {
    match text(model, "mode").unwrap_or_default() {
        "completion" => "completion",
        "embedding" => "embedding",
        "image_generation" | "image_edit" => "image",
        "audio_transcription" => "transcription",
        "audio_speech" => "speech",
        "rerank" => "rerank",
        "moderation" => "moderation",
        "realtime" => "realtime",
        "video_generation" => "video",
        "ocr" => "ocr",
        "" if model.contains_key("input_cost_per_character") => "speech",
        _ => "chat",
    }
}

fn input(model: &Model, kind: &str) -> BTreeSet<&'static str> {
    let mut input = listed(model, "supported_modalities");
    input.insert(if kind == "transcription" { "audio" } else { "text" });
    for (key, modality) in [
        ("supports_vision", "image"),
        ("supports_image_input", "image"),
        ("supports_embedding_image_input", "image"),
        ("supports_audio_input", "audio"),
        ("supports_video_input", "video"),
        ("supports_pdf_input", "pdf"),
    ] {
        if is_true(model, key) {
            input.insert(modality);
        }
    }
    input
}

fn output(model: &Model, kind: &str) -> BTreeSet<&'static str> {
    let mut output = listed(model, "supported_output_modalities");
    match kind {
        "image" | "video" | "speech" if output.is_empty() => {
            output.insert(if kind == "speech" { "audio" } else { kind_modality(kind) });
        }
        "chat" | "completion" | "transcription" | "ocr" | "realtime" if output.is_empty() => {
            output.insert("text");
        }
        _ => {}
    }
    if is_true(model, "supports_audio_output") {
        output.insert("audio");
    }
    output
}

fn kind_modality(kind: &str) -> &'static str {
    if kind == "video" { "video" } else { "image" }
}

fn listed(model: &Model, key: &str) -> BTreeSet<&'static str> {
    let words = model.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    words
        .filter_map(|word| {
            ["text", "image", "audio", "video", "pdf"].into_iter().find(|known| *known == word)
        })
        .collect()
}

fn capabilities(model: &Model, kind: &str) -> BTreeSet<&'static str> {
    let flags = [
        ("supports_function_calling", "tools"),
        ("supports_response_schema", "json_schema"),
        ("supports_reasoning", "reasoning"),
        ("supports_prompt_caching", "prompt_caching"),
        ("supports_web_search", "web_search"),
        ("supports_computer_use", "computer_use"),
    ];
    let mut capabilities: BTreeSet<&'static str> =
        flags.into_iter().filter(|(key, _)| is_true(model, key)).map(|(_, word)| word).collect();
    let refuses = model.get("supports_native_streaming") == Some(&Json::Bool(false));
    if matches!(kind, "chat" | "completion") && !refuses {
        capabilities.insert("streaming");
    }
    capabilities
}

fn is_true(model: &Model, key: &str) -> bool {
    model.get(key) == Some(&Json::Bool(true))
}

fn text<'m>(model: &'m Model, key: &str) -> Option<&'m str> {
    model.get(key).and_then(Json::as_str)
}

#[cfg(test)]
mod tests;
