//! A snapshot with what the plane prepares for it once, so that a request prepares nothing.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Provider, ProviderName, Snapshot};
use engine::Bench;
use http::HeaderValue;
use providers::transport::{AddressPolicy, Origin, OriginKey, Transport};
use telemetry::{ProviderMeters, Telemetry};

use crate::resolve::Resolver;

/// A snapshot and its prepared state. A request pins one and sees no other.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) resolver: Resolver,
    providers: HashMap<ProviderName, Arc<ProviderState>>,
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
        snapshot: Arc<Snapshot>,
        before: Option<&Self>,
        transport: &Transport,
        telemetry: &Telemetry,
    ) -> Self {
        let state = |provider: &Arc<Provider>| {
            let old = before.and_then(|before| before.providers.get(&provider.name));
            let state = ProviderState {
                provider: Arc::clone(provider),
                origin: transport.origin(&origin_key(provider)),
                bench: bench(provider, old),
                meters: telemetry.provider(&provider.name),
                name: HeaderValue::from_str(provider.name.as_str()).unwrap_or(HeaderValue::from_static("unnamed")),
            };
            (provider.name.clone(), Arc::new(state))
        };
        let mut providers: HashMap<_, _> = snapshot.providers.iter().map(state).collect();
        for route in snapshot.routes.values() {
            route.root.for_each_target(&mut |target| {
                if !providers.contains_key(&target.provider.name) {
                    providers.extend([state(&target.provider)]);
                }
            });
        }
        Self { resolver: Resolver::new(), providers, snapshot }
    }

    /// The state of a provider of this snapshot, be it live or named by a route that brings its own credential.
    pub(crate) fn state(&self, provider: &Provider) -> Option<&Arc<ProviderState>> {
        self.providers.get(&provider.name)
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
            && before.iter().zip(provider.credentials.iter()).all(|(a, b)| a.id == b.id && a.header == b.header)
    });
    unchanged.map_or_else(|| Arc::new(Bench::new(provider.credentials.len())), |old| Arc::clone(&old.bench))
}
