//! Models as a table for people.

use std::sync::Arc;

use domain::catalog::{Capability, Deprecation, Modality};
use domain::price::Component;
use domain::{CatalogModel, Money};

use super::filter::price;
use crate::commands::columns::columns;

const HEAD: [&str; 7] = ["MODEL", "CONTEXT", "OUTPUT", "IN $/1M", "OUT $/1M", "CACHED $/1M", ""];
const FIGURES: std::ops::Range<usize> = 1..6;

/// A line for each model under a heading, in columns. `unix_seconds` is the time of the prices.
pub(super) fn lines(models: &[&Arc<CatalogModel>], unix_seconds: i64) -> Vec<String> {
    if models.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<[String; 7]> = vec![HEAD.map(str::to_owned)];
    rows.extend(models.iter().map(|model| row(model, unix_seconds)));
    columns(&rows, &FIGURES)
}

fn row(model: &CatalogModel, unix_seconds: i64) -> [String; 7] {
    let price = |component| {
        let price = price(model, component, unix_seconds);
        price.as_ref().map_or_else(|| "-".to_owned(), Money::to_string)
    };
    [
        format!("{}/{}", model.provider, model.name),
        tokens(model.context_tokens),
        tokens(model.output_tokens),
        price(Component::Input),
        price(Component::Output),
        price(Component::CachedInput),
        remarks(model, unix_seconds),
    ]
}

/// `200k`, `1.05M`, `8192`.
fn tokens(count: Option<u64>) -> String {
    match count {
        None => "-".to_owned(),
        Some(count) if count >= 1_000_000 && count % 10_000 == 0 => {
            format!("{}M", Money::from_pico_usd(i128::from(count) * 1_000_000))
        }
        Some(count) if count >= 1_000 && count % 1_000 == 0 => format!("{}k", count / 1_000),
        Some(count) => count.to_string(),
    }
}

/// What it is for when that is not chat, what it charges for instead of tokens, what it takes besides text, what it can do,
/// and whether it ends.
fn remarks(model: &CatalogModel, unix_seconds: i64) -> String {
    let mut remarks: Vec<String> = Vec::new();
    if model.kind.name() != "chat" {
        remarks.push(model.kind.name().to_owned());
    }
    for component in [Component::Image, Component::Audio, Component::Character, Component::Search] {
        let price = price(model, component, unix_seconds).filter(|_| model.kind.name() != "chat");
        remarks.extend(price.map(|price| format!("${price}/{}", component.unit())));
    }
    let taken = [
        (Modality::Image, "vision"),
        (Modality::Audio, "audio"),
        (Modality::Video, "video"),
        (Modality::Pdf, "pdf"),
    ];
    remarks.extend(
        taken
            .iter()
            .filter(|(modality, _)| model.input.contains(modality))
            .map(|(_, word)| (*word).to_owned()),
    );
    let can = model.capabilities.iter().flatten().filter(|capability| **capability != Capability::Streaming);
    remarks.extend(can.map(|capability| capability.name().to_owned()));
    if model.prices.is_empty() {
        remarks.push("unpriced".to_owned());
    }
    match &model.deprecation {
        Some(Deprecation::On(day)) => remarks.push(format!("ends {day}")),
        Some(Deprecation::Undated) => remarks.push("deprecated".to_owned()),
        None => {}
    }
    remarks.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Arc, CatalogModel, Deprecation, lines, tokens};
    use domain::catalog::ModelKind;
    use domain::price::{Component, Price, PriceList, Tier};

    #[test]
    fn figures_stand_under_their_heading() {
        let mut list = PriceList::default();
        list.card_mut(Tier::Standard).base.set(Component::Input, Price::Of("0.02".parse().unwrap()));
        let mut priced = CatalogModel::named("openai".into(), "embed".into());
        priced.prices.lists.push(list);
        priced.kind = ModelKind::Embedding;
        priced.context_tokens = Some(8_192);
        priced.deprecation = Some(Deprecation::On("2031-01-01".to_owned()));
        let bare = CatalogModel::named("a".into(), "b".into());
        let mut heard = CatalogModel::named("a".into(), "ear".into());
        heard.kind = ModelKind::Transcription;
        let mut list = PriceList::default();
        list.card_mut(Tier::Standard).base.set(Component::Audio, Price::Of("0.36".parse().unwrap()));
        heard.prices.lists.push(list);
        let found = [Arc::new(priced), Arc::new(bare), Arc::new(heard)];
        let table = lines(&found.iter().collect::<Vec<_>>(), 0).join("\n");
        assert_eq!(
            table,
            "\
MODEL         CONTEXT  OUTPUT  IN $/1M  OUT $/1M  CACHED $/1M
openai/embed     8192       -     0.02         -            -  embedding ends 2031-01-01
a/b                 -       -        -         -            -  unpriced
a/ear               -       -        -         -            -  transcription $0.36/hour"
        );
        assert!(lines(&[], 0).is_empty());
    }

    #[test]
    fn round_numbers_of_tokens_are_short() {
        let written = [128_000, 1_000_000, 1_050_000, 1_048_576, 999, 4_096].map(|count| tokens(Some(count)));
        assert_eq!(written, ["128k", "1M", "1.05M", "1048576", "999", "4096"]);
    }
}
