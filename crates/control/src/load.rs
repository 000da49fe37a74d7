//! Reads a configuration from its file to the values that the process works with.

mod references;
#[cfg(test)]
mod tests;
mod unsealed;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use domain::Snapshot;
use engine::route::RouteSpec;
use engine::route::spec::DefaultsSpec;
use identity::{Callers, KeySources, ProviderSources};
use providers::definition::ProviderDefinition;
use providers::sign_in::SignIns;
use providers::vaults::SecretReference;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use webhooks::Webhook;

use crate::authority::Authority;
use crate::compile::{Compiled, Directory, Surroundings, compile, shared_tls_files};
use crate::environment::Environment;
use crate::file::ConfigFile;
use crate::interpolate::interpolate;
use crate::objects::{FileObjects, Merged, Objects, objects_of};
use crate::path::Path;
use crate::problem::{ConfigErrors, ConfigProblem, Redactions};
use crate::sealing::{KeyRing, Sealing};
use crate::settings::{
    JournalSettings, LogSettings, RouteTest, SecretSettings, ServerSettings, StatePlace, StateSettings,
    UpstreamSettings,
};
use crate::structure::check;
use crate::vaulted::{FetchSecrets, VaultedSecrets};
use crate::yaml::{self, Node};
use unsealed::unsealed;

/// The longest configuration file.
pub const CONFIG_BYTES_MAX: u64 = 4 << 20;

/// A configuration without mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// What requests see.
    pub snapshot: Arc<Snapshot>,
    /// Every provider that a route in a request's header may name.
    pub directory: Arc<Directory>,
    /// Who may administer the gateway.
    pub authority: Arc<Authority>,
    /// Whom tokens make of those who send them.
    pub callers: Arc<Callers>,
    /// Whom budgets tell.
    pub webhooks: Vec<Arc<Webhook>>,
    /// Where the process listens.
    pub server: ServerSettings,
    /// How providers are reached.
    pub upstream: UpstreamSettings,
    /// Where secrets are kept.
    pub secrets: SecretSettings,
    /// Where responses and conversations are kept.
    pub state: StateSettings,
    /// What is logged.
    pub log: LogSettings,
    /// Where requests are written down.
    pub journal: Option<JournalSettings>,
    /// The tests of its routes.
    pub tests: Vec<RouteTest>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
    /// The entries of the file that could be objects.
    pub in_file: FileObjects,
    /// The objects of the API that are parts of it.
    pub objects: Arc<Objects>,
    /// What was put in from vaults.
    pub references: Vec<SecretReference>,
    /// The files whose contents were put in by `${file:…}`, and those with the keys of token issuers.
    pub files: Vec<PathBuf>,
    /// The catalogue beside the configuration, whether or not there is one.
    pub catalog_file: PathBuf,
}

impl Loaded {
    /// The keys that the secrets of its objects are under.
    #[must_use]
    pub fn key_ring(&self, sealing: &Sealing) -> KeyRing {
        sealing.ring(&self.secrets.keys, self.state.place == StatePlace::Memory)
    }
}

/// Loads one configuration file, again and again.
#[derive(Clone)]
pub struct Loader {
    path: PathBuf,
    environment: Arc<dyn Environment>,
    extra_providers: Vec<(String, ProviderDefinition)>,
    sign_ins: SignIns,
    key_sources: KeySources,
    secrets: VaultedSecrets,
    provider_sources: ProviderSources,
}

impl Loader {
    /// A loader of the file at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, environment: Arc<dyn Environment>) -> Self {
        Self {
            path: path.into(),
            environment,
            extra_providers: Vec::new(),
            sign_ins: SignIns::default(),
            key_sources: KeySources::default(),
            secrets: VaultedSecrets::default(),
            provider_sources: ProviderSources::default(),
        }
    }

    /// Adds a provider that the process brings along; one of the same name in the configuration replaces it.
    #[must_use]
    pub fn with_provider(mut self, name: impl Into<String>, definition: ProviderDefinition) -> Self {
        self.extra_providers.push((name.into(), definition));
        self
    }

    /// Reads references to vaults this way; without one, none can be read.
    #[must_use]
    pub fn with_vaults(mut self, way: Arc<dyn FetchSecrets>) -> Self {
        self.secrets = VaultedSecrets::by(way);
        self
    }

    /// The secrets that all configurations that it loads have from vaults, to be fetched again while one is in force.
    #[must_use]
    pub fn secrets(&self) -> &VaultedSecrets {
        &self.secrets
    }

    /// The sign-ins of all configurations that it loads, to be started once one is in force.
    #[must_use]
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// The published keys of all configurations that it loads, to be fetched once one is in force.
    #[must_use]
    pub fn key_sources(&self) -> &KeySources {
        &self.key_sources
    }

    /// What identity providers publish, of all configurations that it loads, to be fetched once one is in force.
    #[must_use]
    pub fn provider_sources(&self) -> &ProviderSources {
        &self.provider_sources
    }

    /// The file that is loaded.
    #[must_use]
    pub fn path(&self) -> &FilePath {
        &self.path
    }

    /// The folder that the configuration's file names are looked up from.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => FilePath::new("."),
        }
    }

    /// Reads the file and everything it refers to.
    ///
    /// # Errors
    /// With everything that is wrong, by line.
    pub fn load(&self, generation: u64) -> Result<Loaded, ConfigErrors> {
        self.load_with(Arc::default(), generation)
    }

    /// Reads the file, and takes the objects of the API for parts of it.
    ///
    /// # Errors
    /// With everything that is wrong with the whole, by line, and where it belongs to an object by the object's name.
    pub fn load_with(&self, objects: Arc<Objects>, generation: u64) -> Result<Loaded, ConfigErrors> {
        match self.environment.file(&self.path, CONFIG_BYTES_MAX) {
            // A file that is being written is empty for a moment. It would be a configuration without keys.
            Ok(text) if text.trim().is_empty() => {
                let message = "the file is empty; it needs at least an entry under `keys`, as `tollgate key new` prints it";
                Err(self.unreadable(message.to_owned()))
            }
            Ok(text) => self.compile(&text, objects, generation),
            Err(error) => Err(self.unreadable(format!("the file cannot be read: {error}"))),
        }
    }

    /// As [`Self::load`], with the text already at hand; an empty one gives what the environment alone makes live.
    ///
    /// # Errors
    /// With everything that is wrong, by line.
    pub fn load_text(&self, text: &str, generation: u64) -> Result<Loaded, ConfigErrors> {
        self.compile(text, Arc::default(), generation)
    }

    fn compile(&self, text: &str, objects: Arc<Objects>, generation: u64) -> Result<Loaded, ConfigErrors> {
        let draft = self.draft(text, &objects).map_err(|problems| self.errors(problems))?;
        let located = |(path, message): (Path, String)| {
            let (position, message) = (Some(path.locate(&draft.root)), draft.redactions.apply(&message));
            draft.merged.placed(ConfigProblem { position, message, path })
        };
        let file = typed(&draft.json).map_err(|problems| problems.into_iter().map(located).collect());
        let file: ConfigFile = file.map_err(|problems: Vec<_>| self.errors(problems))?;
        let surroundings = Surroundings {
            folder: self.folder(),
            environment: &self.environment,
            sign_ins: &self.sign_ins,
            key_sources: &self.key_sources,
            provider_sources: &self.provider_sources,
            extra_providers: &self.extra_providers,
            provider_order: provider_order(&draft.root),
        };
        let compiled = compile(&file, &surroundings);
        let mut compiled =
            compiled.map_err(|problems| self.errors(problems.into_iter().map(located).collect()))?;
        let unsealed = unsealed(&objects, &compiled.secrets.keys, &compiled.state);
        if !unsealed.is_empty() {
            return Err(self.errors(unsealed));
        }
        for (index, test) in compiled.tests.iter_mut().enumerate() {
            test.line = Path::root().key("tests").index(index).locate(&draft.root).line;
        }
        for id in &draft.merged.shadowed {
            compiled
                .warnings
                .push(format!("`{id}` of the API is not in force: the file has one of this name"));
        }
        let key_files = file.token_issuers.iter().filter_map(|issuer| issuer.jwks_file.as_ref());
        let key_files = key_files.map(|key_file| self.folder().join(key_file));
        let tls_files = shared_tls_files(&file.state, self.folder());
        let files = draft.files.into_iter().chain(key_files).chain(tls_files).collect();
        let read = Read { files, in_file: draft.in_file, references: draft.references };
        Ok(loaded(compiled, read, objects, generation))
    }

    /// The configuration as JSON of the right structure.
    fn draft(&self, text: &str, objects: &Objects) -> Result<Draft, Vec<ConfigProblem>> {
        let (root, problems) = yaml::read(text);
        let mut problems: Vec<_> = problems
            .into_iter()
            .map(|problem| ConfigProblem {
                position: Some(problem.position),
                path: Path::root(),
                message: problem.message,
            })
            .collect();
        let Some(mut root) = root else {
            return Err(problems);
        };
        let schema = crate::schema::config_schema();
        let in_file = objects_of(&root, &schema);
        let mut merged = Merged::into_tree(&mut root, objects, &in_file, &schema);
        let vaulted = self.vaulted(&root, &schema, problems.is_empty() && merged.problems.is_empty());
        let interpolation = interpolate(&mut root, self.folder(), self.environment.as_ref(), &vaulted);
        let mut redactions = interpolation.redactions;
        let checked = check(&root, &schema);
        redactions.extend(checked.secrets);
        problems.append(&mut merged.problems);
        problems.extend(interpolation.problems);
        problems.extend(checked.problems);
        match checked.json {
            Some(json) if problems.is_empty() => {
                let references = vaulted.into_keys().collect();
                Ok(Draft { root, json, merged, in_file, redactions, files: interpolation.files, references })
            }
            _ => {
                let told = problems.into_iter().map(|problem| {
                    merged.placed(ConfigProblem { message: redactions.apply(&problem.message), ..problem })
                });
                Err(told.collect())
            }
        }
    }

    fn unreadable(&self, message: String) -> ConfigErrors {
        self.errors(vec![ConfigProblem { position: None, path: Path::root(), message }])
    }

    fn errors(&self, problems: Vec<ConfigProblem>) -> ConfigErrors {
        ConfigErrors::new(self.path.display().to_string(), problems)
    }
}

/// A configuration whose structure is right.
struct Draft {
    root: Node,
    json: Json,
    merged: Merged,
    in_file: FileObjects,
    redactions: Redactions,
    files: Vec<PathBuf>,
    references: Vec<SecretReference>,
}

/// What was read on the way.
struct Read {
    files: Vec<PathBuf>,
    in_file: FileObjects,
    references: Vec<SecretReference>,
}

fn loaded(compiled: Compiled, read: Read, objects: Arc<Objects>, generation: u64) -> Loaded {
    let Read { files, in_file, references } = read;
    Loaded {
        snapshot: Arc::new(Snapshot {
            generation,
            providers: compiled.providers,
            routes: compiled.routes,
            route_defaults: compiled.route_defaults,
            keys: compiled.keys,
            trusted_proxies: compiled.trusted_proxies,
            signed_requests: compiled.signed_requests,
            limits: compiled.limits,
            allotments: compiled.allotments,
            keep_rules: compiled.keep_rules,
            request_policy: compiled.request_policy,
            catalog: compiled.catalog,
        }),
        directory: Arc::new(compiled.directory),
        authority: Arc::new(compiled.authority),
        callers: Arc::new(compiled.callers),
        webhooks: compiled.webhooks,
        server: compiled.server,
        upstream: compiled.upstream,
        secrets: compiled.secrets,
        state: compiled.state,
        log: compiled.log,
        journal: compiled.journal,
        tests: compiled.tests,
        warnings: compiled.warnings,
        in_file,
        objects,
        references,
        files,
        catalog_file: compiled.catalog_file,
    }
}

fn provider_order(root: &Node) -> Vec<String> {
    let section = root.get("providers").map(|entry| entry.node.entries()).unwrap_or_default();
    section.iter().map(|entry| entry.key.clone()).collect()
}

/// Reads the types, each part of the file on its own, so that one mistake does not hide the next.
fn typed(json: &Json) -> Result<ConfigFile, Vec<(Path, String)>> {
    let mut problems = Vec::new();
    let section = |name: &str| json.get(name).cloned().unwrap_or_else(|| Json::Object(Map::new()));
    let root = Path::root();
    let file = ConfigFile {
        server: part(section("server"), &root.key("server"), &mut problems).unwrap_or_default(),
        limits: part(section("limits"), &root.key("limits"), &mut problems).unwrap_or_default(),
        upstream: part(section("upstream"), &root.key("upstream"), &mut problems).unwrap_or_default(),
        providers: parts::<ProviderDefinition>(&section("providers"), &root.key("providers"), &mut problems),
        routes: parts::<RouteSpec>(&section("routes"), &root.key("routes"), &mut problems),
        defaults: part::<DefaultsSpec>(section("defaults"), &root.key("defaults"), &mut problems)
            .unwrap_or_default(),
        organization: part(section("organization"), &root.key("organization"), &mut problems)
            .unwrap_or_default(),
        workspaces: parts(&section("workspaces"), &root.key("workspaces"), &mut problems),
        users: parts(&section("users"), &root.key("users"), &mut problems),
        groups: parts(&section("groups"), &root.key("groups"), &mut problems),
        keys: list(json.get("keys"), &root.key("keys"), &mut problems),
        control: part(section("control"), &root.key("control"), &mut problems).unwrap_or_default(),
        roles: parts(&section("roles"), &root.key("roles"), &mut problems),
        token_issuers: list(json.get("token_issuers"), &root.key("token_issuers"), &mut problems),
        rate_limits: list(json.get("rate_limits"), &root.key("rate_limits"), &mut problems),
        budgets: list(json.get("budgets"), &root.key("budgets"), &mut problems),
        webhooks: list(json.get("webhooks"), &root.key("webhooks"), &mut problems),
        signed_requests: part(section("signed_requests"), &root.key("signed_requests"), &mut problems)
            .unwrap_or_default(),
        catalog: part(section("catalog"), &root.key("catalog"), &mut problems).unwrap_or_default(),
        secrets: part(section("secrets"), &root.key("secrets"), &mut problems).unwrap_or_default(),
        state: part(section("state"), &root.key("state"), &mut problems).unwrap_or_default(),
        log: part(section("log"), &root.key("log"), &mut problems).unwrap_or_default(),
        journal: json.get("journal").and_then(|json| part(json.clone(), &root.key("journal"), &mut problems)),
        tests: list(json.get("tests"), &root.key("tests"), &mut problems),
    };
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

fn part<T: DeserializeOwned>(json: Json, path: &Path, problems: &mut Vec<(Path, String)>) -> Option<T> {
    match serde_path_to_error::deserialize(json) {
        Ok(part) => Some(part),
        Err(error) => {
            problems.push((path.join(error.path().into()), error.inner().to_string()));
            None
        }
    }
}

fn parts<T: DeserializeOwned>(
    json: &Json,
    path: &Path,
    problems: &mut Vec<(Path, String)>,
) -> std::collections::BTreeMap<String, T> {
    let entries = json.as_object().into_iter().flatten();
    entries
        .filter_map(|(name, json)| Some((name.clone(), part(json.clone(), &path.key(name), problems)?)))
        .collect()
}

fn list<T: DeserializeOwned>(json: Option<&Json>, path: &Path, problems: &mut Vec<(Path, String)>) -> Vec<T> {
    let items = json.and_then(Json::as_array).into_iter().flatten().enumerate();
    items.filter_map(|(index, json)| part(json.clone(), &path.index(index), problems)).collect()
}
