//! From the model that a client named to a route: a saved route, `provider/model`, or a bare model that a live provider
//! is known to serve.

use std::sync::Arc;

use domain::route::{Route, Target};
use domain::{ApiKey, Endpoint, ErrorCode, ModelName, Provider, Snapshot};
use engine::route::{direct, look_up_among};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use crate::refusal::Refusal;

mod near;

pub(crate) use near::unknown as unknown_model;

/// The longest name that a client may give a model, in bytes. It is kept in caches and metrics and written into headers
/// and log lines, so a client must not choose how long it is.
pub(crate) const MODEL_NAME_BYTES_MAX: usize = 512;

/// Most names whose resolution is remembered.
const NAMES_MAX: usize = 4_096;

/// Remembers resolved names, so that a request resolves with one lookup.
#[derive(Debug)]
pub(crate) struct Resolver {
    names: Cache<NameKey, Arc<Route>>,
    inline: Cache<Box<str>, Arc<Route>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct NameKey(Endpoint, Box<str>);

/// A name as it is looked up; hashes as the tuple struct that is kept.
#[derive(Hash)]
struct NameRef<'a>(Endpoint, &'a str);

impl Equivalent<NameKey> for NameRef<'_> {
    fn equivalent(&self, key: &NameKey) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// Most inline routes that are remembered; each is at most a request head long.
const INLINE_MAX: usize = 512;

impl Resolver {
    pub(crate) fn new() -> Self {
        Self { names: Cache::new(NAMES_MAX), inline: Cache::new(INLINE_MAX) }
    }

    /// The route that `name` stands for at `endpoint`, permitted to `key`.
    ///
    /// # Errors
    /// 404 with near names when nothing has this name; 403 when the key may not use it.
    pub(crate) fn by_name(
        &self,
        snapshot: &Snapshot,
        endpoint: Endpoint,
        name: &str,
        key: &ApiKey,
    ) -> Result<Arc<Route>, Refusal> {
        bound_name(name)?;
        if let Some(route) = snapshot.routes.get(name).filter(|route| shows_some(route, key)) {
            return permit_saved(route, name, key).map(|()| Arc::clone(route));
        }
        let route = match self.names.get(&NameRef(endpoint, name)).filter(|route| shows_some(route, key)) {
            Some(route) => route,
            None => self.find(snapshot, endpoint, name, key)?,
        };
        permit_targets(&route, name, key).map(|()| route)
    }

    /// A route written into the request, compiled once per text.
    ///
    /// # Errors
    /// What `compile` says, or 403 when the key may not use one of its targets.
    pub(crate) fn inline(
        &self,
        text: &str,
        client_model: &str,
        key: &ApiKey,
        compile: impl FnOnce() -> Result<Arc<Route>, Refusal>,
    ) -> Result<Arc<Route>, Refusal> {
        // To a workspace that cannot see all providers a route may be a mistake that is none to the others.
        let is_everybodys = key.subject.workspace.withheld.is_nothing();
        let route = match self.inline.get(text).filter(|_| is_everybodys) {
            Some(route) => route,
            None => {
                let route = compile()?;
                if is_everybodys {
                    self.inline.insert(text.into(), Arc::clone(&route));
                }
                route
            }
        };
        permit_targets(&route, client_model, key).map(|()| route)
    }

    fn find(
        &self,
        snapshot: &Snapshot,
        endpoint: Endpoint,
        name: &str,
        key: &ApiKey,
    ) -> Result<Arc<Route>, Refusal> {
        let is_there = |provider: &Provider| !key.cannot_see(provider.name.as_str());
        let (provider, model) = look_up_among(snapshot, endpoint, name, &is_there)
            .ok_or_else(|| unknown_model(snapshot, name, key))?;
        let route = Arc::new(direct(provider, model.into(), &snapshot.route_defaults));
        // To a workspace that cannot see all providers a name may mean something else than to the others.
        if key.subject.workspace.withheld.is_nothing() {
            self.names.insert(NameKey(endpoint, name.into()), Arc::clone(&route));
        }
        Ok(route)
    }
}

/// Refuses a name that is too long to be kept.
///
/// # Errors
/// 404, since no model has such a name.
pub(crate) fn bound_name(name: &str) -> Result<(), Refusal> {
    if name.len() <= MODEL_NAME_BYTES_MAX {
        return Ok(());
    }
    let message =
        format!("no model's name is longer than {MODEL_NAME_BYTES_MAX} bytes, this one has {}", name.len());
    Err(Refusal::new(ErrorCode::ModelNotFound, message).with_param("model"))
}

/// Whether a key can see one of a route's targets.
fn shows_some(route: &Route, key: &ApiKey) -> bool {
    if key.subject.workspace.withheld.is_nothing() {
        return true;
    }
    let mut shows = false;
    route.root.for_each_target(&mut |target| shows |= !hidden(target, key));
    shows
}

/// Whether a target is as if it were not there: of a provider that is hidden from the key, with a credential that is the provider's own.
pub(crate) fn hidden(target: &Target, key: &ApiKey) -> bool {
    key.cannot_see(target.provider.name.as_str()) && target.uses_credentials_of(&target.provider)
}

/// A saved route is permitted by its name; its targets must be of providers that the key may reach.
fn permit_saved(route: &Route, name: &str, key: &ApiKey) -> Result<(), Refusal> {
    if !key.allows_name(name) {
        return Err(not_allowed(name, key));
    }
    permit_each(route, |target| key.allows_provider(target.provider.name.as_str()), key)
}

/// Whether a key may use a saved route.
pub(crate) fn may_use(route: &Route, name: &str, key: &ApiKey) -> bool {
    shows_some(route, key) && permit_saved(route, name, key).is_ok()
}

/// Any other route is permitted when each of its targets is.
fn permit_targets(route: &Route, client_model: &str, key: &ApiKey) -> Result<(), Refusal> {
    let allowed = |target: &Target| {
        let model = target.model.as_ref().map_or(client_model, ModelName::as_str);
        key.allows_model(target.provider.name.as_str(), model)
    };
    permit_each(route, allowed, key)
}

/// A model that a request lists besides its own is permitted when the key may use it at every target.
pub(crate) fn permit_alternative(route: &Route, model: &str, key: &ApiKey) -> Result<(), Refusal> {
    let mut refused = false;
    route.root.for_each_target(&mut |target| {
        refused |= !key.allows_model(target.provider.name.as_str(), model);
    });
    if refused { Err(not_allowed(model, key).with_param("models")) } else { Ok(()) }
}

fn permit_each(route: &Route, allowed: impl Fn(&Target) -> bool, key: &ApiKey) -> Result<(), Refusal> {
    let mut refused = None;
    route.root.for_each_target(&mut |target| {
        if refused.is_none() && !hidden(target, key) && !allowed(target) {
            let model = target.model.as_ref().map_or("*", ModelName::as_str);
            refused = Some(not_allowed(&format!("{}/{model}", target.provider.name), key));
        }
    });
    refused.map_or(Ok(()), Err)
}

fn not_allowed(name: &str, key: &ApiKey) -> Refusal {
    let message =
        format!("the key `{}` may not use `{name}`; its owner can allow it in the configuration", key.name);
    Refusal::new(ErrorCode::ModelNotAllowed, message).with_param("model")
}

#[cfg(test)]
pub(crate) mod tests;
