//! The built-in providers as a page of the documentation.

use domain::Endpoint;

use crate::compile::{Compiled, compile};
use crate::definition::ProviderDefinition;
use crate::registry::{Registry, RegistryError};
use crate::sign_in::SignIns;

/// The page `docs/reference/providers.md`.
///
/// # Errors
/// When an embedded data file cannot be parsed.
pub fn markdown(registry: &Registry) -> Result<String, RegistryError> {
    let mut page = String::from(HEAD);
    for name in registry.names() {
        if let Some(definition) = registry.get(name)? {
            page.push_str(&row(name, &definition));
        }
    }
    Ok(page)
}

const HEAD: &str = "\
# Built-in providers

Generated from `crates/providers/data`; one file each. A provider is live as soon as one of its variables is set, or \
the configuration names it. `provider/model` reaches any model of a live provider.

| name | provider | variable | endpoints |
|---|---|---|---|
";

fn row(name: &str, definition: &ProviderDefinition) -> String {
    let title = definition.title.as_deref().unwrap_or(name);
    let provider = match &definition.docs {
        Some(docs) => format!("[{title}]({docs})"),
        None => title.to_owned(),
    };
    let variants = definition.variants.iter().flatten().map(|variant| &variant.endpoints);
    let offered: Vec<_> = std::iter::once(&definition.endpoints).chain(variants).collect();
    let is_served = |endpoint: &Endpoint| offered.iter().any(|paths| paths.path(*endpoint).is_some());
    let endpoints: Vec<&str> = Endpoint::ALL.into_iter().filter(is_served).map(Endpoint::name).collect();
    let variables: Vec<String> =
        variables(name, definition).into_iter().map(|variable| format!("`{variable}`")).collect();
    format!("| `{name}` | {provider} | {} | {} |\n", variables.join(", "), endpoints.join(", "))
}

/// The variables that make a provider live: those of its credential, and those of its address.
fn variables(name: &str, definition: &ProviderDefinition) -> Vec<String> {
    match compile(name, definition, &|_| None, &SignIns::default()) {
        Ok(Compiled::NotLive { variables }) => variables,
        _ => Vec::new(),
    }
}
