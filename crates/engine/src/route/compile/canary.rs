//! What a canary says of its steps, its guards and who stays in it, checked.

use std::sync::Arc;
use std::time::Duration;

use domain::canary::{CanaryPlan, Guard, Metric};
use domain::condition::Fact;
use domain::route::{Canary, RouteNode};

use super::super::spec::{GuardsSpec, RouteSpec, ShareSpec, StrategySpec};
use super::super::sticky::identity;
use super::{Compiler, Origin, Place};

/// The shares of a canary that says nothing else, in percent.
const STEPS: [u32; 5] = [1, 5, 25, 50, 100];
/// Most steps.
const STEPS_MAX: usize = 100;
/// How long a step lasts that says nothing else.
const HOLD: Duration = Duration::from_secs(600);
/// How many requests of each arm a step waits for that says nothing else, and at most.
const REQUESTS: u32 = 100;
const REQUESTS_MAX: u32 = 1_000_000;
/// How often a canary is rolled back without a reason that says nothing else, and at most, in percent.
const ALPHA_PERCENT: u32 = 5;
const ALPHA_PERCENT_MAX: u32 = 50;

/// A canary that is known to be right.
pub(super) struct Trying {
    path: String,
    plan: CanaryPlan,
    facts: Vec<Fact>,
    ttl: Option<Duration>,
}

impl Trying {
    /// The node over these children; none unless there are two.
    pub(super) fn over(self, children: Vec<RouteNode>) -> Option<RouteNode> {
        let Self { path, plan, facts, ttl } = self;
        let [baseline, canary] = <[RouteNode; 2]>::try_from(children).ok()?.map(Box::new);
        Some(RouteNode::Canary(Canary { path, plan: Arc::new(plan), facts, ttl, baseline, canary }))
    }
}

impl Compiler<'_> {
    /// `None` when it is wrong, which has been reported then.
    pub(super) fn canary(
        &mut self,
        spec: &RouteSpec,
        strategy: &StrategySpec,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Trying> {
        let found = self.problems.len();
        if matches!(self.context.origin, Origin::Request { .. }) {
            let message = "a canary is tried on many requests, so only a saved route can have one";
            self.report(place.member("strategy.mode"), message);
        }
        if targets.len() != 2 {
            let message = format!(
                "a canary has two targets, what serves today and then what is tried; these are {}",
                targets.len()
            );
            self.report(place.member("targets"), message);
        }
        let path = place.member("strategy");
        let steps = self.steps(strategy.steps.as_deref(), &path);
        let guards = self.guards(strategy.guards.as_ref(), &path);
        let requests = (strategy.minimum_requests, REQUESTS);
        let requests_min = self.within((&path, "minimum_requests"), requests, 1..=REQUESTS_MAX);
        let alpha = (strategy.alpha.map(|alpha| alpha.percent), ALPHA_PERCENT);
        let alpha_percent = self.within((&path, "alpha"), alpha, 1..=ALPHA_PERCENT_MAX);
        let sticky = strategy.sticky.as_ref();
        let binding = sticky.and_then(|sticky| self.binding(sticky, targets, &format!("{path}.sticky")));
        let (facts, ttl) = binding.map(|binding| (binding.facts, binding.ttl)).unwrap_or_default();
        let plan = CanaryPlan {
            identity: written(spec),
            steps,
            hold: strategy.hold.map_or(HOLD, |hold| hold.0),
            requests_min,
            guards,
            alpha_percent,
        };
        (self.problems.len() == found).then(|| Trying { path: place.path.clone(), plan, facts, ttl })
    }

    fn steps(&mut self, written: Option<&[ShareSpec]>, path: &str) -> Vec<u32> {
        let path = format!("{path}.steps");
        let Some(written) = written else { return STEPS.into() };
        let steps: Vec<u32> = written.iter().map(|share| share.percent).collect();
        if steps.is_empty() {
            self.report(&path, "name at least one share, such as `5%`");
        } else if steps.len() > STEPS_MAX {
            self.report(&path, format!("a canary has at most {STEPS_MAX} steps, this one {}", steps.len()));
        }
        if steps.first() == Some(&100) {
            self.report(
                format!("{path}[0]"),
                "with `100%` from the beginning there is nothing to compare with",
            );
        }
        let ascends = |(index, pair): (usize, &[u32])| (pair.first() >= pair.last()).then_some(index + 1);
        if let Some(index) = steps.windows(2).enumerate().find_map(ascends) {
            self.report(format!("{path}[{index}]"), "each step is a larger share than the one before it");
        }
        steps
    }

    fn guards(&mut self, written: Option<&GuardsSpec>, path: &str) -> Vec<Guard> {
        let GuardsSpec { errors, first_token, cost, feedback } = written.copied().unwrap_or_default();
        let guards = [
            (Metric::Errors, errors),
            (Metric::FirstToken, first_token),
            (Metric::Cost, cost),
            (Metric::Feedback, feedback),
        ];
        let guard = |(metric, share): (Metric, Option<ShareSpec>)| {
            share.map(|share| Guard { metric, worse_by_percent: share.percent })
        };
        let guards: Vec<_> = guards.into_iter().filter_map(guard).collect();
        if guards.is_empty() {
            let message = "say by how much the canary may be worse, such as `guards: {errors: 2%}`; without a guard nothing would roll it back";
            self.report(format!("{path}.guards"), message);
        }
        guards
    }
}

/// What a node is known by that says all this. The text holds every member of the node and of all below it, and no credential.
fn written(spec: &RouteSpec) -> u64 {
    identity(&format!("{spec:?}"))
}
