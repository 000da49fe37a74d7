//! Settles what a request's facts decide before the walk begins: which branches it takes, to which children it sticks, and which
//! targets it may not be sent to at all.
//!
//! Facts do not change while a request is under way, health does. So this comes first and once, and the walk sees a route
//! without the branches that are not taken: whatever fails or rests, it cannot end up there.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Route;
use domain::canary::Arm;
use domain::likeness::Likeness;
use domain::route::{Balance, Branches, Canary, RouteNode, Stickiness, StickyChild, Target};

use super::condition::{FactValue, Facts, holds};
use super::sticky::{point, ranked};
use crate::likeness::most_alike;

/// Why nothing of a route is left for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NothingLeft {
    /// No condition of a node holds and it has no default.
    #[error("no condition holds, and there is no `default`")]
    NoBranch,
    /// None of the targets that are left is permitted.
    #[error("the request may be sent to none of the targets")]
    NotPermitted,
}

/// Whether a request may be sent to a target, whatever else fails or rests.
pub type Permits<'a> = &'a dyn Fn(&Target) -> bool;

/// Who knows how far canaries are.
pub trait Trials {
    /// The arm of the request at a canary. The point is where its own facts put it among all requests; it may be put anywhere when absent.
    fn arm(&self, canary: &Canary, point: Option<u64>) -> Arm;
}

/// The route as it is for a request with these facts, without the targets that it may not be sent to. A node of which nothing is
/// left is left out itself.
///
/// # Errors
/// When nothing is left.
pub fn settled(
    route: &Arc<Route>,
    facts: &dyn Facts,
    permits: Option<Permits<'_>>,
    trials: &dyn Trials,
) -> Result<Arc<Route>, NothingLeft> {
    if is_settled(&route.root) && permits.is_none_or(|permits| permits_all(&route.root, permits)) {
        return Ok(Arc::clone(route));
    }
    let settle = |permits| Settling { facts, permits, trials }.node(&route.root);
    let root = settle(permits).ok_or_else(|| match settle(None) {
        Some(_) => NothingLeft::NotPermitted,
        None => NothingLeft::NoBranch,
    })?;
    Ok(Arc::new(Route { name: route.name.clone(), root }))
}

fn permits_all(node: &RouteNode, permits: Permits<'_>) -> bool {
    let mut all = true;
    node.for_each_target(&mut |target| all = all && permits(target));
    all
}

/// Whether no facts decide anything in it.
fn is_settled(node: &RouteNode) -> bool {
    match node {
        RouteNode::Target(_) => true,
        RouteNode::Single(child) | RouteNode::Mirror { child, .. } => is_settled(child),
        RouteNode::Fallback { children, .. } | RouteNode::Race { children, .. } => {
            children.iter().all(is_settled)
        }
        RouteNode::LoadBalance { children, .. } => children.iter().all(|(_, child)| is_settled(child)),
        RouteNode::Conditional(_) | RouteNode::Sticky(_) | RouteNode::Canary(_) => false,
    }
}

/// What settles a route.
struct Settling<'a> {
    facts: &'a dyn Facts,
    permits: Option<Permits<'a>>,
    trials: &'a dyn Trials,
}

impl Settling<'_> {
    fn node(&self, node: &RouteNode) -> Option<RouteNode> {
        match node {
            RouteNode::Target(target) => {
                let is_permitted = self.permits.is_none_or(|permits| permits(target));
                is_permitted.then(|| RouteNode::Target(Arc::clone(target)))
            }
            RouteNode::Single(child) => self.node(child),
            RouteNode::Mirror { mirror, child, copies } => {
                let child = Box::new(self.node(child)?);
                Some(RouteNode::Mirror { mirror: mirror.clone(), child, copies: copies.clone() })
            }
            RouteNode::Fallback { on_status_codes, children } => {
                let children = children.iter().filter_map(|child| self.node(child));
                fallback(on_status_codes.clone(), children.collect())
            }
            RouteNode::Race { race, children } => {
                let children: Vec<_> = children.iter().filter_map(|child| self.node(child)).collect();
                (!children.is_empty()).then(|| RouteNode::Race { race: race.clone(), children })
            }
            RouteNode::LoadBalance { by, children } => {
                let settle = |(weight, child): &(u32, RouteNode)| Some((*weight, self.node(child)?));
                balance(by.clone(), children.iter().filter_map(settle).collect())
            }
            RouteNode::Conditional(branches) => self.node(branch(branches, self.facts)?),
            RouteNode::Sticky(sticky) => self.stick(sticky),
            RouteNode::Canary(canary) => self.try_out(canary),
        }
    }

    /// What serves today stands behind what is tried: a request that is in the canary's share and fails there, or finds it resting, is answered all the same.
    fn try_out(&self, canary: &Canary) -> Option<RouteNode> {
        let arm = self.trials.arm(canary, point(canary, self.facts));
        let baseline = self.node(&canary.baseline);
        if arm == Arm::Baseline && baseline.is_some() {
            return baseline;
        }
        fallback(None, self.node(&canary.canary).into_iter().chain(baseline).collect())
    }

    /// The children in the order in which they are this request's own: the first that is well is taken, and no failure moves
    /// on to the next.
    fn stick(&self, sticky: &Stickiness) -> Option<RouteNode> {
        match ranked(sticky, self.facts) {
            Some(children) => {
                let children = children.into_iter().filter_map(|child| self.node(&child.node));
                fallback(Some(BTreeSet::new()), children.collect())
            }
            None => {
                let children = sticky.children.iter();
                let settle = |child: &StickyChild| Some((child.weight, self.node(&child.node)?));
                balance(Balance::Weight, children.filter_map(settle).collect())
            }
        }
    }
}

fn branch<'n>(branches: &'n Branches, facts: &dyn Facts) -> Option<&'n RouteNode> {
    let holding = branches.conditions.iter().find(|(condition, _)| holds(condition, facts));
    let alike = || branches.likeness.as_ref().and_then(|likeness| alike(likeness, facts));
    let place = holding.map(|(_, place)| *place).or_else(alike).or(branches.default)?;
    branches.children.get(place)
}

fn alike(likeness: &Likeness, facts: &dyn Facts) -> Option<usize> {
    let mut most = None;
    facts.any(&likeness.fact, &mut |value| match value {
        FactValue::Text(text) => {
            most = most_alike(likeness, text);
            most.is_some()
        }
        _ => false,
    });
    most
}

fn fallback(on_status_codes: Option<BTreeSet<u16>>, children: Vec<RouteNode>) -> Option<RouteNode> {
    (!children.is_empty()).then_some(RouteNode::Fallback { on_status_codes, children })
}

fn balance(by: Balance, children: Vec<(u32, RouteNode)>) -> Option<RouteNode> {
    (!children.is_empty()).then_some(RouteNode::LoadBalance { by, children })
}

#[cfg(test)]
mod tests;
