//! A snapshot with what the plane prepares for it once, so that a request prepares nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Provider, ProviderName, Snapshot};
use engine::Bench;
use engine::ledger::Ledger;
use engine::route::ProviderDirectory;
use fleet::canaries::Canaries;
use fleet::retry_budgets::RetryBudgets;
use http::HeaderValue;
use identity::Callers;
use parking_lot::Mutex;
use providers::transport::{AddressPolicy, Origin, OriginKey, Transport};
use telemetry::{ProviderMeters, Telemetry};

use crate::known_models::KnownModels;
use crate::resolve::Resolver;

/// What a gateway serves: a configuration, compiled.
#[derive(Clone)]
pub struct Configuration {
    /// The configuration itself.
    pub snapshot: Arc<Snapshot>,
    /// The providers that a route in a request's header may name.
    pub directory: Arc<dyn ProviderDirectory + Send + Sync>,
    /// Whom tokens make of those who send them.
    pub callers: Arc<Callers>,
}

/// A snapshot and its prepared state. A request pins one and sees no other.
pub(crate) struct Pinned {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) directory: Arc<dyn ProviderDirectory + Send + Sync>,
    pub(crate) callers: Arc<Callers>,
    pub(crate) resolver: Resolver,
    pub(crate) models: KnownModels,
    pub(crate) retry_budgets: RetryBudgets,
    /// Rate limits and budgets.
    pub(crate) ledger: Ledger,
    pub(crate) canaries: Canaries,
    providers: HashMap<ProviderName, Arc<ProviderState>>,
    /// Providers that are not live, named by a route that brings its own credential; as many as the directory has.
    bare: Mutex<HashMap<ProviderName, Arc<ProviderState>>>,
    transport: Transport,
    telemetry: Telemetry,
}

/// What is kept of one provider.
#[derive(Debug)]
pub(crate) struct ProviderState {
    pub(crate) provider: Arc<Provider>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) bench: Arc<Bench>,
    pub(crate) meters: Arc<ProviderMeters>,
    pub(crate) name: HeaderValue,
}

impl Pinned {
    pub(crate) fn new(
        configuration: Configuration,
        before: Option<&Self>,
        ledger: Ledger,
        transport: &Transport,
        telemetry: &Telemetry,
        now: Duration,
    ) -> Self {
        let Configuration { snapshot, directory, callers } = configuration;
        let state = |provider: &Arc<Provider>| {
            let old = before.and_then(|before| before.providers.get(&provider.name));
            let state = ProviderState::new(provider, bench(provider, old), transport, telemetry);
            (provider.name.clone(), Arc::new(state))
        };
        Self {
            providers: snapshot.providers.iter().map(state).collect(),
            bare: Mutex::default(),
            resolver: Resolver::new(),
            models: KnownModels::of(&snapshot.catalog),
            retry_budgets: RetryBudgets::of(&snapshot, before.map(|before| &before.retry_budgets)),
            ledger,
            canaries: Canaries::of(&snapshot, before.map(|before| &before.canaries), now, telemetry),
            snapshot,
            directory,
            callers,
            transport: transport.clone(),
            telemetry: telemetry.clone(),
        }
    }

    /// The state of a provider, be it live or named by a route that brings its own credential.
    pub(crate) fn state(&self, provider: &Arc<Provider>) -> Arc<ProviderState> {
        if let Some(state) = self.providers.get(&provider.name) {
            return Arc::clone(state);
        }
        let mut bare = self.bare.lock();
        let state = bare.entry(provider.name.clone()).or_insert_with(|| {
            let bench = Arc::new(Bench::new(0));
            Arc::new(ProviderState::new(provider, bench, &self.transport, &self.telemetry))
        });
        Arc::clone(state)
    }
}

impl ProviderState {
    fn new(
        provider: &Arc<Provider>,
        bench: Arc<Bench>,
        transport: &Transport,
        telemetry: &Telemetry,
    ) -> Self {
        Self {
            provider: Arc::clone(provider),
            origin: transport.origin(&origin_key(provider)),
            bench,
            meters: telemetry.provider(&provider.name),
            name: HeaderValue::from_str(provider.name.as_str())
                .unwrap_or(HeaderValue::from_static("unnamed")),
        }
    }
}

fn origin_key(provider: &Provider) -> OriginKey {
    OriginKey {
        scheme: provider.base.scheme.clone(),
        authority: provider.base.authority.clone(),
        http_version: provider.http_version,
        address_policy: AddressPolicy::Any,
    }
}

/// The old bench when it is about the very same credentials, else a fresh one.
fn bench(provider: &Provider, old: Option<&Arc<ProviderState>>) -> Arc<Bench> {
    let unchanged = old.filter(|old| {
        let before = &old.provider.credentials;
        before.len() == provider.credentials.len()
            && before
                .iter()
                .zip(provider.credentials.iter())
                .all(|(a, b)| a.id == b.id && a.proof.is_same(&b.proof))
    });
    unchanged.map_or_else(|| Arc::new(Bench::new(provider.credentials.len())), |old| Arc::clone(&old.bench))
}
