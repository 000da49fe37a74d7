//! Settles what a request's facts decide before the walk begins: which branches it takes and to which children it sticks.
//!
//! Facts do not change while a request is under way, health does. So this comes first and once, and the walk sees a route
//! without the branches that are not taken: whatever fails or rests, it cannot end up there.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Route;
use domain::route::{Balance, Branches, RouteNode, Stickiness, StickyChild};

use super::condition::{Facts, holds};
use super::sticky::ranked;

/// No condition of a node holds and it has no default, so that nothing of the route is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no condition holds, and there is no `default`")]
pub struct NoBranch;

/// The route as it is for a request with these facts. A node of which no branch is left is left out itself.
///
/// # Errors
/// When nothing is left.
pub fn settled(route: &Arc<Route>, facts: &dyn Facts) -> Result<Arc<Route>, NoBranch> {
    if is_settled(&route.root) {
        return Ok(Arc::clone(route));
    }
    let root = settle(&route.root, facts).ok_or(NoBranch)?;
    Ok(Arc::new(Route { name: route.name.clone(), root }))
}

/// Whether no facts decide anything in it.
fn is_settled(node: &RouteNode) -> bool {
    match node {
        RouteNode::Target(_) => true,
        RouteNode::Single(child) => is_settled(child),
        RouteNode::Fallback { children, .. } => children.iter().all(is_settled),
        RouteNode::LoadBalance { children, .. } => children.iter().all(|(_, child)| is_settled(child)),
        RouteNode::Conditional(_) | RouteNode::Sticky(_) => false,
    }
}

fn settle(node: &RouteNode, facts: &dyn Facts) -> Option<RouteNode> {
    match node {
        RouteNode::Target(target) => Some(RouteNode::Target(Arc::clone(target))),
        RouteNode::Single(child) => settle(child, facts),
        RouteNode::Fallback { on_status_codes, children } => {
            let children = children.iter().filter_map(|child| settle(child, facts));
            fallback(on_status_codes.clone(), children.collect())
        }
        RouteNode::LoadBalance { by, children } => {
            let settle = |(weight, child): &(u32, RouteNode)| Some((*weight, settle(child, facts)?));
            balance(by.clone(), children.iter().filter_map(settle).collect())
        }
        RouteNode::Conditional(branches) => settle(branch(branches, facts)?, facts),
        RouteNode::Sticky(sticky) => stick(sticky, facts),
    }
}

fn branch<'n>(branches: &'n Branches, facts: &dyn Facts) -> Option<&'n RouteNode> {
    let holding = branches.conditions.iter().find(|(condition, _)| holds(condition, facts));
    let place = holding.map(|(_, place)| *place).or(branches.default)?;
    branches.children.get(place)
}

/// The children in the order in which they are this request's own: the first that is well is taken, and no failure moves
/// on to the next.
fn stick(sticky: &Stickiness, facts: &dyn Facts) -> Option<RouteNode> {
    match ranked(sticky, facts) {
        Some(children) => {
            let children = children.into_iter().filter_map(|child| settle(&child.node, facts));
            fallback(Some(BTreeSet::new()), children.collect())
        }
        None => {
            let children = sticky.children.iter();
            let settle = |child: &StickyChild| Some((child.weight, settle(&child.node, facts)?));
            balance(Balance::Weight, children.filter_map(settle).collect())
        }
    }
}

fn fallback(on_status_codes: Option<BTreeSet<u16>>, children: Vec<RouteNode>) -> Option<RouteNode> {
    (!children.is_empty()).then_some(RouteNode::Fallback { on_status_codes, children })
}

fn balance(by: Balance, children: Vec<(u32, RouteNode)>) -> Option<RouteNode> {
    (!children.is_empty()).then_some(RouteNode::LoadBalance { by, children })
}

#[cfg(test)]
mod tests;
