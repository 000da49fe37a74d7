//! The part that one request has in a trial: what its arm made of it, from the first call to the end of the answer.
//!
//! An arm is judged as a whole, whatever is nested in it: by whether it answered, by how long it took from its first call on, with everything that it tried in
//! between, and by what its answer cost.

use std::time::Duration;

use domain::canary::Arm;
use domain::{FailureClass, Money, Target};

use crate::route::member;

/// The part of one request.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its arm.
    pub arm: Arm,
    /// At which step of the trial, from 0 on.
    pub step: usize,
    /// The place of the arm in the route.
    place: String,
    course: Course,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Nothing of its arm was called.
    Idle,
    /// Since then its arm is called.
    Called(Duration),
    /// What its arm called last has failed.
    Failed(FailureClass, Duration),
    /// Its arm has answered, and took so long.
    Answered(Duration),
}

/// How an answer ended, or the request without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is whole, and cost so much as far as that is known.
    Whole(Option<Money>),
    /// It broke off, or there was none.
    Failed,
    /// The client left.
    Left,
}

/// What a request says about its arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The arm.
    pub arm: Arm,
    /// The step at which it was put there, from 0 on.
    pub step: usize,
    /// Whether the arm failed.
    pub failed: bool,
    /// How long the arm took to the first content, or to the whole answer where it was not streamed.
    pub first_token: Option<Duration>,
    /// What its answer cost.
    pub cost: Option<Money>,
}

impl Part {
    /// The part of a request that was put into an arm of the canary at a place in its route, at a step.
    #[must_use]
    pub fn of(arm: Arm, step: usize, canary: &str) -> Self {
        Self { arm, step, place: member(canary, &format!("targets[{}]", arm as usize)), course: Course::Idle }
    }

    /// A target is called.
    pub fn called(&mut self, target: &Target, now: Duration) {
        if self.course == Course::Idle && self.has(target) {
            self.course = Course::Called(now);
        }
    }

    /// A call of a target failed.
    pub fn failed(&mut self, target: &Target, class: FailureClass) {
        if let (true, Course::Called(since) | Course::Failed(_, since)) = (self.has(target), self.course) {
            self.course = Course::Failed(class, since);
        }
    }

    /// A target has begun to answer the request.
    pub fn answered(&mut self, target: &Target, now: Duration) {
        if let (true, Course::Called(since) | Course::Failed(_, since)) = (self.has(target), self.course) {
            self.course = Course::Answered(now.saturating_sub(since));
        }
    }

    /// What the request says about its arm when it has ended; nothing where the arm did not come to anything, or the request itself was wrong.
    #[must_use]
    pub fn ended(&self, end: End) -> Option<Observation> {
        let observation =
            Observation { arm: self.arm, step: self.step, failed: false, first_token: None, cost: None };
        match self.course {
            Course::Idle | Course::Called(_) | Course::Failed(FailureClass::Caller, _) => None,
            Course::Failed(..) => Some(Observation { failed: true, ..observation }),
            Course::Answered(took) => Some(Observation {
                failed: end == End::Failed,
                first_token: Some(took),
                cost: if let End::Whole(cost) = end { cost } else { None },
                ..observation
            }),
        }
    }

    /// Whether a target is in its arm.
    fn has(&self, target: &Target) -> bool {
        let below = target.path.strip_prefix(&self.place);
        below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arm, Duration, End, FailureClass, Money, Observation, Part, Target};
    use crate::route::compile::tests::compiled_by_operator;
    use serde_json::json;

    const FIRST: Duration = Duration::from_secs(10);
    const LATER: Duration = Duration::from_secs(13);

    /// A target at a place.
    fn at(place: &str) -> Target {
        let mut found = None;
        let lone = compiled_by_operator(&json!({"target": "openai/m"}));
        lone.for_each_target(&mut |target| found = Some(Target { path: place.to_owned(), ..target.clone() }));
        found.unwrap()
    }

    fn canary() -> Part {
        Part::of(Arm::Canary, 2, "targets[0]")
    }

    fn failed(part: &Part, end: End) -> Option<bool> {
        part.ended(end).map(|seen| seen.failed)
    }

    #[test]
    fn an_answer_says_how_long_it_took_and_what_it_cost() {
        let mut part = canary();
        let (first, second) =
            (at("targets[0].targets[1].targets[0]"), at("targets[0].targets[1].targets[1]"));
        part.called(&first, FIRST);
        part.failed(&first, FailureClass::Provider);
        part.called(&second, LATER);
        part.answered(&second, LATER);
        let cost = Some(Money::from_usd(1));
        let seen = part.ended(End::Whole(cost)).unwrap();
        let first_token = Some(LATER - FIRST);
        assert_eq!(seen, Observation { arm: Arm::Canary, step: 2, failed: false, first_token, cost });
        assert_eq!(part.ended(End::Left), Some(Observation { cost: None, ..seen }));
        assert_eq!(part.ended(End::Failed), Some(Observation { cost: None, failed: true, ..seen }));
    }

    #[test]
    fn what_the_baseline_answers_for_the_canary_is_a_failure_of_the_canary() {
        let (canarys, baselines) = (at("targets[0].targets[1]"), at("targets[0].targets[0]"));
        let mut part = canary();
        part.called(&canarys, FIRST);
        part.failed(&canarys, FailureClass::Overloaded);
        part.called(&baselines, LATER);
        part.answered(&baselines, LATER);
        assert_eq!(failed(&part, End::Whole(None)), Some(true));
    }

    #[test]
    fn a_request_that_is_wrong_itself_says_nothing_about_its_arm() {
        for (class, expected) in [
            (FailureClass::Caller, None),
            (FailureClass::RateLimited, Some(true)),
            (FailureClass::Credential, Some(true)),
            (FailureClass::ModelMissing, Some(true)),
        ] {
            let mut part = canary();
            part.called(&at("targets[0].targets[1]"), FIRST);
            part.failed(&at("targets[0].targets[1]"), class);
            assert_eq!(failed(&part, End::Failed), expected, "{class:?}");
        }
    }

    #[test]
    fn an_arm_that_was_not_called_or_not_waited_for_says_nothing() {
        let mut part = canary();
        for other in ["targets[0].targets[0]", "targets[0].targets[10]", "targets[1]", ""] {
            part.called(&at(other), FIRST);
            part.answered(&at(other), FIRST);
        }
        assert_eq!(part.ended(End::Whole(None)), None);
        part.called(&at("targets[0].targets[1]"), FIRST);
        assert_eq!(part.ended(End::Left), None);
        let mut whole = Part::of(Arm::Baseline, 0, "");
        whole.called(&at("targets[0]"), FIRST);
        whole.answered(&at("targets[0]"), FIRST);
        assert_eq!(failed(&whole, End::Whole(None)), Some(false));
    }
}
