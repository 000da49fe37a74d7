//! Routes: trees that say which targets a request may go to, in which order. Inheritance is already resolved here, so
//! each target carries all it needs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use crate::atomic::{AtomicU64, Ordering};
use crate::breaker::BreakerPolicy;
use crate::canary::CanaryPlan;
use crate::condition::{Condition, Fact};
use crate::likeness::Likeness;
use crate::mirror::Mirror;
use crate::name::{ModelName, RegionName, RouteName};
use crate::probe::ProbePolicy;
use crate::provider::{BaseUrl, Credential, Provider};
use crate::race::Race;
use crate::retry_budget::RetryBudgetPolicy;
use crate::timeouts::Timeouts;

/// A route with its name, when it was saved under one.
#[derive(Debug)]
pub struct Route {
    /// `None` for routes sent in a header and for `provider/model`.
    pub name: Option<RouteName>,
    /// The tree.
    pub root: RouteNode,
}

/// A node of a route's tree.
#[derive(Debug)]
pub enum RouteNode {
    /// Call this target.
    Target(Arc<Target>),
    /// Take the first child, whatever happens.
    Single(Box<RouteNode>),
    /// Take the children in order until one does not fail.
    Fallback {
        /// The statuses that move on to the next child; any failure when absent.
        on_status_codes: Option<BTreeSet<u16>>,
        /// At least one.
        children: Vec<RouteNode>,
    },
    /// Take the children in order until one does not fail, and a second one already when the first takes long.
    Race {
        /// When, and how often.
        race: Race,
        /// At least one.
        children: Vec<RouteNode>,
    },
    /// Take the one child, and copy requests to further targets.
    Mirror {
        /// Which requests.
        mirror: Mirror,
        /// Who answers.
        child: Box<RouteNode>,
        /// Who gets the copies, and answers nobody; at least one.
        copies: Vec<Arc<Target>>,
    },
    /// Take one child.
    LoadBalance {
        /// By what.
        by: Balance,
        /// At least one, each with a weight; the sum is above zero.
        children: Vec<(u32, RouteNode)>,
    },
    /// Take the one child that the request's facts choose.
    Conditional(Branches),
    /// Take one child by weight, the same for the same facts.
    Sticky(Stickiness),
    /// Take the new one of two children for a share of the requests that grows while it does well.
    Canary(Canary),
}

/// By what a load balancer chooses.
#[derive(Debug, Clone)]
pub enum Balance {
    /// At random, by weight.
    Weight,
    /// In turn, as often as the weights say.
    RoundRobin(Arc<Turns>),
    /// The child with the fewest calls under way for its weight.
    LeastBusy,
    /// The faster of two that are drawn by weight, calls under way taken into account.
    Latency,
    /// The child that is likely to cost least.
    Cost,
    /// The child with most left of its provider's quota.
    Usage,
    /// The child that is likely to have most of the prompt's beginning in its provider's prompt cache.
    PromptCache,
}

impl Balance {
    /// The same, with no turn taken yet.
    fn restarted(&self) -> Self {
        match self {
            Self::RoundRobin(_) => Self::RoundRobin(Arc::default()),
            other => other.clone(),
        }
    }
}

/// Whose turn it is. It counts on for as long as its route is in force, which changes nothing that the route says.
#[derive(Debug, Default)]
pub struct Turns(AtomicU64);

impl Turns {
    /// The number of this turn.
    pub fn take(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Children of which the request's facts choose one.
#[derive(Debug)]
pub struct Branches {
    /// In their order, each with the place of the child that is taken when it holds and none before it does.
    pub conditions: Vec<(Condition, usize)>,
    /// Whose place is taken when no condition holds and the request is like an example.
    pub likeness: Option<Likeness>,
    /// The place of the child that is taken when none holds and nothing is alike.
    pub default: Option<usize>,
    /// At least one.
    pub children: Vec<RouteNode>,
}

/// Children among which the same values of some facts choose the same one.
#[derive(Debug)]
pub struct Stickiness {
    /// The facts; at least one.
    pub facts: Vec<Fact>,
    /// After what time the choice is made anew; never when absent.
    pub ttl: Option<Duration>,
    /// At least one; the sum of the weights is above zero.
    pub children: Vec<StickyChild>,
}

/// A child that keeps its requests when its siblings change.
#[derive(Debug)]
pub struct StickyChild {
    /// Its share.
    pub weight: u32,
    /// What it is known by, whatever its place among its siblings.
    pub identity: u64,
    /// What is taken.
    pub node: RouteNode,
}

/// A child that is tried beside the one that serves.
#[derive(Debug)]
pub struct Canary {
    /// Its place in the route, as `targets[1]`; empty at the root.
    pub path: String,
    /// How it grows, and what ends it.
    pub plan: Arc<CanaryPlan>,
    /// The facts whose values keep a request in its arm; the arm is drawn for each request where there are none, or it has none of them.
    pub facts: Vec<Fact>,
    /// After what time those are put into arms anew; never when absent.
    pub ttl: Option<Duration>,
    /// What serves today, which is `targets[0]`.
    pub baseline: Box<RouteNode>,
    /// What is tried, which is `targets[1]`.
    pub canary: Box<RouteNode>,
}

impl RouteNode {
    /// Calls `visit` on every target of the tree that may answer, in order.
    pub fn for_each_target<'tree>(&'tree self, visit: &mut impl FnMut(&'tree Target)) {
        self.for_each_node(&mut |node| {
            if let Self::Target(target) = node {
                visit(target);
            }
        });
    }

    /// Calls `visit` on every node of the tree, those above before those below, in order.
    pub fn for_each_node<'tree>(&'tree self, visit: &mut impl FnMut(&'tree Self)) {
        visit(self);
        match self {
            Self::Target(_) => {}
            Self::Single(child) | Self::Mirror { child, .. } => child.for_each_node(visit),
            Self::Fallback { children, .. } | Self::Race { children, .. } => {
                children.iter().for_each(|child| child.for_each_node(visit));
            }
            Self::LoadBalance { children, .. } => {
                children.iter().for_each(|(_, child)| child.for_each_node(visit));
            }
            Self::Conditional(branches) => {
                branches.children.iter().for_each(|child| child.for_each_node(visit));
            }
            Self::Sticky(sticky) => {
                sticky.children.iter().for_each(|child| child.node.for_each_node(visit));
            }
            Self::Canary(canary) => {
                canary.baseline.for_each_node(visit);
                canary.canary.for_each_node(visit);
            }
        }
    }
}

impl RouteNode {
    /// The same tree with nothing of what it has counted, as if it had only just come into force.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let all = |children: &[Self]| children.iter().map(Self::restarted).collect();
        match self {
            Self::Target(target) => Self::Target(Arc::clone(target)),
            Self::Single(child) => Self::Single(Box::new(child.restarted())),
            Self::Fallback { on_status_codes, children } => {
                Self::Fallback { on_status_codes: on_status_codes.clone(), children: all(children) }
            }
            Self::Mirror { mirror, child, copies } => Self::Mirror {
                mirror: mirror.clone(),
                child: Box::new(child.restarted()),
                copies: copies.clone(),
            },
            Self::Race { race, children } => Self::Race { race: race.restarted(), children: all(children) },
            Self::LoadBalance { by, children } => {
                let children = children.iter().map(|(weight, child)| (*weight, child.restarted()));
                Self::LoadBalance { by: by.restarted(), children: children.collect() }
            }
            Self::Conditional(Branches { conditions, likeness, default, children }) => {
                Self::Conditional(Branches {
                    conditions: conditions.clone(),
                    likeness: likeness.clone(),
                    default: *default,
                    children: all(children),
                })
            }
            Self::Sticky(Stickiness { facts, ttl, children }) => {
                let restarted = |child: &StickyChild| StickyChild { node: child.node.restarted(), ..*child };
                let children = children.iter().map(restarted).collect();
                Self::Sticky(Stickiness { facts: facts.clone(), ttl: *ttl, children })
            }
            Self::Canary(canary) => Self::Canary(Canary {
                path: canary.path.clone(),
                plan: Arc::clone(&canary.plan),
                facts: canary.facts.clone(),
                ttl: canary.ttl,
                baseline: Box::new(canary.baseline.restarted()),
                canary: Box::new(canary.canary.restarted()),
            }),
        }
    }
}

/// A provider and model to call, with everything that governs the call.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its place in the route, as `targets[1].targets[0]`; empty for a lone target.
    pub path: String,
    /// Who is called.
    pub provider: Arc<Provider>,
    /// The model to ask for; the client's own when absent.
    pub model: Option<ModelName>,
    /// The credentials to use: the provider's, or the one written into the route.
    pub credentials: Arc<[Credential]>,
    /// Another address than the provider's own.
    pub custom_host: Option<CustomHost>,
    /// How often and when to try again.
    pub retry: RetryPolicy,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How the request's parameters are changed.
    pub parameters: ParameterRules,
    /// Client headers passed on besides the provider's own list.
    pub forward_headers: Vec<HeaderName>,
    /// Whether a request is refused of which a translation would lose something.
    pub strict: bool,
    /// Whether another target goes on with a stream of it that breaks off, where the client allows it.
    pub resume: bool,
    /// Where it serves; absent where nobody said so, which no request that is bound to a region is sent to.
    pub region: Option<RegionName>,
}

impl Target {
    /// Whether its credentials are this provider's own, and not written into the route.
    #[must_use]
    pub fn uses_credentials_of(&self, provider: &Arc<Provider>) -> bool {
        Arc::ptr_eq(&self.provider, provider) && Arc::ptr_eq(&self.credentials, &provider.credentials)
    }
}

/// An address that replaces the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomHost {
    /// Where.
    pub base: BaseUrl,
    /// Whether it came from a request, so that private addresses are refused; `false` when the operator wrote it.
    pub from_request: bool,
}

/// When a target is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first one; 0 never retries.
    pub attempts: u32,
    /// The statuses that are worth a retry.
    pub on_status_codes: BTreeSet<u16>,
    /// Whether to wait as long as the provider asks for.
    pub use_retry_after_header: bool,
    /// The first wait, doubled at each further one.
    pub backoff_first: Duration,
    /// The longest wait, the provider's wish included; a longer wish ends the retries.
    pub backoff_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 0,
            on_status_codes: [408, 429, 500, 502, 503, 504, 529].into(),
            use_retry_after_header: true,
            backoff_first: Duration::from_millis(250),
            backoff_max: Duration::from_secs(20),
        }
    }
}

/// What a route starts from where it says nothing; also what `provider/model` and bare models are called with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteDefaults {
    /// Retries.
    pub retry: RetryPolicy,
    /// Time limits.
    pub timeouts: Timeouts,
    /// When targets are left alone for a while. It holds for all routes, since a target's health is not a route's.
    pub breaker: BreakerPolicy,
    /// Who is called in the background while it rests.
    pub probes: ProbePolicy,
    /// How often requests may be tried more than once. Every route has a budget of its own.
    pub retry_budget: RetryBudgetPolicy,
}

/// Changes of a request's JSON body, applied in the order defaults, overrides, drops.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterRules {
    /// Member and raw JSON, set where the client sent none.
    pub defaults: Vec<(String, Vec<u8>)>,
    /// Member and raw JSON, set whatever the client sent; objects are merged.
    pub overrides: Vec<(String, Vec<u8>)>,
    /// Paths removed, as `logit_bias` or `messages[*].name`.
    pub drops: Vec<String>,
}

impl ParameterRules {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.defaults.is_empty() && self.overrides.is_empty() && self.drops.is_empty()
    }
}
