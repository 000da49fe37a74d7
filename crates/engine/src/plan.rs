//! The walk through a route's tree: which target first, and after each failure whether to wait, move on or give up.

use std::sync::Arc;
use std::time::Duration;

use domain::route::RouteNode;
use domain::{Failure, FailureClass, Route, Target};
use smallvec::SmallVec;

use crate::retry;

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
}

impl Walk {
    /// Starts at the first target. `random` gives 64 random bits per call.
    pub fn start(route: Arc<Route>, random: &mut dyn FnMut() -> u64) -> Self {
        let mut walk = Self { route, place: SmallVec::new(), retries: 0 };
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
            if reacts && taken + 1 < children.len() {
                self.place.push(taken + 1);
                self.descend(random);
                return true;
            }
        }
        false
    }

    fn descend(&mut self, random: &mut dyn FnMut() -> u64) {
        loop {
            let child = match self.node(self.place.len()) {
                Some(RouteNode::Single(_) | RouteNode::Fallback { .. }) => 0,
                Some(RouteNode::LoadBalance { children }) => weighted(children, random()),
                Some(RouteNode::Target(_)) | None => return,
            };
            self.place.push(child);
        }
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

/// The child in whose share of the weights `random` falls.
fn weighted(children: &[(u32, RouteNode)], random: u64) -> usize {
    let total: u64 = children.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut point = u64::try_from((u128::from(total) * u128::from(random)) >> 64).unwrap_or(0);
    for (place, (weight, _)) in children.iter().enumerate() {
        match point.checked_sub(u64::from(*weight)) {
            Some(rest) => point = rest,
            None => return place,
        }
    }
    0
}

#[cfg(test)]
mod tests;
