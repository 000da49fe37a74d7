//! Which providers there are: the configured ones, those that the process adds, and the built-in ones whose credential
//! the environment holds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::CredentialId;
use domain::provider::{Credential, Provider};
use engine::route::{ProviderDirectory, near};
use providers::compile::{Compiled, compile as compile_provider, present};
use providers::definition::{ProviderDefinition, SignIn};
use providers::registry::Registry;
use providers::sign_in::SignIns;
use secrecy::SecretString;

use super::{Problems, Surroundings};
use crate::environment::Environment;
use crate::path::Path;

/// The order in which built-in providers are asked for a bare model name: those that make the models before those that
/// host them, then by name.
const MAKERS_FIRST: [&str; 7] = ["openai", "anthropic", "google", "mistral", "xai", "deepseek", "cohere"];

/// Every provider that a route may name, live or not.
pub struct Directory {
    live: Vec<Arc<Provider>>,
    /// Of configured and added providers: the whole definition, built-in parts included.
    definitions: BTreeMap<String, ProviderDefinition>,
    /// Of providers that are known but not live: the variables that would make them so. Of built-in ones that the environment
    /// has nothing for, it is found out when somebody asks.
    missing: BTreeMap<String, Vec<String>>,
    /// Under what names providers are in the catalogue, where that is not their own.
    listed_as: BTreeMap<String, String>,
    registry: Registry,
    environment: Arc<dyn Environment>,
    sign_ins: SignIns,
    /// Providers without a credential of their own, made when a route first brings one. At most one for each name.
    bare: Mutex<BTreeMap<String, Arc<Provider>>>,
}

impl Directory {
    /// The providers that can be called, in the order in which bare model names are looked up.
    #[must_use]
    pub fn live_providers(&self) -> &[Arc<Provider>] {
        &self.live
    }

    /// Configured and added providers: the whole definition, built-in parts included.
    pub(super) fn definitions(&self) -> &BTreeMap<String, ProviderDefinition> {
        &self.definitions
    }

    /// Under what names providers are in the catalogue, where that is not their own.
    pub(super) fn listed_as(&self) -> &BTreeMap<String, String> {
        &self.listed_as
    }

    fn definition(&self, name: &str) -> Option<ProviderDefinition> {
        self.definitions.get(name).cloned().or_else(|| self.registry.get(name).ok().flatten())
    }

    /// The provider as if it needed no credential. Servers of the operator's own that nobody set up stay out: their
    /// built-in address is this machine, which a request must not reach by naming them.
    fn compile_bare(&self, name: &str) -> Option<Arc<Provider>> {
        let mut definition = self.definition(name)?;
        definition.credentials = None;
        definition.sign_in = SignIn::default();
        definition.auth.env = None;
        definition.auth.optional = Some(true);
        let environment = |variable: &str| self.environment.variable(variable);
        match compile_provider(name, &definition, &environment, &self.sign_ins) {
            Ok(Compiled::Live(provider)) => Some(Arc::from(provider)),
            _ => None,
        }
    }
}

impl ProviderDirectory for Directory {
    fn live(&self, name: &str) -> Option<Arc<Provider>> {
        self.live.iter().find(|provider| provider.name.as_str() == name).cloned()
    }

    fn bare(&self, name: &str) -> Option<Arc<Provider>> {
        if let Some(provider) = self.live(name) {
            return Some(provider);
        }
        let mut bare = self.bare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(provider) = bare.get(name) {
            return Some(Arc::clone(provider));
        }
        let provider = self.compile_bare(name)?;
        bare.insert(name.to_owned(), Arc::clone(&provider));
        Some(provider)
    }

    fn credential(
        &self,
        provider: &Provider,
        secret: &SecretString,
        id: CredentialId,
    ) -> Result<Credential, String> {
        present(&provider.auth, secret, id).map_err(|problem| problem.to_string())
    }

    fn absence(&self, name: &str) -> Option<String> {
        let variables = match self.missing.get(name) {
            Some(variables) => variables.clone(),
            None => variables_of(name, &self.definition(name)?),
        };
        Some(not_live(name, &variables))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.definitions.keys().cloned().collect();
        names.extend(
            self.registry.names().filter(|name| !self.definitions.contains_key(*name)).map(str::to_owned),
        );
        names
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live: Vec<_> = self.live.iter().map(|provider| &provider.name).collect();
        formatter.debug_struct("Directory").field("live", &live).finish_non_exhaustive()
    }
}

/// The directory of a configuration, and what the operator may want to know about it.
pub(super) fn compile(
    configured: &BTreeMap<String, ProviderDefinition>,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> (Directory, Vec<String>) {
    let mut directory = Directory {
        live: Vec::new(),
        definitions: BTreeMap::new(),
        missing: BTreeMap::new(),
        listed_as: BTreeMap::new(),
        registry: Registry::builtin(),
        environment: Arc::clone(surroundings.environment),
        sign_ins: surroundings.sign_ins.clone(),
        bare: Mutex::default(),
    };
    let mut warnings = Vec::new();
    for name in &surroundings.provider_order {
        let Some(definition) = configured.get(name) else {
            continue;
        };
        let built_in =
            built_in(&directory.registry, surroundings.extra_providers, (name, definition), problems);
        add(&mut directory, name, built_in.merge(definition.clone()), problems);
        if let Some(variables) = directory.missing.get(name) {
            warnings.push(not_live(name, variables));
        }
    }
    for (name, definition) in surroundings.extra_providers {
        if !directory.definitions.contains_key(name) {
            add(&mut directory, name, definition.clone(), problems);
        }
    }
    add_built_in(&mut directory, problems);
    (directory, warnings)
}

/// What a configured provider starts from: the built-in one, or that of the process, which it is like or named after.
fn built_in(
    registry: &Registry,
    of_process: &[(String, ProviderDefinition)],
    (name, definition): (&str, &ProviderDefinition),
    problems: &mut Problems,
) -> ProviderDefinition {
    let origin = definition.like.as_deref().unwrap_or(name);
    if let Some((_, known)) = of_process.iter().find(|(known, _)| known == origin) {
        return known.clone();
    }
    if definition.like.is_some() && !registry.contains(origin) {
        let path = Path::root().key("providers").key(name).key("like");
        let near = near::suggestion(origin, registry.names());
        problems.push((path, format!("no built-in provider is called `{origin}`{near}")));
    }
    registry.get(origin).ok().flatten().unwrap_or_default()
}

fn add_built_in(directory: &mut Directory, problems: &mut Problems) {
    let others = directory.registry.names().filter(|name| !MAKERS_FIRST.contains(name));
    let makers = MAKERS_FIRST.into_iter().filter(|name| directory.registry.contains(name));
    let names: Vec<String> = makers.chain(others).map(str::to_owned).collect();
    for name in &names {
        if directory.definitions.contains_key(name) {
            continue;
        }
        let glance = directory.registry.glance(name);
        if let Some(listed_as) = glance.catalog {
            directory.listed_as.insert(name.clone(), listed_as);
        }
        if !glance.variables.iter().any(|variable| directory.environment.variable(variable).is_some()) {
            continue;
        }
        match directory.registry.get(name) {
            Ok(Some(definition)) => add_live(directory, name, &definition, problems),
            Ok(None) => {}
            Err(error) => problems.push((Path::root().key("providers"), error.to_string())),
        }
    }
}

/// Adds a provider that somebody named: its definition is kept for routes that bring a credential.
fn add(directory: &mut Directory, name: &str, definition: ProviderDefinition, problems: &mut Problems) {
    add_live(directory, name, &definition, problems);
    directory.definitions.insert(name.to_owned(), definition);
}

fn add_live(directory: &mut Directory, name: &str, definition: &ProviderDefinition, problems: &mut Problems) {
    let environment = Arc::clone(&directory.environment);
    let variable = |variable: &str| environment.variable(variable);
    if let Some(listed_as) = definition.catalog.as_ref().or(definition.like.as_ref()) {
        directory.listed_as.insert(name.to_owned(), listed_as.clone());
    }
    match compile_provider(name, definition, &variable, &directory.sign_ins) {
        Ok(Compiled::Live(provider)) => directory.live.push(Arc::from(provider)),
        Ok(Compiled::NotLive { variables }) => {
            directory.missing.insert(name.to_owned(), variables);
        }
        Err(found) => {
            let path = Path::root().key("providers").key(name);
            problems.extend(found.into_iter().map(|problem| (path.below(&problem.path), problem.message)));
        }
    }
}

fn variables_of(name: &str, definition: &ProviderDefinition) -> Vec<String> {
    match compile_provider(name, definition, &|_| None, &SignIns::default()) {
        Ok(Compiled::NotLive { variables }) => variables,
        _ => Vec::new(),
    }
}

fn not_live(name: &str, variables: &[String]) -> String {
    let by_variable = match variables {
        [] => String::new(),
        variables => format!("set {} in the environment, or ", variables.join(" or ")),
    };
    format!("provider `{name}` cannot be called: {by_variable}write what it needs under `providers.{name}`")
}
