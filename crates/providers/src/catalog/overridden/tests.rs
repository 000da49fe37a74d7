//! What an operator's figures do to the catalogue's.

use domain::Money;
use domain::price::{Component, Price};

use super::*;
use crate::catalog::Catalog as File;

const BASE: &str = r#"{"tollgate_catalog":1,"date":"2026-11-20","models":2}
{"provider":"openai","name":"gpt","context_tokens":1000,"prices":[{"standard":{"input":"2","output":"8","above":[{"input_tokens":100,"input":"4","output":"16"}]},"batch":{"input":"1"}},{"daily":"01:00-02:00","standard":{"input":"3","output":"9"}}]}
{"provider":"azure","name":"gpt-east","prices":[{"standard":{"input":"7"}}]}
"#;

fn price(amount: &str) -> Price {
    Price::Of(amount.parse::<Money>().unwrap())
}

fn input(amount: &str) -> Rates {
    Rates::from_iter([(Component::Input, price(amount))])
}

fn standard(rates: Rates) -> PriceOverride {
    PriceOverride { tier: Tier::Standard, rates, above: Vec::new() }
}

fn of(provider: &str, model: &str) -> Override {
    Override {
        provider: provider.into(),
        model: model.into(),
        same_as: None,
        context_tokens: None,
        output_tokens: None,
        input: None,
        output: None,
        capabilities: None,
        prices: Vec::new(),
    }
}

fn find(overrides: Vec<Override>, provider: &str, model: &str) -> Option<CatalogModel> {
    let base: Arc<dyn Catalog> = Arc::new(File::read(BASE.as_bytes()).unwrap());
    OverriddenCatalog::new(base, second_account(), overrides).find(provider, model).map(Arc::unwrap_or_clone)
}

fn second_account() -> BTreeMap<String, String> {
    [("azure-eu".to_owned(), "azure".to_owned())].into()
}

/// The input prices of a model: of each list, short and long.
fn inputs(model: &CatalogModel) -> Vec<[String; 2]> {
    let lists = model.prices.lists.iter().map(|list| list.card(Tier::Standard).unwrap());
    let text = |price: Option<Price>| price.unwrap().amount().unwrap().to_string();
    lists.map(|card| [50, 500].map(|tokens| text(card.rates(tokens).price(Component::Input)))).collect()
}

#[test]
fn what_a_model_takes_gives_and_can_do_is_the_operators_to_say() {
    let own = Override {
        input: Some([Modality::Text, Modality::Image].into()),
        capabilities: Some([Capability::Tools].into()),
        ..of("openai", "gpt")
    };
    let later = Override { output: Some([Modality::Audio].into()), ..of("*", "*") };
    let found = find(vec![own, later], "openai", "gpt").unwrap();
    assert_eq!(found.input, [Modality::Text, Modality::Image].into());
    assert_eq!(found.output, [Modality::Audio].into());
    assert_eq!(found.capabilities, Some([Capability::Tools].into()));
    assert_eq!(inputs(&found), [["2", "4"], ["3", "3"]]);
}

#[test]
fn what_no_override_matches_is_the_catalogues() {
    let found = find(vec![of("azure", "*")], "openai", "gpt").unwrap();
    assert_eq!(inputs(&found), [["2", "4"], ["3", "3"]]);
    assert!(find(vec![of("azure", "*")], "openai", "gpt-9").is_none());
}

#[test]
fn a_second_account_has_the_prices_of_its_vendor_and_overrides_of_its_own() {
    assert_eq!(inputs(&find(Vec::new(), "azure-eu", "gpt-east").unwrap()), [["7", "7"]]);
    let vendors = Override { prices: vec![standard(input("1"))], ..of("azure", "*") };
    assert_eq!(inputs(&find(vec![vendors], "azure-eu", "gpt-east").unwrap()), [["7", "7"]]);
    let own = Override { prices: vec![standard(input("6"))], ..of("azure-eu", "*") };
    assert_eq!(inputs(&find(vec![own], "azure-eu", "gpt-east").unwrap()), [["6", "6"]]);
    let same = SameAs { provider: "azure-eu".to_owned(), model: Some("gpt-east".to_owned()) };
    let alike = Override { same_as: Some(same), ..of("mine", "llama") };
    assert_eq!(inputs(&find(vec![alike], "mine", "llama").unwrap()), [["7", "7"]]);
}

#[test]
fn a_price_holds_at_every_time_and_for_every_length() {
    let own = Override { prices: vec![standard(input("1.5"))], ..of("openai", "g*") };
    let found = find(vec![own], "openai", "gpt").unwrap();
    assert_eq!(inputs(&found), [["1.5", "1.5"], ["1.5", "1.5"]]);
    let output = found.prices.lists[0].card(Tier::Standard).unwrap().rates(500).price(Component::Output);
    assert_eq!(output, Some(price("16")), "what is not overridden stays");
    let batch = found.prices.lists[0].card(Tier::Batch).unwrap().base.price(Component::Input);
    assert_eq!(batch, Some(price("1")), "another tier stays");
}

#[test]
fn a_price_for_long_prompts_lies_over_that_for_all() {
    let prices = PriceOverride { above: vec![(300, input("5"))], ..standard(input("1")) };
    let found =
        find(vec![Override { prices: vec![prices], ..of("openai", "gpt") }], "openai", "gpt").unwrap();
    assert_eq!(inputs(&found), [["1", "5"], ["1", "5"]]);
}

#[test]
fn a_deployment_has_the_figures_of_the_model_behind_it() {
    let own = Override {
        same_as: Some(SameAs { provider: "openai".to_owned(), model: Some("gpt".to_owned()) }),
        ..of("my-azure", "prod-*")
    };
    let found = find(vec![own], "my-azure", "prod-1").unwrap();
    assert_eq!((found.provider.as_str(), found.name.as_str()), ("my-azure", "prod-1"));
    assert_eq!((found.context_tokens, inputs(&found)[0][0].as_str()), (Some(1_000), "2"));
    let whole = Override {
        same_as: Some(SameAs { provider: "azure".to_owned(), model: None }),
        ..of("my-azure", "*")
    };
    assert_eq!(inputs(&find(vec![whole], "my-azure", "gpt-east").unwrap())[0][0], "7");
}

#[test]
fn a_list_has_the_models_of_both_each_once() {
    let own = Override { prices: vec![standard(input("1"))], ..of("mine", "llama") };
    let every = Override { output_tokens: Some(9), ..of("*", "*") };
    let base: Arc<dyn Catalog> = Arc::new(File::read(BASE.as_bytes()).unwrap());
    let all =
        OverriddenCatalog::new(base, second_account(), vec![own, every, Override { ..of("openai", "gpt") }])
            .all();
    let names: Vec<_> = all.iter().map(|model| format!("{}/{}", model.provider, model.name)).collect();
    assert_eq!(names, ["azure/gpt-east", "openai/gpt", "mine/llama"]);
    assert!(all.iter().all(|model| model.output_tokens == Some(9)));
}

#[test]
fn a_model_that_nobody_published_is_made_of_its_override_and_later_ones_count() {
    let first = Override { prices: vec![standard(input("1"))], output_tokens: Some(9), ..of("*", "*") };
    let second =
        Override { prices: vec![standard(input("2"))], context_tokens: Some(5), ..of("mine", "llama") };
    let found = find(vec![first, second], "mine", "llama").unwrap();
    assert_eq!((found.context_tokens, found.output_tokens), (Some(5), Some(9)));
    assert_eq!(inputs(&found), [["2", "2"]]);
}
