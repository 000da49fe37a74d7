//! The forms of genai-prices, each as a small provider.

use serde_json::{Value as Json, json};

use super::*;

/// The only entry of a provider with one model.
fn read(provider: &str, model: &Json) -> Entry {
    let source = json!([{"id": provider, "pricing_urls": ["https://prices"], "models": [model]}]);
    let providers: Vec<Provider> = serde_json::from_value(source).unwrap();
    entries(&providers, &mut Report::default()).unwrap().remove(0)
}

fn price(entry: &Entry, list: usize, tier: Tier, component: Component) -> Option<String> {
    let price = entry.prices.get(list)?.cards.get(&tier)?.base.get(&component)?;
    Some(price.map_or_else(|| "varies".to_owned(), |price| price.to_string()))
}

#[test]
fn names_and_patterns_come_from_how_a_model_is_recognised() {
    let entry = read(
        "aws",
        &json!({"id": "regional.a.b-v1:0", "prices": {"input_mtok": "1"}, "match": {"or_": [
            {"equals": "A.b-v1:0"}, {"starts_with": "a.b-v1"}, {"ends_with": "/A.b"}, {"contains": "us.a.b"},
            {"regex": "^a\\.b-\\d{8}$"}, {"and_": [{"starts_with": "c-"}, {"regex": "^(?!tts)"}]},
        ]}}),
    );
    assert_eq!((entry.provider, entry.name.as_str()), ("bedrock", "a.b-v1:0"));
    assert!(entry.aliases.iter().eq(["*/a.b", "*us.a.b*", "a.b-v1*", "c-*"]));
    assert_eq!(entry.source.as_deref(), Some("https://prices"));
    let other = read(
        "fireworks",
        &json!({"id": "x", "prices": {"input_mtok": "1"}, "match": {"equals": "accounts/x"}}),
    );
    assert_eq!((other.name.as_str(), other.aliases.len()), ("accounts/x", 0));
    let part = json!({"id": "regional.n", "prices": {"input_mtok": "1"}, "match": {"contains": "us.n"}});
    assert_eq!(read("aws", &part).name, "us.n");
}

#[test]
fn a_host_behind_a_router_is_part_of_the_name() {
    let model =
        json!({"id": "openai/gpt", "prices": {"input_mtok": "1"}, "match": {"equals": "openai/gpt-fast"}});
    let entry = read("huggingface_groq", &model);
    assert_eq!(
        (entry.provider, entry.name.as_str(), entry.aliases.len()),
        ("huggingface", "openai/gpt:groq", 0)
    );
}

#[test]
fn a_tier_has_its_own_figures_over_the_standard_ones() {
    let entry = read(
        "openai",
        &json!({"id": "m", "match": {"equals": "m"},
        "prices": {"input_mtok": "2", "cache_read_mtok": "0.5", "output_mtok": "8", "web_searches_kcount": "10"},
        "price_variants": [
            {"when": {"service_tier": "default"}, "prices": {}},
            {"when": {"processing": "batch"}, "prices": {"input_mtok": "1"}, "constraint": {"start_date": "2026-10-14"}},
            {"when": {"processing": "batch"}, "prices": {"input_mtok": "9", "output_mtok": "4"}},
            {"when": {"route": "eu"}, "prices": {"input_mtok": "3"}},
        ]}),
    );
    assert_eq!(entry.prices[0].cards.len(), 2);
    let batch = |component| price(&entry, 0, Tier::Batch, component);
    assert_eq!(batch(Component::Input).unwrap(), "1");
    assert_eq!(batch(Component::Output).unwrap(), "4");
    assert_eq!(batch(Component::CachedInput).unwrap(), "0.5");
    assert_eq!(price(&entry, 0, Tier::Standard, Component::Search).unwrap(), "10");
}

#[test]
fn a_price_by_length_makes_a_card_for_each_threshold() {
    let entry = read(
        "google",
        &json!({"id": "m", "match": {"equals": "m"}, "prices": {
            "input_mtok": {"base": "1", "tiers": [{"start": "128000", "price": "2"}, {"start": "200000", "price": "3"}]},
            "output_mtok": {"base": "5", "tiers": [{"start": "200000", "price": "7"}]},
            "web_searches_kcount": "14",
        }}),
    );
    let card = &entry.prices[0].cards[&Tier::Standard];
    let above = |threshold: u64, component| card.above[&threshold][&component].unwrap().to_string();
    assert_eq!(card.above.keys().copied().collect::<Vec<_>>(), [128_000, 200_000]);
    assert_eq!([above(128_000, Component::Input), above(128_000, Component::Output)], ["2", "5"]);
    assert_eq!([above(200_000, Component::Input), above(200_000, Component::Output)], ["3", "7"]);
    assert_eq!(above(200_000, Component::Search), "14");
}

#[test]
fn what_has_passed_is_left_out_and_what_is_to_come_is_a_list_of_its_own() {
    let entry = read(
        "google",
        &json!({"id": "m", "match": {"equals": "m"},
        "prices": [
            {"prices": {"input_mtok": "1"}},
            {"constraint": {"start_date": "2026-08-17"}, "prices": {"input_mtok": "2"}},
            {"constraint": {"start_time": "01:00", "end_time": "04:00"}, "prices": {"input_mtok": "3"}},
            {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": "4"}},
        ],
        "price_variants": [
            {"when": {"processing": "batch"}, "prices": {"input_mtok": "0.4"}, "constraint": {"start_date": "2027-01-01"}},
            {"when": {"processing": "batch"}, "prices": {"input_mtok": "0.2"}, "constraint": {"start_date": "2026-10-14"}},
        ]}),
    );
    let inputs =
        |tier| (0..3).map(|list| price(&entry, list, tier, Component::Input).unwrap()).collect::<Vec<_>>();
    assert_eq!(inputs(Tier::Standard), ["2", "3", "4"]);
    assert_eq!(inputs(Tier::Batch), ["0.2", "0.2", "0.4"]);
    assert_eq!((&entry.prices[0].from, &entry.prices[0].daily), (&None, &None));
    assert_eq!(entry.prices[1].daily.as_deref(), Some("01:00-04:00"));
    assert_eq!(entry.prices[2].from.as_deref(), Some("2027-01-01"));
}

#[test]
fn a_request_that_is_charged_at_no_one_price_varies() {
    let model = json!({"id": "sonar", "match": {"equals": "sonar"}, "prices": {"input_mtok": "1", "requests_kcount": "14"}});
    let entry = read("perplexity", &model);
    assert_eq!(price(&entry, 0, Tier::Standard, Component::Request).unwrap(), "varies");
}

#[test]
fn google_serves_claude_on_one_of_its_platforms_only() {
    let model = |id: &str| json!({"id": id, "match": {"equals": id}, "prices": {"input_mtok": "1"}});
    let source = json!([{"id": "google", "models": [model("claude-x"), model("gemini-x")]}]);
    let providers: Vec<Provider> = serde_json::from_value(source).unwrap();
    let entries = entries(&providers, &mut Report::default()).unwrap();
    let names: Vec<_> = entries.iter().map(|entry| (entry.provider, entry.name.as_str())).collect();
    assert_eq!(names, [("google", "gemini-x"), ("vertex", "claude-x"), ("vertex", "gemini-x")]);
}

#[test]
fn what_cannot_be_used_is_reported() {
    let source = json!([
        {"id": "nobody", "models": [{"id": "m", "match": {"equals": "m"}, "prices": {}}]},
        {"id": "mistral", "models": [{"id": "ocr", "match": {"equals": "ocr"}, "prices": {"input_document_kpages": "4"}}]},
    ]);
    let providers: Vec<Provider> = serde_json::from_value(source).unwrap();
    let mut report = Report::default();
    let entries = entries(&providers, &mut report).unwrap();
    assert!(entries[0].prices.is_empty());
    assert_eq!(
        report.lines(),
        [
            "models left out of genai-prices: nobody (1)",
            "figures not read of genai-prices: input_document_kpages (1)"
        ]
    );
}
