//! The built-in providers as a page of the documentation.

use domain::Endpoint;

use crate::definition::{Live, ProviderDefinition};
use crate::registry::{Registry, RegistryError};

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
    let served = Endpoint::ALL.into_iter().filter(|endpoint| definition.endpoints.path(*endpoint).is_some());
    let endpoints: Vec<&str> = served.map(Endpoint::name).collect();
    format!("| `{name}` | {provider} | {} | {} |\n", variables(definition), endpoints.join(", "))
}

/// The variables that make a provider live: its address for a server of one's own, its credential otherwise.
fn variables(definition: &ProviderDefinition) -> String {
    let addresses = definition.variables.values().filter(|variable| variable.default.is_none());
    let addresses = addresses.filter_map(|variable| variable.env.as_ref()).flatten();
    let own = definition.live == Some(Live::WhenConfigured);
    let own_addresses =
        definition.variables.values().filter(|_| own).filter_map(|variable| variable.env.as_ref());
    let credentials = definition.auth.env.iter().flatten().filter(|_| !own);
    let mut names: Vec<String> =
        credentials.chain(addresses).chain(own_addresses.flatten()).map(|name| format!("`{name}`")).collect();
    names.dedup();
    names.join(", ")
}
