//! Which catalogue counts, and what overrides are refused with.

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;

use domain::CatalogModel;
use domain::price::{Component, Tier};

use crate::environment::Environment;
use crate::load::{Loaded, Loader};
use crate::problem::ConfigErrors;

/// Files by path, without variables.
struct Files(&'static [(&'static str, &'static str)]);

impl Environment for Files {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, path: &FilePath, _: u64) -> io::Result<String> {
        let found = self.0.iter().find(|(known, _)| path == FilePath::new(known));
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

const OWN: &str = r#"{"tollgate_catalog":1,"date":"2031-01-01","models":1}
{"provider":"openai","name":"gpt-4o","prices":[{"standard":{"input":"7","output":"8"}}]}
"#;
const OLD: &str = "{\"tollgate_catalog\":1,\"date\":\"2020-01-01\",\"models\":0}\n";
const BROKEN: &str = "{\"tollgate_catalog\":1,\"date\":\"2031-01-01\",\"models\":1}\n{\"provider\":\"p\"}\n";

fn load(files: &'static [(&'static str, &'static str)], text: &str) -> Result<Loaded, ConfigErrors> {
    Loader::new("/etc/tollgate.yaml", Arc::new(Files(files))).load_text(text, 1)
}

fn errors(files: &'static [(&'static str, &'static str)], text: &str) -> Vec<String> {
    let errors = load(files, text).unwrap_err().to_string();
    errors
        .lines()
        .map(|line| line.replace("/etc/tollgate.yaml:", ""))
        .filter(|line| !line.contains("TG5001"))
        .collect()
}

fn find(loaded: &Loaded, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
    loaded.snapshot.catalog.find(provider, model)
}

fn price(model: &CatalogModel, tokens: u64, component: Component) -> String {
    let card = model.prices.lists[0].card(Tier::Standard).unwrap();
    card.rates(tokens).price(component).unwrap().amount().unwrap().to_string()
}

#[test]
fn without_a_word_the_built_in_catalogue_counts() {
    let loaded = load(&[], "").unwrap();
    assert_eq!(price(&find(&loaded, "openai", "gpt-4o").unwrap(), 1, Component::Input), "2.5");
    assert_eq!(loaded.catalog_file, FilePath::new("/etc/catalog.jsonl"));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn a_catalogue_beside_the_configuration_takes_its_place() {
    for (files, text) in [
        (&[("/etc/catalog.jsonl", OWN)] as &[_], ""),
        (&[("/etc/prices/mine.jsonl", OWN)], "catalog: {file: prices/mine.jsonl}\n"),
    ] {
        let loaded = load(files, text).unwrap();
        assert_eq!(price(&find(&loaded, "openai", "gpt-4o").unwrap(), 1, Component::Input), "7");
        assert!(find(&loaded, "openai", "gpt-5").is_none(), "what is not in it is not known");
    }
}

#[test]
fn a_catalogue_that_is_missing_or_wrong_is_reported_at_its_place() {
    assert_eq!(
        errors(&[], "catalog:\n  file: mine.jsonl\n"),
        ["2:9: catalog.file: the catalogue /etc/mine.jsonl is wrong: it cannot be read: entity not found"]
    );
    assert_eq!(
        errors(&[("/etc/catalog.jsonl", BROKEN)], "keys: []\n"),
        [
            "1:1: catalog.file: the catalogue /etc/catalog.jsonl is wrong: line 2: missing field `name` at line 1 column 16"
        ]
    );
}

#[test]
fn a_catalogue_older_than_the_built_in_one_is_probably_forgotten() {
    let warnings = load(&[("/etc/catalog.jsonl", OLD)], "").unwrap().warnings;
    assert!(
        warnings[0]
            .starts_with("the catalogue /etc/catalog.jsonl is of 2020-01-01 and the built-in one of 20")
    );
}

#[test]
fn own_figures_lie_over_the_catalogue_to_the_last_digit() {
    let loaded = load(
        &[],
        "
catalog:
  overrides:
    - provider: openai
      model: gpt-4o*
      prices:
        standard: {input: 0.100000000001, above: [{input_tokens: 1000, input: '3'}]}
    - provider: azure-openai
      model: prod
      same_as: openai/gpt-4o
      context_tokens: 9
",
    )
    .unwrap();
    let own = find(&loaded, "openai", "gpt-4o").unwrap();
    assert_eq!(price(&own, 1_000, Component::Input), "0.100000000001");
    assert_eq!(price(&own, 1_001, Component::Input), "3");
    assert_eq!(price(&own, 1, Component::Output), "10");
    let deployment = find(&loaded, "azure-openai", "prod").unwrap();
    assert_eq!(
        (deployment.context_tokens, price(&deployment, 1, Component::Input)),
        (Some(9), "2.5".to_owned())
    );
}

#[test]
fn overrides_that_make_no_sense_are_all_reported_with_their_lines() {
    assert_eq!(
        errors(
            &[],
            "catalog:
  overrides:
    - provider: opnai
      prices: {standard: {input: 1}}
    - provider: '*'
    - provider: openai
      prices:
        batch:
          above:
            - {input: 5}
    - {provider: openai, input: [text, smell], capabilities: [tool]}
"
        ),
        [
            "3:17: catalog.overrides[0].provider: no provider is called `opnai`; did you mean `openai`?",
            "5:7: catalog.overrides[1]: it changes nothing; give it `prices`, `same_as`, or what the models take, give and can do",
            "10:15: catalog.overrides[2].prices.batch.above[0]: `input_tokens` is missing: above how many are these the prices?",
            "11:40: catalog.overrides[3].input[1]: `smell` is none of text, image, audio, video, pdf",
            "11:63: catalog.overrides[3].capabilities[0]: `tool` is none of tools, json_schema, reasoning, prompt_caching, streaming, web_search, computer_use",
        ]
    );
    assert_eq!(
        errors(
            &[],
            "catalog:
  overrides:
    - provider: openai
      prices:
        standard: {input: cheap, output: -2, cached_input: 1e-7, inputt: 3}
    - model: gpt
"
        ),
        [
            "5:27: catalog.overrides[0].prices.standard.input: expected an amount of US dollars such as \"0.25\", found `cheap`",
            "5:42: catalog.overrides[0].prices.standard.output: a price must not be negative, found `-2`",
            "5:60: catalog.overrides[0].prices.standard.cached_input: expected an amount of US dollars such as \"0.25\", found `1e-7`",
            "5:66: catalog.overrides[0].prices.standard.inputt: unknown key; did you mean `input`?",
            "6:7: catalog.overrides[1].provider: it is missing",
        ]
    );
}

const ACCOUNTS: &str = "providers:
  eu: {like: openai, credentials: [k]}
  proxy:
    catalog: groq
    base_url: http://x/v1
    endpoints: {chat_completions: /chat/completions}
";

#[test]
fn a_second_account_has_the_figures_of_its_vendor() {
    let loaded = load(&[], ACCOUNTS).unwrap();
    for (provider, model, input) in [
        ("eu", "gpt-4o", "2.5"),
        ("proxy", "llama-3.1-8b-instant", "0.05"),
        ("azure-openai-deployments", "gpt-4o", "2.5"),
    ] {
        assert_eq!(price(&find(&loaded, provider, model).unwrap(), 1, Component::Input), input, "{provider}");
    }
    assert_eq!(
        errors(&[], &ACCOUNTS.replace("groq", "gorq")),
        ["4:14: providers.proxy.catalog: the catalogue has no provider `gorq`; did you mean `groq`?"]
    );
}
