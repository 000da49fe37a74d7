//! From the file's form to the values that the process and its requests work with. Everything that is wrong is reported
//! at once, each with its path in the file.

mod allotments;
mod authority;
mod catalog;
mod directory;
mod keys;
mod limits;
mod metadata_schema;
mod oidc;
mod people;
mod process;
mod route_tests;
mod routes;
mod scope;
pub(crate) mod secrets;
mod shared_tls;
mod sharing;
mod signed_requests;
mod state;
mod tenants;
mod token_issuers;
mod webhooks;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use ::webhooks::Webhook;
use domain::kept::KeepRules;
use domain::key_pair::SignedRequests;
use domain::ports::catalog::Catalog;
use domain::route::RouteDefaults;
use domain::snapshot::RequestPolicy;
use domain::{Allotment, KeyHash, KnownKey, Limits, Network, Provider, Route, RouteName};
use identity::{Callers, KeySources, ProviderSources};
use providers::definition::ProviderDefinition;
use providers::sign_in::SignIns;

pub use self::directory::Directory;
pub use self::process::listen_address;
pub(crate) use self::process::upstream;
pub(crate) use self::shared_tls::files as shared_tls_files;
use crate::authority::Authority;
use crate::environment::Environment;
use crate::file::ConfigFile;
use crate::path::Path;
use crate::settings::{
    JournalSettings, LogSettings, RouteTest, SecretSettings, ServerSettings, StateSettings, UpstreamSettings,
};

/// What is wrong, and where.
pub(crate) type Problems = Vec<(Path, String)>;

/// Where a configuration comes from and what it is added to.
pub(crate) struct Surroundings<'a> {
    /// The folder that file names are looked up from.
    pub(crate) folder: &'a FilePath,
    pub(crate) environment: &'a Arc<dyn Environment>,
    /// The sign-ins of the process, so that those that did not change are kept.
    pub(crate) sign_ins: &'a SignIns,
    /// The published keys of token issuers, kept for the same reason.
    pub(crate) key_sources: &'a KeySources,
    /// What identity providers publish, likewise.
    pub(crate) provider_sources: &'a ProviderSources,
    /// Providers that the process adds, after the configured ones.
    pub(crate) extra_providers: &'a [(String, ProviderDefinition)],
    /// The configured providers' names in the order of the file.
    pub(crate) provider_order: Vec<String>,
}

/// A whole configuration, compiled.
pub(crate) struct Compiled {
    pub(crate) directory: Directory,
    pub(crate) providers: Vec<Arc<Provider>>,
    pub(crate) routes: BTreeMap<RouteName, Arc<Route>>,
    pub(crate) route_defaults: RouteDefaults,
    pub(crate) keys: HashMap<KeyHash, KnownKey>,
    pub(crate) authority: Authority,
    pub(crate) callers: Callers,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) signed_requests: SignedRequests,
    pub(crate) limits: Limits,
    pub(crate) allotments: Vec<Arc<Allotment>>,
    pub(crate) webhooks: Vec<Arc<Webhook>>,
    pub(crate) keep_rules: KeepRules,
    pub(crate) request_policy: RequestPolicy,
    pub(crate) server: ServerSettings,
    pub(crate) upstream: UpstreamSettings,
    pub(crate) secrets: SecretSettings,
    pub(crate) state: StateSettings,
    pub(crate) log: LogSettings,
    pub(crate) journal: Option<JournalSettings>,
    pub(crate) tests: Vec<RouteTest>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) catalog_file: PathBuf,
    pub(crate) warnings: Vec<String>,
}

/// Compiles a configuration.
pub(crate) fn compile(file: &ConfigFile, surroundings: &Surroundings<'_>) -> Result<Compiled, Problems> {
    let mut problems = Problems::new();
    let (directory, mut warnings) = directory::compile(&file.providers, surroundings, &mut problems);
    let route_defaults = routes::starting_point(&file.defaults, &mut problems);
    routes::check_probes(&route_defaults, &directory, &mut problems);
    let routes = routes::compile(file, &directory, &route_defaults, &mut problems);
    let sharing = sharing::compile(file, &directory, &mut problems);
    let tenants = tenants::compile(file, (&routes, &sharing), &mut problems);
    let keys = keys::compile(&file.keys, (&tenants, &routes), &mut problems);
    let authority = authority::compile(file, &tenants, surroundings, &mut problems);
    let issuers =
        token_issuers::compile(&file.token_issuers, (&tenants, &routes), surroundings, &mut problems);
    let signed_requests = signed_requests::compile(&file.signed_requests, &keys, &mut problems);
    let limits = limits::compile(&file.limits, &mut problems);
    let allotments = allotments::compile(file, &routes, &mut problems);
    let webhooks = webhooks::compile(file, &mut problems);
    let catalog = catalog::compile(file, surroundings, &directory, &mut problems);
    warnings.extend(catalog.warnings);
    let server = process::server(&file.server, surroundings.folder, &mut problems);
    warnings.extend(server.as_ref().and_then(|server| {
        let control = server.control.as_ref()?;
        server.exposes_control(control.listen.ip())
    }));
    let trusted_proxies = process::trusted_proxies(&file.server, &mut problems);
    let upstream = upstream(&file.upstream, surroundings.folder);
    let secrets = secrets::compile(&file.secrets, surroundings.environment.as_ref(), &mut problems);
    let state = state::settings(&file.state, surroundings, &mut problems);
    let keep_rules = state::rules(&file.state, state.bytes_max, &mut problems);
    let journal = file.journal.as_ref();
    let journal = journal.map(|section| process::journal(section, surroundings.folder, &mut problems));
    let tests = route_tests::compile(file, &mut problems);
    match server {
        Some(server) if problems.is_empty() => Ok(Compiled {
            providers: directory.live_providers().to_vec(),
            directory,
            routes,
            route_defaults,
            keys,
            authority,
            callers: Callers::new(issuers, tenants),
            trusted_proxies,
            signed_requests,
            limits,
            allotments,
            webhooks,
            keep_rules,
            request_policy: RequestPolicy {
                custom_host: file.upstream.custom_host_from_requests.unwrap_or(false),
            },
            server,
            upstream,
            secrets,
            state,
            log: process::log(&file.log),
            journal,
            tests,
            catalog: catalog.catalog,
            catalog_file: catalog.file,
            warnings,
        }),
        _ => Err(problems),
    }
}
