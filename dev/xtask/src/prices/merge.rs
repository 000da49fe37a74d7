//! Two sources become one catalogue. genai-prices was checked by hand, so its prices count; LiteLLM knows more names,
//! limits and abilities, and fills in prices where both agree on what both have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::decimal::Decimal;
use super::entry::{Card, Component, Deprecation, Entry, PriceList, Rates, Tier};
use super::report::Report;

/// The entries of a catalogue, by provider and name.
pub(super) fn merge(checked: Vec<Entry>, wide: Vec<Entry>, report: &mut Report) -> Vec<Entry> {
    let mut wide_of: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    for entry in wide {
        wide_of.entry(entry.provider).or_default().push(entry);
    }
    let mut checked_of: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    for entry in checked {
        checked_of.entry(entry.provider).or_default().push(entry);
    }
    let providers: BTreeSet<&str> = wide_of.keys().chain(checked_of.keys()).copied().collect();
    let mut merged: Vec<Entry> = providers
        .into_iter()
        .flat_map(|provider| {
            let checked = checked_of.remove(provider).unwrap_or_default();
            let wide = wide_of.remove(provider).unwrap_or_default();
            merge_provider(checked, wide, report)
        })
        .collect();
    merged.sort_by(|one, other| (one.provider, &one.name).cmp(&(other.provider, &other.name)));
    merged
}

fn merge_provider(mut checked: Vec<Entry>, wide: Vec<Entry>, report: &mut Report) -> Vec<Entry> {
    // A name that has an entry of its own, or leads to one, is no other name of another entry.
    let names: BTreeSet<String> = wide
        .iter()
        .flat_map(|entry| {
            std::iter::once(entry.name.to_ascii_lowercase()).chain(entry.aliases.iter().cloned())
        })
        .collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut used_as: BTreeMap<usize, Entry> = BTreeMap::new();
    let mut is_same: BTreeSet<usize> = BTreeSet::new();
    for entry in wide {
        let found = find(&checked, &entry.name);
        let Some((found, source)) = found.and_then(|found| Some((found, checked.get(found.at)?))) else {
            entries.push(entry);
            continue;
        };
        if source.name.eq_ignore_ascii_case(&entry.name) {
            is_same.insert(found.at);
        }
        used_as.entry(found.at).or_insert_with(|| entry.clone());
        let own = entry.aliases.clone();
        let mut entry = combine(source, entry, found.surely, report);
        entry.aliases.retain(|alias| !names.contains(alias) || own.contains(alias));
        entries.push(entry);
    }
    for entry in &mut checked {
        entry.aliases.retain(|alias| !names.contains(alias));
    }
    for (at, mut entry) in checked.drain(..).enumerate().filter(|(at, _)| !is_same.contains(at)) {
        if let Some(wide) = used_as.get(&at) {
            describe(&mut entry, wide);
        }
        entries.push(entry);
    }
    entries
}

/// A wide entry with the prices that were checked. Where the sources differ, the checked one counts, unless it only has a
/// pattern that the name also fits; where they differ by more than half, one of them is wrong, and nothing says which.
fn combine(checked: &Entry, wide: Entry, surely: bool, report: &mut Report) -> Entry {
    let is_same = checked.name.eq_ignore_ascii_case(&wide.name);
    let mut entry = Entry { name: wide.name.clone(), ..checked.clone() };
    if !is_same {
        entry.aliases.clear();
        entry.title = None;
    }
    entry.aliases.extend(wide.aliases.iter().cloned());
    entry.deprecated = wide.deprecated.clone().or_else(|| checked.deprecated.clone());
    describe(&mut entry, &wide);
    if checked.prices.is_empty() {
        entry.prices = wide.prices;
        return entry;
    }
    if has_same_figures(checked, &wide) {
        // At times that one of them knows more exactly.
        entry.prices = wide.prices;
        return entry;
    }
    match agreement(checked, &wide) {
        Agreement::Same => fill_in(&mut entry, &wide),
        Agreement::Different(_) if !surely => entry.prices = wide.prices,
        Agreement::Different(difference) => {
            let fate = if difference.is_large() { "left without prices" } else { "the first counts" };
            report.disagreement(format!("{}/{}: {difference}, {fate}", wide.provider, wide.name));
            if difference.is_large() {
                entry.prices.clear();
            }
        }
        Agreement::Nothing => {}
    }
    entry
}

/// What a model takes, gives and can do.
fn describe(entry: &mut Entry, wide: &Entry) {
    entry.kind = entry.kind.or(wide.kind);
    entry.context_tokens = entry.context_tokens.or(wide.context_tokens);
    entry.output_tokens = wide.output_tokens.or(entry.output_tokens);
    entry.input.clone_from(&wide.input);
    entry.output.clone_from(&wide.output);
    entry.capabilities.clone_from(&wide.capabilities);
    entry.source = wide.source.clone().or_else(|| entry.source.clone());
    if entry.deprecated.is_none() && matches!(wide.deprecated, Some(Deprecation::Undated(_))) {
        entry.deprecated.clone_from(&wide.deprecated);
    }
}

enum Agreement {
    /// They have a price for the same thing, and it is the same.
    Same,
    /// They have different prices for the same thing.
    Different(Difference),
    /// They have no price for the same thing.
    Nothing,
}

/// A price that one source has otherwise than the other.
struct Difference {
    component: Component,
    checked: Decimal,
    wide: Decimal,
}

impl Difference {
    /// Whether the higher figure is more than half above the lower one.
    fn is_large(&self) -> bool {
        let (low, high) = (self.checked.min(self.wide), self.checked.max(self.wide));
        high.times(2) > low.times(3)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {} or {}", self.component, self.checked, self.wide)
    }
}

/// Whether the sources agree on what most requests pay.
fn agreement(checked: &Entry, wide: &Entry) -> Agreement {
    let (Some(one), Some(other)) = (checked.usual_rates(), wide.usual_rates()) else {
        return Agreement::Nothing;
    };
    let mut agreement = Agreement::Nothing;
    for component in [Component::Input, Component::Output, Component::Audio, Component::Character] {
        match (one.get(&component), other.get(&component)) {
            (Some(one), Some(other)) if one == other => agreement = Agreement::Same,
            (Some(Some(checked)), Some(Some(wide))) => {
                return Agreement::Different(Difference { component, checked: *checked, wide: *wide });
            }
            _ => {}
        }
    }
    agreement
}

/// Puts prices that only the wide source has into each card of the checked one, and cards of tiers that only it has.
fn fill_in(entry: &mut Entry, wide: &Entry) {
    let Some(wide_cards) = wide.prices.first().map(|list| &list.cards) else { return };
    let alone = entry.prices.len() == 1;
    for list in &mut entry.prices {
        for (tier, wide_card) in wide_cards {
            match list.cards.get_mut(tier) {
                Some(card) => fill_in_card(card, wide_card),
                None if alone => {
                    list.cards.insert(*tier, wide_card.clone());
                }
                None => {}
            }
        }
    }
}

fn fill_in_card(card: &mut Card, wide: &Card) {
    let missing = |rates: &mut Rates, wide: &Rates| {
        // What is charged by the token is not charged by the piece as well.
        let by_token = rates.contains_key(&Component::Output);
        for (component, price) in wide {
            if component.is_token() || !by_token || *component == Component::Search {
                rates.entry(*component).or_insert(*price);
            }
        }
    };
    missing(&mut card.base, &wide.base);
    for (threshold, rates) in &mut card.above {
        if let Some(wide) = wide.above.get(threshold) {
            missing(rates, wide);
        }
    }
}

/// Whether both have the same figures in their several lists.
fn has_same_figures(checked: &Entry, wide: &Entry) -> bool {
    const COMPARED: [Component; 3] = [Component::Input, Component::CachedInput, Component::Output];
    let figures = |lists: &[PriceList]| -> BTreeSet<Vec<Option<Decimal>>> {
        let standard = lists.iter().filter_map(|list| list.cards.get(&Tier::Standard));
        let prices =
            |card: &Card| COMPARED.map(|component| card.base.get(&component).copied().flatten()).to_vec();
        standard.map(prices).collect()
    };
    checked.prices.len() > 1 && wide.prices.len() > 1 && figures(&checked.prices) == figures(&wide.prices)
}

/// An entry that a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Its place.
    pub(super) at: usize,
    /// Whether its names say so, or the beginning of one, and not merely a part.
    pub(super) surely: bool,
}

/// The entry that a name belongs to: its own or another name, that of a version without its date, or the longest pattern
/// that fits. The catalogue's own rules are these (`crates/providers/src/catalog/names.rs`).
pub(super) fn find(entries: &[Entry], name: &str) -> Option<Found> {
    let name = name.to_ascii_lowercase();
    let called = |wanted: &str| {
        let is_wanted = |text: &str| text.eq_ignore_ascii_case(wanted);
        entries
            .iter()
            .position(|entry| is_wanted(&entry.name))
            .or_else(|| entries.iter().position(|entry| entry.aliases.iter().any(|alias| is_wanted(alias))))
    };
    let fits = || {
        let patterns = entries.iter().enumerate().flat_map(|(at, entry)| {
            entry.aliases.iter().filter(|alias| alias.contains('*')).map(move |pattern| (at, pattern))
        });
        let fitting = patterns.filter(|(_, pattern)| matches(&pattern.to_ascii_lowercase(), &name));
        let best = fitting.max_by_key(|(_, pattern)| pattern.len());
        best.map(|(at, pattern)| Found { at, surely: !pattern.starts_with('*') })
    };
    let named = called(&name).or_else(|| called(without_version(&name)?));
    named.map(|at| Found { at, surely: true }).or_else(fits)
}

/// A name without the date or version at its end: `-20250929`, `-2025-09-29`, `@20250929`.
fn without_version(name: &str) -> Option<&str> {
    if let Some((name, _)) = name.split_once('@').filter(|(name, _)| !name.is_empty()) {
        return Some(name);
    }
    let is_date = |text: &str| {
        let digits: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = digits.iter().map(|part| part.len()).collect();
        digits.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            && (lengths == [8] || lengths == [4, 2, 2])
    };
    [9, 11].into_iter().find_map(|length| {
        let (name, end) = name.split_at_checked(name.len().checked_sub(length)?)?;
        is_date(end.strip_prefix('-')?).then_some(name)
    })
}

/// Whether a text is a pattern's, in which `*` stands for any run of characters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((beginning, rest)) => {
            let Some(text) = text.strip_prefix(beginning) else { return false };
            (0..=text.len()).any(|from| text.get(from..).is_some_and(|text| matches(rest, text)))
        }
    }
}

#[cfg(test)]
mod tests;
