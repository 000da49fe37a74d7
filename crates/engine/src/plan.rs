//! The walk through a route's tree: which target first, and after each failure whether to wait, move on or give up.

mod unfit;

use std::sync::Arc;
use std::time::Duration;

use domain::route::RouteNode;
use domain::{Failure, FailureClass, Route, Target};
use smallvec::SmallVec;

use crate::retry;
use unfit::Unfit;

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Call [`Walk::target`] at once, with another credential than before.
    OtherCredential,
    /// Wait, then call [`Walk::target`] again.
    Retry(Duration),
    /// Call [`Walk::target`], which is a different one now.
    NextTarget,
    /// Nothing is left to try.
    GiveUp,
}

/// A request's place in its route. Holds the route, so that a reload does not disturb it.
#[derive(Debug)]
pub struct Walk {
    route: Arc<Route>,
    /// The child taken at each node from the root down to the target.
    place: SmallVec<[usize; 4]>,
    retries: u32,
    unfit: Unfit,
}

impl Walk {
    /// Starts at the first target that `fits` the request; where none does, all are tried as if they did. `random` gives 64
    /// random bits per call.
    pub fn start(
        route: Arc<Route>,
        fits: &mut dyn FnMut(&Target) -> bool,
        random: &mut dyn FnMut() -> u64,
    ) -> Self {
        let unfit = Unfit::of(&route, fits);
        let mut walk = Self { route, place: SmallVec::new(), retries: 0, unfit };
        walk.descend(random);
        walk
    }

    /// The target to call now.
    ///
    /// `None` only for a route whose tree has a node without children, which compiling refuses.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        match self.node(self.place.len())? {
            RouteNode::Target(target) => Some(target),
            _ => None,
        }
    }

    /// Whether any target of the route does not fit, and is therefore never called.
    #[must_use]
    pub fn passes_over_some(&self) -> bool {
        !self.unfit.is_empty()
    }

    /// Decides what follows a failure of the current target. `fresh_credential` says whether the target has a
    /// credential that this request has not tried and that does not rest.
    pub fn failed(
        &mut self,
        failure: &Failure,
        fresh_credential: bool,
        random: &mut dyn FnMut() -> u64,
    ) -> Step {
        let own_fault = matches!(failure.class, FailureClass::Credential | FailureClass::RateLimited);
        if own_fault && fresh_credential {
            return Step::OtherCredential;
        }
        if let Some(wait) = self.retry_wait(failure, random) {
            self.retries += 1;
            return Step::Retry(wait);
        }
        self.retries = 0;
        if self.advance(failure.effective_status(), random) { Step::NextTarget } else { Step::GiveUp }
    }

    fn retry_wait(&self, failure: &Failure, random: &mut dyn FnMut() -> u64) -> Option<Duration> {
        let policy = &self.target()?.retry;
        let worth_it =
            self.retries < policy.attempts && policy.on_status_codes.contains(&failure.effective_status());
        worth_it.then(|| retry::wait(policy, self.retries, failure.retry_after, random()))?
    }

    /// Moves to the next target: up to the innermost fallback that reacts to `status` and has a child left, then down.
    fn advance(&mut self, status: u16, random: &mut dyn FnMut() -> u64) -> bool {
        while let Some(taken) = self.place.pop() {
            let Some(RouteNode::Fallback { on_status_codes, children }) = self.node(self.place.len()) else {
                continue;
            };
            let reacts = on_status_codes.as_ref().is_none_or(|codes| codes.contains(&status));
            if let Some(next) = self.first_fit(children, taken + 1).filter(|_| reacts) {
                self.place.push(next);
                self.descend(random);
                return true;
            }
        }
        false
    }

    fn descend(&mut self, random: &mut dyn FnMut() -> u64) {
        loop {
            let child = match self.node(self.place.len()) {
                Some(RouteNode::Single(_)) => 0,
                Some(RouteNode::Fallback { children, .. }) => self.first_fit(children, 0).unwrap_or(0),
                Some(RouteNode::LoadBalance { children }) => self.weighed(children, random()),
                Some(RouteNode::Target(_)) | None => return,
            };
            self.place.push(child);
        }
    }

    /// The first child from a place on that has a target which fits.
    fn first_fit(&self, children: &[RouteNode], from: usize) -> Option<usize> {
        (from..children.len())
            .find(|place| children.get(*place).is_some_and(|child| self.unfit.leaves(child)))
    }

    /// A child by weight, of those that have a target which fits.
    fn weighed(&self, children: &[(u32, RouteNode)], random: u64) -> usize {
        let weight = |(weight, node): &(u32, RouteNode)| if self.unfit.leaves(node) { *weight } else { 0 };
        let weights: SmallVec<[u32; 8]> = children.iter().map(weight).collect();
        // Where all the weight is on what does not fit, the rest shares it.
        let any = || children.iter().position(|(_, node)| self.unfit.leaves(node));
        weighted(&weights, random).or_else(any).unwrap_or(0)
    }

    /// The node that the first `depth` steps lead to.
    fn node(&self, depth: usize) -> Option<&RouteNode> {
        self.place.iter().take(depth).try_fold(&self.route.root, |node, child| match node {
            RouteNode::Target(_) => None,
            RouteNode::Single(only) => Some(&**only),
            RouteNode::Fallback { children, .. } => children.get(*child),
            RouteNode::LoadBalance { children } => children.get(*child).map(|(_, node)| node),
        })
    }
}

/// The place in whose share of the weights `random` falls; none when they sum to zero.
fn weighted(weights: &[u32], random: u64) -> Option<usize> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let mut point = u64::try_from((u128::from(total) * u128::from(random)) >> 64).ok()?;
    weights.iter().position(|weight| match point.checked_sub(u64::from(*weight)) {
        Some(rest) => {
            point = rest;
            false
        }
        None => true,
    })
}

#[cfg(test)]
mod tests;
