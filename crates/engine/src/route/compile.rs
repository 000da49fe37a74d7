//! From a route's form to the tree that requests walk: names become providers, inheritance is resolved, and everything
//! that is wrong is reported at once, with its path.

mod active_probes;
mod breaker;
mod canary;
mod classifier;
mod conditional;
mod header;
mod inherit;
mod mirror;
mod parameter;
mod retry_budget;
mod sticky;
mod strategy;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod throughput;

use std::sync::Arc;

pub use conditional::ROUTE_TESTS_MAX;
use domain::CredentialId;
use domain::provider::{Credential, Provider};
pub use domain::route::RouteDefaults as Defaults;
use domain::route::RouteNode;
use secrecy::SecretString;

use self::inherit::Inherited;
use super::spec::{DefaultsSpec, RouteSpec};
use super::{RouteProblem, member};

/// Deepest nesting of a route.
pub const ROUTE_DEPTH_MAX: usize = 16;
/// Most targets in a route, all levels together.
pub const ROUTE_TARGETS_MAX: usize = 100;
/// Most retries of one target.
pub const RETRY_ATTEMPTS_MAX: u32 = 10;

/// Where a route's providers come from.
pub trait ProviderDirectory {
    /// The provider of this name, when it can be called with a credential of its own.
    fn live(&self, name: &str) -> Option<Arc<Provider>>;
    /// The provider of this name, to be called with a credential that the route brings along; it need not be live.
    fn bare(&self, name: &str) -> Option<Arc<Provider>>;
    /// A credential as this provider wants it presented.
    ///
    /// # Errors
    /// When it cannot be sent, for example because a header cannot hold it; the text does not quote it.
    fn credential(
        &self,
        provider: &Provider,
        secret: &SecretString,
        id: CredentialId,
    ) -> Result<Credential, String>;
    /// Why a provider that exists is not live, and what to do; `None` when there is no such provider.
    fn absence(&self, name: &str) -> Option<String>;
    /// Every name there is, for suggestions.
    fn names(&self) -> Vec<String>;
}

/// Who wrote a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operator, in the configuration.
    Operator,
    /// A client, in a header.
    Request {
        /// Whether it may name a `custom_host`.
        custom_host_allowed: bool,
    },
}

/// What a route is compiled against.
#[derive(Clone, Copy)]
pub struct CompileContext<'a> {
    /// The providers it may name.
    pub providers: &'a dyn ProviderDirectory,
    /// What it starts from.
    pub defaults: &'a Defaults,
    /// Who wrote it.
    pub origin: Origin,
}

/// Compiles a route.
///
/// # Errors
/// With everything that is wrong with it, in the order of the text.
pub fn compile(spec: &RouteSpec, context: &CompileContext<'_>) -> Result<RouteNode, Vec<RouteProblem>> {
    let mut compiler = Compiler { context, problems: Vec::new(), targets: 0, tests: 0 };
    let root = compiler.node(spec, &Place::root(), &Inherited::from(context.defaults));
    if compiler.targets > ROUTE_TARGETS_MAX {
        compiler.report(
            "targets",
            format!("a route has at most {ROUTE_TARGETS_MAX} targets, this one {}", compiler.targets),
        );
    }
    if compiler.tests > ROUTE_TESTS_MAX {
        let message = format!(
            "all conditions of a route compare at most {ROUTE_TESTS_MAX} values, these {}",
            compiler.tests
        );
        compiler.report("strategy", message);
    }
    match root {
        Some(root) if compiler.problems.is_empty() => Ok(root),
        _ => Err(compiler.problems),
    }
}

/// Compiles what every route starts from.
///
/// # Errors
/// With everything that is wrong with it.
pub fn defaults(spec: &DefaultsSpec) -> Result<Defaults, Vec<RouteProblem>> {
    let spec = spec.clone();
    let node = RouteSpec {
        retry: spec.retry,
        request_timeout: spec.request_timeout,
        connect_timeout: spec.connect_timeout,
        first_token_timeout: spec.first_token_timeout,
        idle_timeout: spec.idle_timeout,
        total_timeout: spec.total_timeout,
        throughput_min: spec.throughput_min,
        ..RouteSpec::default()
    };
    let built_in = Defaults::default();
    let context = CompileContext { providers: &Nobody, defaults: &built_in, origin: Origin::Operator };
    let mut compiler = Compiler { context: &context, problems: Vec::new(), targets: 0, tests: 0 };
    let settings = compiler.refine(&Inherited::from(&built_in), &node, &Place::root());
    let breaker = compiler.breaker(&spec.circuit_breaker.unwrap_or_default());
    let probes = compiler.active_probes(&spec.active_probes.unwrap_or_default());
    let retry_budget = compiler.retry_budget(&spec.retry_budget.unwrap_or_default());
    if compiler.problems.is_empty() {
        Ok(Defaults { retry: settings.retry, timeouts: settings.timeouts, breaker, probes, retry_budget })
    } else {
        Err(compiler.problems)
    }
}

/// The directory for what names no provider.
struct Nobody;

impl ProviderDirectory for Nobody {
    fn live(&self, _: &str) -> Option<Arc<Provider>> {
        None
    }

    fn bare(&self, _: &str) -> Option<Arc<Provider>> {
        None
    }

    fn credential(
        &self,
        provider: &Provider,
        _: &SecretString,
        _: CredentialId,
    ) -> Result<Credential, String> {
        Err(format!("provider `{}` is not known here", provider.name))
    }

    fn absence(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Where in the tree a node is.
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn root() -> Self {
        Self { path: String::new(), depth: 1 }
    }

    fn child(&self, index: usize) -> Self {
        Self { path: member(&self.path, &format!("targets[{index}]")), depth: self.depth + 1 }
    }

    fn member(&self, name: &str) -> String {
        member(&self.path, name)
    }
}

/// The walk over one route: what it is compiled against, and what was found wrong so far.
struct Compiler<'a> {
    context: &'a CompileContext<'a>,
    problems: Vec<RouteProblem>,
    targets: usize,
    tests: usize,
}

impl Compiler<'_> {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(RouteProblem { path: path.into(), message: message.into() });
    }

    /// `None` when the node is wrong, which has been reported then.
    fn node(&mut self, spec: &RouteSpec, place: &Place, above: &Inherited) -> Option<RouteNode> {
        let settings = self.refine(above, spec, place);
        match &spec.targets {
            Some(targets) => {
                self.refuse_target_members(spec, place);
                self.group(spec, targets, place, &settings)
            }
            None => {
                self.refuse_group_members(spec, place);
                self.targets += 1;
                self.target(spec, place, settings).map(|target| RouteNode::Target(Arc::new(target)))
            }
        }
    }

    fn group(
        &mut self,
        spec: &RouteSpec,
        targets: &[RouteSpec],
        place: &Place,
        settings: &Inherited,
    ) -> Option<RouteNode> {
        let strategy = self.strategy(spec, targets, place);
        if place.depth >= ROUTE_DEPTH_MAX {
            self.report(place.member("targets"), format!("a route is at most {ROUTE_DEPTH_MAX} levels deep"));
            return None;
        }
        let children: Vec<_> = targets
            .iter()
            .enumerate()
            .map(|(index, child)| self.node(child, &place.child(index), settings))
            .collect();
        strategy?.node(children.into_iter().collect::<Option<_>>()?)
    }

    fn refuse_target_members(&mut self, spec: &RouteSpec, place: &Place) {
        let members = [
            ("target", spec.target.is_some()),
            ("provider", spec.provider.is_some()),
            ("model", spec.model.is_some()),
            ("api_key", spec.api_key.is_some()),
        ];
        for (name, _) in members.into_iter().filter(|(_, written)| *written) {
            self.report(
                place.member(name),
                "a node with `targets` calls nobody itself; write this on its targets",
            );
        }
    }

    fn refuse_group_members(&mut self, spec: &RouteSpec, place: &Place) {
        if spec.strategy.is_some() {
            self.report(place.member("strategy"), "a strategy needs `targets` to choose from");
        }
        if spec.on_status_codes.is_some() {
            let message = "only a `fallback` over `targets` moves on by status; for retries write `retry.on_status_codes`";
            self.report(place.member("on_status_codes"), message);
        }
    }
}
