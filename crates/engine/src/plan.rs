//! The walk through a route's tree: which target first, and after each failure whether to wait, move on or give up.

mod balance;
mod course;
mod unfit;

use std::sync::Arc;
use std::time::Duration;

use domain::mirror::Mirror;
use domain::race::Race;
use domain::route::{Balance, RouteNode};
use domain::{Failure, FailureClass, Money, Route, Target};
use smallvec::SmallVec;

use crate::load::Load;
use crate::prefix::Prefix;
use crate::retry;
use unfit::Unfit;

pub use course::course;

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

/// What a walk asks of the world at each step.
pub trait Outlook {
    /// 64 random bits.
    fn random(&mut self) -> u64;
    /// How busy and how fast a target is; none when it should be left alone for now, since its breaker is open or all of its
    /// credentials rest.
    fn load(&mut self, target: &Target) -> Option<Load>;
    /// What the request is likely to cost at a target; none where nobody knows its prices.
    fn cost(&mut self, _target: &Target) -> Option<Money> {
        None
    }
    /// The beginnings of the prompt; none of one that is too short for any prompt cache.
    fn prefix(&mut self) -> Option<Prefix> {
        None
    }
    /// How many tokens the request is likely to save at a target, since its provider has them in its prompt cache.
    fn saving(&mut self, _target: &Target, _prefix: &Prefix) -> u64 {
        0
    }
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
    /// Starts at the first target that `fits` the request and does not rest. Where none fits, all are tried as if they did; where
    /// all rest, those that fit are tried as if they did not.
    pub fn start(
        route: Arc<Route>,
        fits: &mut dyn FnMut(&Target) -> bool,
        outlook: &mut dyn Outlook,
    ) -> Self {
        let unfit = Unfit::of(&route, fits);
        let mut walk = Self { route, place: SmallVec::new(), retries: 0, unfit };
        walk.descend(outlook);
        walk
    }

    /// The target to call now.
    ///
    /// `None` only for a route whose tree has a node without children, which compiling refuses, or one that the request's
    /// facts decide, which [`crate::route::settled`] has replaced.
    #[must_use]
    pub fn target(&self) -> Option<&Arc<Target>> {
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

    /// The innermost race that the current target runs in, while another may still join it.
    #[must_use]
    pub fn race(&self) -> Option<&Race> {
        let (_, race, _) = self.racing()?;
        Some(race)
    }

    /// The outermost node on the way to the current target that has requests copied, and to whom.
    #[must_use]
    pub fn mirror(&self) -> Option<(&Mirror, &[Arc<Target>])> {
        (0..=self.place.len()).find_map(|depth| match self.node(depth)? {
            RouteNode::Mirror { mirror, copies, .. } => Some((mirror, copies.as_slice())),
            _ => None,
        })
    }

    /// The walk as it goes on from the next target of the race, past the current one: the next that fits and does not rest. None where there
    /// is no such target.
    pub fn joined(&self, outlook: &mut dyn Outlook) -> Option<Self> {
        let (depth, _, further) = self.racing()?;
        let next = further.iter().position(|child| self.is_awake(child, outlook))?;
        let taken = self.place.get(depth).copied()?;
        let mut place = SmallVec::from_slice(self.place.get(..depth)?);
        place.push(taken + 1 + next);
        let mut walk = Self { route: Arc::clone(&self.route), place, retries: 0, unfit: self.unfit.clone() };
        walk.descend(outlook);
        Some(walk)
    }

    /// The innermost race on the way to the current target that has children left: its depth and these children.
    fn racing(&self) -> Option<(usize, &Race, &[RouteNode])> {
        (0..self.place.len()).rev().find_map(|depth| match self.node(depth)? {
            RouteNode::Race { race, children } => {
                let further = children.get(self.place.get(depth)? + 1..)?;
                (!further.is_empty()).then_some((depth, race, further))
            }
            _ => None,
        })
    }

    /// Decides what follows a failure of the current target. `fresh_credential` says whether the target has a
    /// credential that this request has not tried and that does not rest.
    pub fn failed(&mut self, failure: &Failure, fresh_credential: bool, outlook: &mut dyn Outlook) -> Step {
        let own_fault = matches!(failure.class, FailureClass::Credential | FailureClass::RateLimited);
        if own_fault && fresh_credential {
            return Step::OtherCredential;
        }
        let status = failure.effective_status();
        if let Some(wait) = self.retry_wait(failure, outlook)
            && !self.is_better_elsewhere(status, outlook)
        {
            self.retries += 1;
            return Step::Retry(wait);
        }
        self.retries = 0;
        if self.advance(status, outlook) { Step::NextTarget } else { Step::GiveUp }
    }

    fn retry_wait(&self, failure: &Failure, outlook: &mut dyn Outlook) -> Option<Duration> {
        let policy = &self.target()?.retry;
        let worth_it =
            self.retries < policy.attempts && policy.on_status_codes.contains(&failure.effective_status());
        worth_it.then(|| retry::wait(policy, self.retries, failure.retry_after, outlook.random()))?
    }

    /// Whether the target rests by now, and another that does not is left.
    fn is_better_elsewhere(&self, status: u16, outlook: &mut dyn Outlook) -> bool {
        if self.target().is_none_or(|target| outlook.load(target).is_some()) {
            return false;
        }
        (0..self.place.len()).any(|depth| {
            let further = self.further(depth, status);
            further.iter().any(|child| self.is_awake(child, outlook))
        })
    }

    /// The children that may follow after a failure with this status at a depth.
    fn further(&self, depth: usize, status: u16) -> &[RouteNode] {
        let taken = self.place.get(depth).copied().unwrap_or_default();
        match self.node(depth) {
            Some(RouteNode::Fallback { on_status_codes, children })
                if on_status_codes.as_ref().is_none_or(|codes| codes.contains(&status)) =>
            {
                children.get(taken + 1..).unwrap_or_default()
            }
            Some(RouteNode::Race { children, .. }) => children.get(taken + 1..).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Moves to the next target: up to the innermost fallback that reacts to `status` and has a child left, then down.
    fn advance(&mut self, status: u16, outlook: &mut dyn Outlook) -> bool {
        while !self.place.is_empty() {
            let depth = self.place.len() - 1;
            let next = self.choose(self.further(depth, status), outlook);
            let taken = self.place.pop().unwrap_or_default();
            if let Some(next) = next {
                self.place.push(taken + 1 + next);
                self.descend(outlook);
                return true;
            }
        }
        false
    }

    fn descend(&mut self, outlook: &mut dyn Outlook) {
        loop {
            let child = match self.node(self.place.len()) {
                Some(RouteNode::Single(_) | RouteNode::Mirror { .. }) => 0,
                Some(RouteNode::Fallback { children, .. } | RouteNode::Race { children, .. }) => {
                    self.choose(children, outlook).unwrap_or(0)
                }
                Some(RouteNode::LoadBalance { by, children }) => self.balanced(by, children, outlook),
                Some(
                    RouteNode::Target(_)
                    | RouteNode::Conditional(_)
                    | RouteNode::Sticky(_)
                    | RouteNode::Canary(_),
                )
                | None => return,
            };
            self.place.push(child);
        }
    }

    /// The first child with a target that fits, does not rest and has room in its quota, else that does not rest; where all rest,
    /// the first with a target that fits.
    fn choose(&self, children: &[RouteNode], outlook: &mut dyn Outlook) -> Option<usize> {
        if let [only] = children {
            return self.unfit.leaves(only).then_some(0);
        }
        let mut awake = None;
        for (place, child) in children.iter().enumerate() {
            match self.load_of(child, outlook) {
                Some(load) if load.has_room() => return Some(place),
                Some(_) => awake = awake.or(Some(place)),
                None => {}
            }
        }
        awake.or_else(|| children.iter().position(|child| self.unfit.leaves(child)))
    }

    /// Whether a node leads to a target that fits and does not rest.
    fn is_awake(&self, node: &RouteNode, outlook: &mut dyn Outlook) -> bool {
        let mut awake = false;
        node.for_each_target(&mut |target| {
            awake = awake || (self.unfit.spares(target) && outlook.load(target).is_some());
        });
        awake
    }

    /// How busy and how fast a node is by its targets that fit and do not rest; none when there is no such target.
    fn load_of(&self, node: &RouteNode, outlook: &mut dyn Outlook) -> Option<Load> {
        let mut sum: Option<Load> = None;
        node.for_each_target(&mut |target| {
            if let Some(load) = self.unfit.spares(target).then(|| outlook.load(target)).flatten() {
                sum = Some(sum.map_or(load, |sum| sum.with(load)));
            }
        });
        sum
    }

    /// What a node is likely to cost by the cheapest of its targets that fit and do not rest.
    fn cost_of(&self, node: &RouteNode, outlook: &mut dyn Outlook) -> Option<Money> {
        let mut least: Option<Money> = None;
        node.for_each_target(&mut |target| {
            if self.unfit.spares(target) && outlook.load(target).is_some() {
                let cost = outlook.cost(target);
                least = least.into_iter().chain(cost).min();
            }
        });
        least
    }

    /// A child: of those with a target that fits, does not rest and has room in its quota, else of those with one that does not
    /// rest, else of those with one that fits.
    fn balanced(&self, by: &Balance, children: &[(u32, RouteNode)], outlook: &mut dyn Outlook) -> usize {
        let loads: SmallVec<[Option<Load>; 8]> =
            children.iter().map(|(_, node)| self.load_of(node, outlook)).collect();
        let roomy = |load: &Option<Load>| load.is_some_and(|load| load.has_room());
        let with_room = children.iter().zip(&loads);
        let with_room = with_room.map(|((weight, _), load)| if roomy(load) { *weight } else { 0 });
        let awake = children.iter().zip(&loads).map(|((weight, _), load)| load.map_or(0, |_| *weight));
        let fitting = children.iter().map(|(weight, node)| if self.unfit.leaves(node) { *weight } else { 0 });
        // Health gives nothing to what has no weight; where all the weight is on what does not fit, the rest shares it.
        let weights = balance::some_weight(with_room)
            .or_else(|| balance::some_weight(awake))
            .or_else(|| balance::some_weight(fitting));
        let Some(weights) = weights else {
            return children.iter().position(|(_, node)| self.unfit.leaves(node)).unwrap_or(0);
        };
        let chosen = match by {
            Balance::Weight => balance::by_weight(&weights, outlook.random()),
            Balance::RoundRobin(turns) => balance::in_turn(&weights, turns.take()),
            Balance::LeastBusy => balance::least_busy(&weights, &known(loads), outlook.random()),
            Balance::Cost => {
                let costs = children
                    .iter()
                    .map(|(_, node)| self.cost_of(node, outlook))
                    .collect::<SmallVec<[_; 8]>>();
                balance::cheapest(&weights, &costs, outlook.random())
            }
            Balance::PromptCache => self.warmest(children, &weights, &known(loads), outlook),
            Balance::Usage => balance::least_used(&weights, &known(loads), outlook.random()),
            Balance::Latency => {
                let random = [outlook.random(), outlook.random()];
                balance::faster_of_two(&weights, &known(loads), random)
            }
        };
        chosen.unwrap_or(0)
    }

    /// The child at which most of the prompt is warm; by weight where the prompt is too short to be kept.
    fn warmest(
        &self,
        children: &[(u32, RouteNode)],
        weights: &[u32],
        loads: &[Load],
        outlook: &mut dyn Outlook,
    ) -> Option<usize> {
        let prefix = outlook.prefix();
        let Some((prefix, beginning)) = prefix.and_then(|prefix| prefix.shortest().map(|one| (prefix, one)))
        else {
            return balance::by_weight(weights, outlook.random());
        };
        let identities = balance::identities(children.iter().map(|(_, node)| node));
        let known = weights.iter().zip(loads).zip(identities);
        let candidates: SmallVec<[_; 8]> = known
            .zip(children)
            .map(|(((weight, load), identity), (_, node))| {
                let saving = if *weight > 0 { self.saving_at(node, &prefix, outlook) } else { 0 };
                balance::Candidate { weight: *weight, load: *load, saving, identity }
            })
            .collect();
        balance::warmest(&candidates, beginning)
    }

    /// How many tokens are likely to be saved at the best of a node's targets that fit and do not rest.
    fn saving_at(&self, node: &RouteNode, prefix: &Prefix, outlook: &mut dyn Outlook) -> u64 {
        let mut most = 0;
        node.for_each_target(&mut |target| {
            if self.unfit.spares(target) && outlook.load(target).is_some() {
                most = most.max(outlook.saving(target, prefix));
            }
        });
        most
    }

    /// The node that the first `depth` steps lead to.
    fn node(&self, depth: usize) -> Option<&RouteNode> {
        self.place.iter().take(depth).try_fold(&self.route.root, |node, child| match node {
            RouteNode::Target(_)
            | RouteNode::Conditional(_)
            | RouteNode::Sticky(_)
            | RouteNode::Canary(_) => None,
            RouteNode::Single(only) | RouteNode::Mirror { child: only, .. } => Some(&**only),
            RouteNode::Fallback { children, .. } | RouteNode::Race { children, .. } => children.get(*child),
            RouteNode::LoadBalance { children, .. } => children.get(*child).map(|(_, node)| node),
        })
    }
}

/// The loads, with nothing known of what rests.
fn known(loads: SmallVec<[Option<Load>; 8]>) -> SmallVec<[Load; 8]> {
    loads.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests;
