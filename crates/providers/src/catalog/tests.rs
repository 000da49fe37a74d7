//! Laws of the catalogue that is built in, of its forms, and of what a name finds.

use std::io::Write;

use domain::ports::catalog::Catalog as _;
use domain::price::{Component, Price, Tier};
use proptest::prelude::*;

use super::{BUILT_IN, BuiltInCatalog, Catalog, CatalogProblem, Change, Packed, differences};

fn built_in() -> &'static Catalog {
    BuiltInCatalog.get().unwrap()
}

/// A catalogue of these lines with the header that counts them.
fn catalog(lines: &[&str]) -> Result<Catalog, CatalogProblem> {
    let header = format!(r#"{{"tollgate_catalog":1,"date":"2026-11-20","models":{}}}"#, lines.len());
    Catalog::read(format!("{header}\n{}\n", lines.join("\n")).as_bytes())
}

fn problem(lines: &[&str]) -> String {
    catalog(lines).unwrap_err().to_string()
}

/// The standard price of a short request today, as text.
fn price(catalog: &Catalog, provider: &str, model: &str, tier: Tier, component: Component) -> Option<String> {
    let model = catalog.find(provider, model)?;
    let price = model.prices.lists.first()?.card(tier)?.base.price(component)?;
    Some(price.amount().map_or_else(|| "varies".to_owned(), |amount| amount.to_string()))
}

#[test]
fn every_line_of_the_built_in_catalogue_can_be_read_and_its_sources_are_named() {
    let read = Catalog::read(BUILT_IN).unwrap();
    let header = read.header();
    assert!(header.models >= 1_600, "{}", header.models);
    assert!(!header.sources.is_empty());
    for source in &header.sources {
        assert!(source.licence.as_deref() == Some("MIT") && source.url.is_some(), "{source:?}");
        assert!(source.published <= header.date);
    }
}

#[test]
fn at_least_1600_models_of_the_built_in_catalogue_have_exact_prices() {
    let models = built_in().providers().flat_map(|provider| built_in().models(provider));
    let priced = models.filter(|model| {
        let lists = &model.prices.lists;
        let rates = lists.iter().flat_map(|list| list.cards()).map(|(_, card)| &card.base);
        rates.flat_map(|rates| rates.iter()).any(|(_, price)| matches!(price, Price::Of(_)))
    });
    assert!(priced.count() >= 1_600);
}

#[test]
fn providers_of_the_built_in_catalogue_have_names_that_routes_can_say() {
    for provider in built_in().providers() {
        assert!(domain::name::check_name(provider).is_ok(), "{provider}");
    }
    for provider in
        ["openai", "anthropic", "google", "bedrock", "vertex", "azure-openai", "mistral", "deepseek", "xai"]
    {
        assert!(built_in().providers().any(|known| known == provider), "{provider}");
    }
}

#[test]
fn nothing_is_unpacked_before_it_is_asked_for_and_then_one_provider() {
    let packed = Packed::of_static(BUILT_IN).unwrap();
    let catalog = Catalog { packed };
    assert_eq!(catalog.packed.unpacked_sections(), 0);
    catalog.find("openai", "gpt-4o").unwrap();
    catalog.find("openai", "gpt-5").unwrap();
    assert_eq!(catalog.packed.unpacked_sections(), 1);
    assert!(catalog.find("nobody", "gpt-4o").is_none());
    assert_eq!(catalog.packed.unpacked_sections(), 1);
}

#[test]
fn a_model_is_found_by_its_names_with_date_and_with_path() {
    for (provider, asked, found) in [
        ("openai", "gpt-4o", "gpt-4o"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("openai", "gpt-4o-2031-01-01", "gpt-4o"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::abc123", "ft:gpt-4o-2024-08-06"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
        ("anthropic", "claude-haiku-latest", "claude-haiku-5-5"),
        ("google", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("vertex", "publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("vertex", "claude-haiku-4-5@20251001", "claude-haiku-4-5@20251001"),
        (
            "bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "bedrock",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("openrouter", "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"),
        ("fireworks", "accounts/fireworks/models/deepseek-v3p2", "accounts/fireworks/models/deepseek-v3p2"),
        ("huggingface", "openai/gpt-oss-120b:groq", "openai/gpt-oss-120b:groq"),
        ("cloudflare", "@cf/meta/llama-3.1-8b-instruct", "@cf/meta/llama-3.1-8b-instruct"),
    ] {
        let model = built_in().find(provider, asked).map(|model| model.name.to_string());
        assert_eq!(model.as_deref(), Some(found), "{provider}/{asked}");
    }
    for (provider, unknown) in [
        ("openai", "gpt-4o:nitro"),
        ("openai", ""),
        ("openrouter", "anthropic/claude-sonnet-4.5:nitro"),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2"),
        ("huggingface", "openai/gpt-oss-120b"),
    ] {
        assert!(built_in().find(provider, unknown).is_none(), "{provider}/{unknown}");
    }
}

/// Figures that the vendors' pages had in November 2026; `crates/telemetry/src/cost/tests/families.rs` names the pages.
#[test]
fn the_built_in_catalogue_has_the_published_prices() {
    use Component::{
        Audio, CacheWrite, CacheWrite1h, CachedInput, Character, Image, Input, InputAudio, Output, Search,
    };
    for (provider, model, tier, component, expected) in [
        ("openai", "gpt-5", Tier::Standard, Input, "1.25"),
        ("openai", "gpt-5", Tier::Standard, CachedInput, "0.125"),
        ("openai", "gpt-5", Tier::Batch, Output, "5"),
        ("openai", "gpt-5", Tier::Flex, CachedInput, "0.0625"),
        ("openai", "gpt-5", Tier::Priority, Output, "20"),
        ("openai", "gpt-6-luna", Tier::Standard, CacheWrite, "0.125"),
        ("openai", "gpt-audio", Tier::Standard, InputAudio, "32"),
        ("openai", "whisper-1", Tier::Standard, Audio, "0.36"),
        ("openai", "tts-1", Tier::Standard, Character, "15"),
        ("openai", "text-embedding-3-small", Tier::Standard, Input, "0.02"),
        ("anthropic", "claude-opus-4-5", Tier::Standard, CacheWrite1h, "10"),
        ("anthropic", "claude-opus-4-5", Tier::Batch, CachedInput, "0.25"),
        ("google", "gemini-2.5-flash", Tier::Standard, InputAudio, "1"),
        ("google", "gemini-2.5-flash", Tier::Batch, CachedInput, "0.03"),
        ("cohere", "rerank-v3.5", Tier::Standard, Search, "2"),
        ("stability", "sd3.5-large", Tier::Standard, Image, "0.065"),
        ("deepgram", "nova-3", Tier::Standard, Audio, "0.258"),
        ("groq", "whisper-large-v3", Tier::Standard, Audio, "0.111"),
        ("perplexity", "sonar-pro", Tier::Standard, Component::Request, "varies"),
    ] {
        let found = price(built_in(), provider, model, tier, component);
        assert_eq!(found.as_deref(), Some(expected), "{provider}/{model} {tier:?} {component}");
    }
}

#[test]
fn long_prompts_have_cards_of_their_own() {
    for (provider, model, threshold, input) in [
        ("openai", "gpt-5.4", 272_000, "5"),
        ("google", "gemini-2.5-pro", 200_000, "2.5"),
        ("anthropic", "claude-haiku-5-5", 100_000, "0.5"),
        ("xai", "grok-4.7", 199_999, "4"),
    ] {
        let model = built_in().find(provider, model).unwrap();
        let card = model.prices.lists[0].card(Tier::Standard).unwrap();
        let price =
            |tokens| card.rates(tokens).price(Component::Input).unwrap().amount().unwrap().to_string();
        assert_eq!(price(threshold + 1), input, "{provider}");
        assert_ne!(price(threshold), input, "{provider}");
    }
}

#[test]
fn every_form_of_a_catalogue_is_the_same_text() {
    let text = built_in().lines();
    let from_text = Catalog::read(text.as_bytes()).unwrap();
    assert_eq!(from_text.lines(), text);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    let from_gzip = Catalog::read(&encoder.finish().unwrap()).unwrap();
    assert_eq!(from_gzip.lines(), text);
    assert!(differences(built_in(), &from_gzip).is_empty());
    assert_eq!(text.lines().count(), built_in().header().models + 1);
}

#[test]
fn what_is_no_catalogue_is_refused_with_its_line() {
    let model = r#"{"provider":"p","name":"m"}"#;
    assert!(catalog(&[model]).is_ok());
    assert!(problem(&[model, r#"{"provider":"p","name":"M"}"#]).contains("`p/M` is in it twice"));
    assert!(problem(&[model, r#"{"provider":"p"}"#]).starts_with("line 3: missing field `name`"));
    assert!(problem(&[r#"{"provider":"p","name":""}"#]).contains("the model has no name"));
    assert!(problem(&[r#"{"provider":"p","name":"m","prise":1}"#]).contains("unknown field `prise`"));
    let read = |bytes: &[u8]| Catalog::read(bytes).unwrap_err().to_string();
    assert!(read(b"").contains("its first line is no header"));
    assert!(read(br#"{"tollgate_catalog":9,"later":true}"#).contains("form 9"));
    assert!(
        read(br#"{"tollgate_catalog":1,"date":"2026-11-20","models":3}"#)
            .contains("says that it has 3 models and has 0")
    );
    assert!(read(&[0x1f, 0x8b, 8, 0]).contains("it is no catalogue"));
    assert!(read(&[0xff, 0xfe]).contains("it is no catalogue"));
}

#[test]
fn a_larger_catalogue_than_any_is_refused_before_it_fills_the_memory() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..=super::CATALOG_BYTES_MAX >> 20 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(matches!(Catalog::read(&bomb), Err(CatalogProblem::TooLarge)));
}

#[test]
fn differences_are_models_and_prices_and_a_jump_is_more_than_half() {
    let with = |input: &str, more: &str| {
        format!(r#"{{"provider":"p","name":"m","prices":[{{"standard":{{"input":"{input}"}}{more}}}]}}"#)
    };
    let before = catalog(&[&with("2", ""), r#"{"provider":"p","name":"gone"}"#]).unwrap();
    let after = catalog(&[
        &with("3", r#","batch":{"input":"1","above":[{"input_tokens":9,"input":null}]}"#),
        r#"{"provider":"q","name":"new"}"#,
    ]);
    let found: Vec<String> = differences(&before, &after.unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "p/gone: removed",
            "p/m: batch input none -> 1",
            "p/m: batch input above 9 none -> varies",
            "p/m: input 2 -> 3",
            "q/new: added",
        ]
    );
    let moved = |before: &str, after: &str| {
        let (before, after) = (catalog(&[&with(before, "")]).unwrap(), catalog(&[&with(after, "")]).unwrap());
        differences(&before, &after)[0].change.is_jump()
    };
    assert!(
        !moved("2", "3")
            && moved("2", "3.000001")
            && !moved("2", "1")
            && moved("2", "0.999999")
            && moved("0", "1")
    );
    assert!(!Change::Added.is_jump() && !Change::Removed.is_jump());
}

proptest! {
    #[test]
    fn no_name_panics(provider in "(openai|bedrock|vertex|.{0,6})", model in "\\PC{0,40}") {
        let _ = built_in().find(&provider, &model);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Catalog::read(&bytes);
        let _ = Catalog::read(&[&BUILT_IN[..300], &bytes].concat());
    }
}
