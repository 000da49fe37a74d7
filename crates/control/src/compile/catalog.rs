//! Which catalogue counts: the operator's own or the built-in one, with the operator's figures over it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use domain::Pattern;
use domain::catalog::{Capability, Modality};
use domain::ports::catalog::Catalog;
use domain::price::Tier;
use engine::route::ProviderDirectory;
use engine::route::near::suggestion;
use providers::catalog::{
    BuiltInCatalog, CATALOG_BYTES_MAX, Catalog as CatalogFile, OverriddenCatalog, Override, PriceOverride,
    SameAs,
};

use super::directory::Directory;
use super::{Problems, Surroundings};
use crate::file::{ConfigFile, OverrideSection, PricesSection, TierPrices};
use crate::path::Path;

/// The catalogue's name in the configuration's folder, where the configuration names none.
const CATALOG_FILE: &str = "catalog.jsonl";

/// A catalogue, and the file to be watched because it is there or may come to be there.
pub(super) struct Chosen {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) file: PathBuf,
    pub(super) warnings: Vec<String>,
}

pub(super) fn compile(
    config: &ConfigFile,
    surroundings: &Surroundings<'_>,
    directory: &Directory,
    problems: &mut Problems,
) -> Chosen {
    let section = &config.catalog;
    let path = Path::root().key("catalog");
    let file = surroundings.folder.join(section.file.as_deref().unwrap_or(CATALOG_FILE));
    let mut warnings = Vec::new();
    let own = match surroundings.environment.file(&file, CATALOG_BYTES_MAX) {
        Ok(text) => CatalogFile::read(text.as_bytes()).map(Some).map_err(|problem| problem.to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound && section.file.is_none() => Ok(None),
        Err(error) => Err(format!("it cannot be read: {error}")),
    };
    let own = own.unwrap_or_else(|problem| {
        problems.push((path.key("file"), format!("the catalogue {} is wrong: {problem}", file.display())));
        None
    });
    warnings.extend(own.as_ref().and_then(|own| older(own, &file)));
    check_listed_as(config, own.as_ref(), problems);
    let base: Arc<dyn Catalog> = match own {
        Some(own) => Arc::new(own),
        None => Arc::new(BuiltInCatalog),
    };
    let overrides = section.overrides.iter().enumerate().map(|(index, section)| {
        compile_override(section, directory, &path.key("overrides").index(index), problems)
    });
    let overrides: Vec<Override> = overrides.collect();
    let listed_as = directory.listed_as().clone();
    let catalog = Arc::new(OverriddenCatalog::new(base, listed_as, overrides));
    Chosen { catalog, file, warnings }
}

/// A new version of Tollgate may bring a newer catalogue than the one that was put in its place.
fn older(own: &CatalogFile, file: &std::path::Path) -> Option<String> {
    let built_in = &BuiltInCatalog.get()?.header().date;
    let date = &own.header().date;
    (date < built_in).then(|| {
        let file = file.display();
        format!("the catalogue {file} is of {date} and the built-in one of {built_in}; remove the file to use that")
    })
}

/// Providers that are said to be in the catalogue under a name that it does not have.
fn check_listed_as(config: &ConfigFile, own: Option<&CatalogFile>, problems: &mut Problems) {
    let named =
        config.providers.iter().filter_map(|(name, provider)| Some((name, provider.catalog.as_ref()?)));
    for (name, listed_as) in named {
        let Some(catalog) = own.or_else(|| BuiltInCatalog.get()) else { return };
        if !catalog.providers().any(|provider| provider == listed_as) {
            let near = suggestion(listed_as, catalog.providers());
            let path = Path::root().key("providers").key(name).key("catalog");
            problems.push((path, format!("the catalogue has no provider `{listed_as}`{near}")));
        }
    }
}

fn compile_override(
    section: &OverrideSection,
    directory: &Directory,
    path: &Path,
    problems: &mut Problems,
) -> Override {
    let OverrideSection { provider, model, same_as, prices, .. } = section;
    if !provider.contains('*') {
        check_provider(provider, directory, &path.key("provider"), problems);
    }
    let compiled = Override {
        provider: Pattern::from(provider.as_str()),
        model: Pattern::from(model.as_deref().unwrap_or("*")),
        same_as: same_as.as_deref().map(|text| {
            let (provider, model) = text.split_once('/').map_or((text, None), |(one, two)| (one, Some(two)));
            SameAs { provider: provider.to_owned(), model: model.map(str::to_owned) }
        }),
        context_tokens: section.context_tokens,
        output_tokens: section.output_tokens,
        input: words(&section.input, (Modality::ALL, Modality::name), &path.key("input"), problems),
        output: words(&section.output, (Modality::ALL, Modality::name), &path.key("output"), problems),
        capabilities: words(
            &section.capabilities,
            (Capability::ALL, Capability::name),
            &path.key("capabilities"),
            problems,
        ),
        prices: prices
            .as_ref()
            .map(|prices| compile_prices(prices, &path.key("prices"), problems))
            .unwrap_or_default(),
    };
    if compiled.changes_nothing() {
        let nothing =
            "it changes nothing; give it `prices`, `same_as`, or what the models take, give and can do";
        problems.push((path.clone(), nothing.to_owned()));
    }
    compiled
}

/// A set of words that the catalogue knows.
fn words<T: Copy + Ord>(
    written: &Option<Vec<String>>,
    (known, name): (&[T], fn(T) -> &'static str),
    path: &Path,
    problems: &mut Problems,
) -> Option<BTreeSet<T>> {
    let words = written.as_ref()?.iter().enumerate().filter_map(|(index, word)| {
        let found = known.iter().copied().find(|known| name(*known) == word);
        if found.is_none() {
            let names: Vec<&str> = known.iter().copied().map(name).collect();
            let message = format!("`{word}` is none of {}", names.join(", "));
            problems.push((path.index(index), message));
        }
        found
    });
    Some(words.collect())
}

fn check_provider(name: &str, directory: &Directory, path: &Path, problems: &mut Problems) {
    if directory.live(name).is_some() || directory.absence(name).is_some() {
        return;
    }
    let names = directory.names();
    let near = suggestion(name, names.iter().map(String::as_str));
    problems.push((path.clone(), format!("no provider is called `{name}`{near}")));
}

fn compile_prices(section: &PricesSection, path: &Path, problems: &mut Problems) -> Vec<PriceOverride> {
    let tiers = [
        (Tier::Standard, &section.standard),
        (Tier::Batch, &section.batch),
        (Tier::Flex, &section.flex),
        (Tier::Priority, &section.priority),
        (Tier::Fast, &section.fast),
    ];
    let written = tiers.into_iter().filter_map(|(tier, prices)| Some((tier, prices.as_ref()?)));
    written.map(|(tier, prices)| compile_tier(tier, prices, &path.key(tier.name()), problems)).collect()
}

fn compile_tier(tier: Tier, section: &TierPrices, path: &Path, problems: &mut Problems) -> PriceOverride {
    let mut above = Vec::new();
    for (index, section) in section.above.iter().enumerate() {
        match section.input_tokens {
            Some(threshold) => above.push((threshold, section.rates())),
            None => {
                let path = path.key("above").index(index);
                problems.push((
                    path,
                    "`input_tokens` is missing: above how many are these the prices?".to_owned(),
                ));
            }
        }
    }
    PriceOverride { tier, rates: section.rates(), above }
}

#[cfg(test)]
mod tests;
