//! Laws of the data files: each is whole, and together they do not get into each other's way.

use std::collections::BTreeMap;

use domain::Endpoint;

use super::Registry;
use crate::compile::{Compiled, compile};
use crate::definition::{Live, ProviderDefinition};
use crate::sign_in::SignIns;

/// How many providers are promised.
const PROVIDERS_MIN: usize = 36;

fn all() -> Vec<(String, ProviderDefinition)> {
    let registry = Registry::builtin();
    registry.names().map(|name| (name.to_owned(), registry.get(name).unwrap().unwrap())).collect()
}

#[test]
fn every_data_file_is_a_definition() {
    assert!(all().len() >= PROVIDERS_MIN, "{}", all().len());
}

#[test]
fn names_are_sorted_and_unknown_ones_are_not_there() {
    let registry = Registry::builtin();
    let names: Vec<&str> = registry.names().collect();
    assert!(names.is_sorted());
    assert!(registry.contains("openai") && !registry.contains("openai.toml"));
    assert!(registry.get("nobody").unwrap().is_none());
}

#[test]
fn every_provider_is_live_once_its_variables_are_set() {
    for (name, definition) in all() {
        let environment = |variable: &str| {
            let is_address = variable.ends_with("_URL") || variable.ends_with("_ENDPOINT");
            Some(if is_address { "https://resource.example" } else { "secret" }.to_owned())
        };
        let compiled = compile(&name, &definition, &environment, &SignIns::default());
        let Ok(Compiled::Live(provider)) = compiled else { panic!("{name}: {compiled:?}") };
        assert!(!provider.credentials.is_empty(), "{name}");
        assert!(Endpoint::ALL.iter().any(|endpoint| endpoint.is_generation() && provider.serves(*endpoint)));
    }
}

#[test]
fn no_provider_is_live_in_an_empty_environment() {
    for (name, definition) in all() {
        match compile(&name, &definition, &|_| None, &SignIns::default()) {
            Ok(Compiled::NotLive { variables }) => assert!(!variables.is_empty(), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn every_provider_says_where_it_is_documented() {
    for (name, definition) in all() {
        assert!(definition.title.is_some_and(|title| !title.is_empty()), "{name}");
        assert!(definition.docs.is_some_and(|docs| docs.starts_with("https://")), "{name}");
    }
}

#[test]
fn credentials_leave_the_machine_only_over_tls() {
    for (name, definition) in all() {
        let base = definition.base_url.unwrap();
        if definition.live == Some(Live::WhenConfigured) {
            let default = definition.variables["base"].default.as_deref().unwrap();
            assert!(default.starts_with("http://127.0.0.1:"), "{name}: {default}");
        } else {
            assert!(base.starts_with("https://") || base.starts_with("${endpoint}"), "{name}: {base}");
        }
    }
}

/// Providers that are interfaces of the same account, so that they share its variables.
const OF_ONE_ACCOUNT: [&[&str]; 1] = [&["bedrock", "bedrock-mantle"]];

#[test]
fn a_variable_of_the_environment_belongs_to_one_provider() {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (name, definition) in all() {
        let variables = definition.variables.into_values().filter_map(|variable| variable.env);
        for variable in definition.auth.env.into_iter().chain(variables).flatten() {
            if let Some(other) = owners.insert(variable.clone(), name.clone()) {
                let is_shared = OF_ONE_ACCOUNT
                    .iter()
                    .any(|family| family.contains(&name.as_str()) && family.contains(&other.as_str()));
                assert!(is_shared, "{variable} is read by {other} and by {name}");
            }
        }
    }
}

#[test]
fn a_model_is_claimed_by_one_provider() {
    for (model, owner) in [
        ("gpt-4o-mini", "openai"),
        ("o3", "openai"),
        ("text-embedding-3-small", "openai"),
        ("claude-opus-4-5", "anthropic"),
        ("gemini-2.5-flash", "google"),
        ("mistral-large-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("grok-4", "xai"),
        ("command-a-03-2025", "cohere"),
        ("kimi-k2.6", "moonshot"),
        ("glm-5", "zhipu"),
        ("gpt-oss-120b", "cerebras"),
    ] {
        let claims = |definition: &ProviderDefinition| {
            let models = definition.models.as_deref().unwrap_or_default();
            models.iter().any(|pattern| domain::Pattern::from(pattern.as_str()).matches(model))
        };
        let owners: Vec<String> =
            all().into_iter().filter(|(_, definition)| claims(definition)).map(|(name, _)| name).collect();
        assert_eq!(owners, [owner], "{model}");
    }
}
