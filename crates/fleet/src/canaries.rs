//! The trials of canaries: one for each in a saved route, which goes on over reloads for as long as the canary is written as it was. Who decides is `engine`;
//! here its state is kept, and each request's part in it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::canary::Arm;
use domain::route::{Canary, RouteNode, Target};
use domain::{FailureClass, Route, RouteName, Snapshot};
use engine::canary::{Alarm, End, Observation, Part, Standing, Trial, Turn, arm_at};
use engine::decision;
use engine::route::Trials;
use parking_lot::Mutex;
use smallvec::SmallVec;
use telemetry::Telemetry;
use telemetry::events::{CanaryOutcome, CanaryTurned};

use crate::feedback::{Arms, Judged};

/// Every trial of a configuration.
#[derive(Debug, Default)]
pub struct Canaries(HashMap<RouteName, Vec<Arc<Running>>>);

/// The trial of one canary.
#[derive(Debug)]
pub struct Running {
    route: RouteName,
    place: String,
    identity: u64,
    steps: usize,
    heeds_feedback: bool,
    /// None when the configuration has another canary in its place, or none.
    trial: Mutex<Option<Trial>>,
    /// Where it stands, to be read without waiting for whoever tells it something.
    standing: ArcSwap<Standing>,
}

impl Canaries {
    /// Those of a snapshot. Canaries that were there before and are written as they were go on; the others are over.
    pub fn of(snapshot: &Snapshot, before: Option<&Self>, now: Duration, telemetry: &Telemetry) -> Self {
        let mut canaries = Self::default();
        for (name, route) in &snapshot.routes {
            route.root.for_each_node(&mut |node| {
                if let RouteNode::Canary(canary) = node {
                    let known = before.and_then(|before| before.find(name, canary));
                    let running =
                        known.cloned().unwrap_or_else(|| Arc::new(Running::begin(name, canary, now)));
                    canaries.0.entry(name.clone()).or_default().push(running);
                }
            });
        }
        let meters = &telemetry.meters().canaries;
        let ended = before.into_iter().flat_map(Self::all);
        for running in ended.filter(|running| !canaries.all().any(|other| Arc::ptr_eq(other, running))) {
            running.trial.lock().take();
            meters.forgotten(&running.route, &running.place);
        }
        for running in canaries.all() {
            let Standing { step, share_percent, .. } = **running.standing.load();
            meters.stands(&running.route, &running.place, step + 1, share_percent);
        }
        canaries
    }

    /// Whether any of them is judged by what clients say of answers.
    pub fn heed_feedback(&self) -> bool {
        self.all().any(|running| running.heeds_feedback)
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Running>> {
        self.0.values().flatten()
    }

    fn find(&self, route: &RouteName, canary: &Canary) -> Option<&Arc<Running>> {
        let running = self.0.get(route)?;
        running
            .iter()
            .find(|running| running.place == canary.path && running.identity == canary.plan.identity)
    }
}

impl Running {
    fn begin(route: &RouteName, canary: &Canary, now: Duration) -> Self {
        let trial = Trial::begin(Arc::clone(&canary.plan), now);
        Self {
            route: route.clone(),
            place: canary.path.clone(),
            identity: canary.plan.identity,
            steps: canary.plan.steps.len(),
            heeds_feedback: canary.plan.heeds_feedback(),
            standing: ArcSwap::from_pointee(trial.standing()),
            trial: Mutex::new(Some(trial)),
        }
    }

    fn observe(&self, seen: &Observation, now: Duration, telemetry: &Telemetry) {
        self.turned(telemetry, |trial| trial.observe(seen, now));
    }

    /// Somebody says whether an answer was bad, of an arm's request that began at a step.
    pub fn rated(&self, arm: Arm, step: usize, is_bad: bool, telemetry: &Telemetry) {
        self.turned(telemetry, |trial| trial.rated(arm, step, is_bad));
    }

    fn turned(&self, telemetry: &Telemetry, tell: impl FnOnce(&mut Trial) -> Option<Turn>) {
        let mut trial = self.trial.lock();
        let turn = trial.as_mut().and_then(|trial| {
            let turn = tell(trial)?;
            Some((turn, trial.standing()))
        });
        let Some((turn, standing)) = turn else { return };
        self.standing.store(Arc::new(standing));
        let outcome = match turn {
            Turn::Stepped => CanaryOutcome::Stepped,
            Turn::Promoted => CanaryOutcome::Promoted,
            Turn::RolledBack(Alarm { metric, baseline, canary }) => {
                CanaryOutcome::RolledBack { metric, baseline, canary }
            }
        };
        let Standing { step, share_percent, .. } = standing;
        CanaryTurned { route: &self.route, place: &self.place, outcome, step: step + 1, share_percent }
            .emit(telemetry);
    }
}

/// The trials that a request takes part in.
#[derive(Clone, Default)]
pub struct Enrolled(SmallVec<[Enrolment; 1]>);

#[derive(Clone)]
struct Enrolment {
    running: Arc<Running>,
    standing: Standing,
    part: Part,
}

impl Enrolled {
    /// A target is called.
    pub fn called(&mut self, target: &Target, now: impl Fn() -> Duration) {
        self.each(|part| part.called(target, now()));
    }

    /// A call of a target failed.
    pub fn failed(&mut self, target: &Target, class: FailureClass) {
        self.each(|part| part.failed(target, class));
    }

    /// A target has begun to answer.
    pub fn answered(&mut self, target: &Target, now: impl Fn() -> Duration) {
        self.each(|part| part.answered(target, now()));
    }

    /// The request has ended, which is told to its trials; those of its arms whose answer it was and that heed what is said of it later.
    pub fn ended(&mut self, end: End, now: impl Fn() -> Duration, telemetry: &Telemetry) -> Arms {
        let mut judged = Arms::new();
        for Enrolment { running, part, .. } in std::mem::take(&mut self.0) {
            if let Some(seen) = part.ended(end) {
                running.observe(&seen, now(), telemetry);
                if running.heeds_feedback && !seen.failed {
                    judged.push(Judged { running, arm: seen.arm, step: seen.step });
                }
            }
        }
        judged
    }

    /// The parts as decisions tell them.
    pub fn told(&self) -> Vec<decision::Assigned> {
        let told = |Enrolment { running, standing, part }: &Enrolment| decision::Assigned {
            place: running.place.clone(),
            arm: part.arm.name(),
            step: standing.step + 1,
            steps: running.steps,
            share_percent: standing.share_percent,
            state: standing.stage.name(),
        };
        self.0.iter().map(told).collect()
    }

    fn each(&mut self, act: impl FnMut(&mut Part)) {
        self.0.iter_mut().map(|enrolment| &mut enrolment.part).for_each(act);
    }
}

/// Puts a request into the arms of its route's canaries.
pub struct Enrolling<'c> {
    random: &'c dyn Fn() -> u64,
    canaries: &'c Canaries,
    route: &'c Route,
    enrolled: RefCell<Enrolled>,
}

impl<'c> Enrolling<'c> {
    /// Draws by `random`, for the canaries of a route.
    #[must_use]
    pub fn of(random: &'c dyn Fn() -> u64, canaries: &'c Canaries, route: &'c Route) -> Self {
        Self { random, canaries, route, enrolled: RefCell::default() }
    }

    /// The trials that the request takes part in.
    pub fn into_enrolled(self) -> Enrolled {
        self.enrolled.into_inner()
    }
}

impl Trials for Enrolling<'_> {
    fn arm(&self, canary: &Canary, point: Option<u64>) -> Arm {
        let running = self.route.name.as_ref().and_then(|name| self.canaries.find(name, canary));
        // Only saved routes have canaries, and each of them has its trial.
        let Some(running) = running else { return Arm::Baseline };
        let standing = **running.standing.load();
        let arm = arm_at(point.unwrap_or_else(self.random), standing.share_percent);
        let part = Part::of(arm, standing.step, &canary.path);
        self.enrolled.borrow_mut().0.push(Enrolment { running: Arc::clone(running), standing, part });
        arm
    }
}
