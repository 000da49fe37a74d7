//! The whole configuration as one immutable value. Every source compiles to it; a request pins one and never sees
//! another.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::allotment::Allotment;
use crate::kept::KeepRules;
use crate::key::{ApiKey, KeyHash, KnownKey};
use crate::key_pair::SignedRequests;
use crate::limits::Limits;
use crate::name::{ProviderName, RouteName};
use crate::network::Network;
use crate::ports::catalog::{Catalog, EmptyCatalog};
use crate::provider::Provider;
use crate::route::{Route, RouteDefaults};

/// A validated configuration.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts the loads since start; 1 is the first.
    pub generation: u64,
    /// Live providers in the order in which bare model names are looked up.
    pub providers: Vec<Arc<Provider>>,
    /// Saved routes.
    pub routes: BTreeMap<RouteName, Arc<Route>>,
    /// What targets start from where their route says nothing.
    pub route_defaults: RouteDefaults,
    /// Client keys by each of their hashes.
    pub keys: HashMap<KeyHash, KnownKey>,
    /// The proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Which signed requests are believed, in place of a key.
    pub signed_requests: SignedRequests,
    /// Bounds of every request.
    pub limits: Limits,
    /// Rate limits and budgets.
    pub allotments: Vec<Arc<Allotment>>,
    /// What is kept of conversations.
    pub keep_rules: KeepRules,
    /// What the operator lets requests decide.
    pub request_policy: RequestPolicy,
    /// What is known of models, and what they cost.
    pub catalog: Arc<dyn Catalog>,
}

impl Default for Snapshot {
    /// Nothing but defaults: no provider, no route, no key, no catalogue.
    fn default() -> Self {
        Self {
            generation: 0,
            providers: Vec::new(),
            routes: BTreeMap::new(),
            route_defaults: RouteDefaults::default(),
            keys: HashMap::new(),
            trusted_proxies: Vec::new(),
            signed_requests: SignedRequests::default(),
            limits: Limits::default(),
            allotments: Vec::new(),
            keep_rules: KeepRules::default(),
            request_policy: RequestPolicy::default(),
            catalog: Arc::new(EmptyCatalog),
        }
    }
}

/// What a request may ask for beyond a model's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestPolicy {
    /// Whether an inline configuration may name a `custom_host`; private addresses stay refused.
    pub custom_host: bool,
}

impl Snapshot {
    /// The live provider of this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.name.as_str() == name)
    }

    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&Arc<ApiKey>> {
        self.keys.values().map(|known| &known.key).find(|key| key.name.as_str() == name)
    }

    /// The names of live providers.
    pub fn provider_names(&self) -> impl Iterator<Item = &ProviderName> {
        self.providers.iter().map(|provider| &provider.name)
    }
}
