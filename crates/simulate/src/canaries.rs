//! The trials of canaries, kept as the data plane keeps them, and what became of them.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use domain::canary::{Arm, CanaryPlan};
use domain::route::{Canary, RouteNode};
use domain::{Route, RouteName};
use engine::canary::{Alarm, End, Part, Standing, Trial, Turn, arm_at};
use engine::route::Trials;

use crate::luck::Luck;

/// The parts of a request in trials, each with the place of its trial.
pub(crate) type Parts = Vec<(usize, Part)>;

/// The trials of every canary that traffic comes to.
#[derive(Debug, Default)]
pub(crate) struct Canaries(RefCell<Vec<Tried>>);

#[derive(Debug)]
struct Tried {
    route: Option<RouteName>,
    place: String,
    plan: Arc<CanaryPlan>,
    trial: Trial,
    turned: Option<Duration>,
    alarm: Option<Alarm>,
}

/// What became of a canary.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryTally {
    /// The route, and the place in it where that is not its root.
    pub name: String,
    /// Where it stands in the end.
    pub standing: Standing,
    /// The share that it had at the last step, in percent.
    pub reached_percent: u32,
    /// When it turned last, after the start.
    pub turned: Option<Duration>,
    /// Why it was rolled back.
    pub alarm: Option<Alarm>,
}

impl Canaries {
    /// The canaries of a route begin, unless they are known.
    pub(crate) fn add(&self, route: &Route) {
        route.root.for_each_node(&mut |node| {
            if let RouteNode::Canary(canary) = node
                && self.place(route, canary).is_none()
            {
                self.0.borrow_mut().push(Tried {
                    route: route.name.clone(),
                    place: canary.path.clone(),
                    plan: Arc::clone(&canary.plan),
                    trial: Trial::begin(Arc::clone(&canary.plan), Duration::ZERO),
                    turned: None,
                    alarm: None,
                });
            }
        });
    }

    fn place(&self, route: &Route, canary: &Canary) -> Option<usize> {
        let is_it = |tried: &Tried| tried.route == route.name && tried.place == canary.path;
        self.0.borrow().iter().position(is_it)
    }

    /// A request has ended, and its trials hear of it.
    pub(crate) fn ended(&self, parts: &[(usize, Part)], end: End, now: Duration) {
        let mut all = self.0.borrow_mut();
        for (place, part) in parts {
            let Some((tried, seen)) = all.get_mut(*place).zip(part.ended(end)) else { continue };
            if let Some(turn) = tried.trial.observe(&seen, now) {
                tried.turned = Some(now);
                tried.alarm = if let Turn::RolledBack(alarm) = turn { Some(alarm) } else { None };
            }
        }
    }

    /// What became of them.
    pub(crate) fn tallies(&self) -> Vec<CanaryTally> {
        self.0.borrow().iter().map(Tried::tally).collect()
    }
}

impl Tried {
    fn tally(&self) -> CanaryTally {
        let standing = self.trial.standing();
        let route = self.route.as_ref().map(RouteName::as_str).unwrap_or_default();
        CanaryTally {
            name: format!("{route} {}", self.place).trim().to_owned(),
            standing,
            reached_percent: self.plan.share_percent(standing.step).unwrap_or(0),
            turned: self.turned,
            alarm: self.alarm,
        }
    }
}

/// Puts a request into the arms of its route's canaries.
pub(crate) struct Enrolling<'c> {
    canaries: &'c Canaries,
    route: &'c Route,
    luck: RefCell<Luck>,
    parts: RefCell<Parts>,
}

impl<'c> Enrolling<'c> {
    pub(crate) fn of(canaries: &'c Canaries, route: &'c Route, luck: Luck) -> Self {
        Self { canaries, route, luck: RefCell::new(luck), parts: RefCell::default() }
    }

    /// The parts of the request, each with the place of its trial.
    pub(crate) fn into_parts(self) -> Parts {
        self.parts.into_inner()
    }
}

impl Trials for Enrolling<'_> {
    fn arm(&self, canary: &Canary, point: Option<u64>) -> Arm {
        let Some(place) = self.canaries.place(self.route, canary) else { return Arm::Baseline };
        let all = self.canaries.0.borrow();
        let Some(Standing { step, share_percent, .. }) = all.get(place).map(|tried| tried.trial.standing())
        else {
            return Arm::Baseline;
        };
        let arm = arm_at(point.unwrap_or_else(|| self.luck.borrow_mut().bits()), share_percent);
        self.parts.borrow_mut().push((place, Part::of(arm, step, &canary.path)));
        arm
    }
}
