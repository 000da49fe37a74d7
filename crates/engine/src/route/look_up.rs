//! What a name means that is no saved route: `provider/model`, or a bare model that a live provider is known to serve.

use std::sync::Arc;

use domain::route::{ParameterRules, Route, RouteDefaults, RouteNode, Target};
use domain::{Endpoint, ModelName, Provider, Snapshot};

/// The provider that a name means at an endpoint, and the model's name there.
#[must_use]
pub fn look_up<'a>(
    snapshot: &'a Snapshot,
    endpoint: Endpoint,
    name: &'a str,
) -> Option<(&'a Arc<Provider>, &'a str)> {
    look_up_among(snapshot, endpoint, name, &|_| true)
}

/// The same, to whom only some providers are there.
#[must_use]
pub fn look_up_among<'a>(
    snapshot: &'a Snapshot,
    endpoint: Endpoint,
    name: &'a str,
    is_there: &dyn Fn(&Provider) -> bool,
) -> Option<(&'a Arc<Provider>, &'a str)> {
    let prefixed = name.split_once('/').and_then(|(provider, model)| {
        let model = Some(model).filter(|model| !model.is_empty())?;
        Some((snapshot.provider(provider).filter(|provider| is_there(provider))?, model))
    });
    prefixed.or_else(|| {
        let visible = snapshot.providers.iter().filter(|provider| is_there(provider));
        let mut knowing = visible.filter(|provider| provider.knows_model(name)).peekable();
        let first = knowing.peek().copied();
        knowing
            .find(|provider| provider.offer(endpoint, name).is_some())
            .or(first)
            .map(|provider| (provider, name))
    })
}

/// The route of one target with nothing special about it.
#[must_use]
pub fn direct(provider: &Arc<Provider>, model: ModelName, defaults: &RouteDefaults) -> Route {
    let target = Target {
        path: String::new(),
        provider: Arc::clone(provider),
        model: Some(model),
        credentials: Arc::clone(&provider.credentials),
        custom_host: None,
        retry: defaults.retry.clone(),
        timeouts: defaults.timeouts,
        parameters: ParameterRules::default(),
        forward_headers: Vec::new(),
        strict: false,
        resume: false,
        region: provider.region.clone(),
    };
    Route { name: None, root: RouteNode::Target(Arc::new(target)) }
}
