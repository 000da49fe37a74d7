//! Laws of trials, on virtual time and with seeded luck.

use std::sync::Arc;
use std::time::Duration;

use domain::Money;
use domain::canary::{Arm, CanaryPlan, Guard, Metric};
use proptest::prelude::*;

use super::{Alarm, Observation, Stage, Trial, Turn, arm_at};

const METRICS: [Metric; 3] = [Metric::Errors, Metric::FirstToken, Metric::Cost];

fn plan(steps: &[u32], requests_min: u32, worse_by_percent: u32) -> CanaryPlan {
    CanaryPlan {
        identity: 7,
        steps: steps.into(),
        hold: Duration::ZERO,
        requests_min,
        guards: METRICS.map(|metric| Guard { metric, worse_by_percent }).into(),
        alpha_percent: 5,
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Luck(u64);

impl Luck {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Between 0 and 1, neither of them.
    fn share(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Of a standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// How an arm does.
#[derive(Clone, Copy)]
struct Arms {
    errors: [f64; 2],
    /// By how many times the canary's times are those of the baseline.
    slower: f64,
    dearer: f64,
}

const SAME: Arms = Arms { errors: [0.02; 2], slower: 1.0, dearer: 1.0 };

impl Arms {
    fn observe(&self, arm: Arm, step: usize, luck: &mut Luck) -> Observation {
        let place = arm as usize;
        let times = |factor: f64| if arm == Arm::Canary { factor } else { 1.0 };
        let failed = luck.share() < self.errors[place];
        // Long tails, as providers have them.
        let first_token = 0.4 * (0.6 * luck.normal()).exp() * times(self.slower);
        let cost = 0.002 * luck.normal().exp() * times(self.dearer);
        Observation {
            arm,
            step,
            failed,
            first_token: (!failed).then(|| Duration::from_secs_f64(first_token)),
            cost: (!failed).then(|| Money::from_pico_usd((cost * 1e12) as i128)),
        }
    }

    /// Runs a trial, one request in a second, until it ends or there are no more requests: how it stands then, and after how many requests.
    fn run(&self, plan: CanaryPlan, requests_max: u32, seed: u64) -> (Stage, u32) {
        let mut trial = Trial::begin(Arc::new(plan), Duration::ZERO);
        let mut luck = Luck(seed);
        for request in 0..requests_max {
            let standing = trial.standing();
            let arm = arm_at(luck.bits(), standing.share_percent);
            let seen = self.observe(arm, standing.step, &mut luck);
            trial.observe(&seen, Duration::from_secs(request.into()));
            if trial.standing().stage != Stage::Running {
                return (trial.standing().stage, request + 1);
            }
        }
        (Stage::Running, requests_max)
    }

    /// In how many of so many runs the canary is rolled back.
    fn rollbacks(&self, plan: &CanaryPlan, requests_max: u32, runs: u64) -> u64 {
        let is_rolled_back = |seed: &u64| {
            let (stage, _) = self.run(plan.clone(), requests_max, seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
            matches!(stage, Stage::RolledBack(_))
        };
        (0..runs).filter(is_rolled_back).count() as u64
    }
}

#[test]
fn a_canary_that_is_the_same_is_rolled_back_no_more_often_than_alpha_says() {
    const RUNS: u64 = 2_000;
    let plan = plan(&[20, 50, 100], 100, 0);
    let rollbacks = SAME.rollbacks(&plan, 1_000, RUNS);
    assert!(rollbacks * 100 <= RUNS * u64::from(plan.alpha_percent), "{rollbacks} of {RUNS}");
    let (promoted, _) = SAME.run(plan, 10_000, 1);
    assert_eq!(promoted, Stage::Promoted);
}

#[test]
fn a_canary_that_is_as_much_worse_as_is_allowed_is_not_rolled_back_more_often_either() {
    const RUNS: u64 = 500;
    let plan = plan(&[50, 100], 2_000, 10);
    let edge = Arms { errors: [0.05, 0.15], slower: 1.1, dearer: 1.1 };
    let rollbacks = edge.rollbacks(&plan, 5_000, RUNS);
    assert!(rollbacks * 100 <= RUNS * u64::from(plan.alpha_percent), "{rollbacks} of {RUNS}");
}

/// In at least 95 of 100 runs a canary is rolled back for its fault within so many requests, of which it gets a tenth.
fn is_found(arms: Arms, metric: Metric, requests_max: u32) {
    const RUNS: u64 = 100;
    let run = |seed: u64| {
        arms.run(plan(&[10, 50, 100], 1_000, 2), requests_max, seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    };
    let found = (0..RUNS).filter(|seed| run(*seed).0 == Stage::RolledBack(metric)).count();
    assert!(found >= 95, "{} within {requests_max} requests: {found} of {RUNS}", metric.name());
}

#[test]
fn ten_points_more_errors_are_found_within_500_requests_of_the_canary() {
    is_found(Arms { errors: [0.02, 0.12], ..SAME }, Metric::Errors, 5_000);
}

#[test]
fn twice_the_time_to_the_first_content_is_found_within_80_requests_of_the_canary() {
    is_found(Arms { slower: 2.0, ..SAME }, Metric::FirstToken, 800);
}

#[test]
fn twice_the_cost_is_found_within_200_requests_of_the_canary() {
    is_found(Arms { dearer: 2.0, ..SAME }, Metric::Cost, 2_000);
}

#[test]
fn a_canary_that_fails_always_is_found_before_it_has_failed_twenty_times() {
    let dead = Arms { errors: [0.02, 1.0], ..SAME };
    for seed in 0..100 {
        let (stage, requests) = dead.run(plan(&[10, 50, 100], 100, 2), 2_000, seed);
        assert_eq!(stage, Stage::RolledBack(Metric::Errors));
        assert!(requests < 300, "after {requests} requests, of which it gets a tenth");
    }
}

#[test]
fn the_share_of_requests_is_that_of_the_step() {
    const REQUESTS: u32 = 20_000;
    let mut luck = Luck(3);
    for share in [1, 5, 25, 50, 99] {
        let in_canary = (0..REQUESTS).filter(|_| arm_at(luck.bits(), share) == Arm::Canary).count();
        let expected = f64::from(REQUESTS) * f64::from(share) / 100.0;
        let off = (in_canary as f64 - expected).powi(2);
        let chi_square = off / expected + off / (f64::from(REQUESTS) - expected);
        // One in a thousand is further off.
        assert!(chi_square < 10.83, "{share} %: {in_canary}");
    }
    assert_eq!((arm_at(0, 0), arm_at(u64::MAX, 100)), (Arm::Baseline, Arm::Canary));
}

#[test]
fn an_alarm_says_what_was_compared() {
    let mut trial = Trial::begin(Arc::new(plan(&[50, 100], 1_000, 2)), Duration::ZERO);
    let mut observe = |arm, failed| {
        let seen = Observation { arm, step: 0, failed, first_token: None, cost: None };
        trial.observe(&seen, Duration::ZERO)
    };
    let found = (0..200).find_map(|_| observe(Arm::Baseline, false).or_else(|| observe(Arm::Canary, true)));
    let Some(Turn::RolledBack(alarm)) = found else { panic!("{found:?}") };
    assert_eq!((alarm.metric, alarm.baseline, alarm.canary), (Metric::Errors, 0.0, 1.0));
    assert_eq!(trial.standing().share_percent, 0);
    assert_eq!(trial.standing().stage.name(), "rolled_back");
}

#[test]
fn what_began_at_an_earlier_step_says_nothing_about_this_one() {
    let mut trial = Trial::begin(Arc::new(plan(&[50, 60, 100], 1, 50)), Duration::ZERO);
    let fine = |arm, step| Observation { arm, step, failed: false, first_token: None, cost: None };
    assert_eq!(trial.observe(&fine(Arm::Baseline, 0), Duration::ZERO), None);
    assert_eq!(trial.observe(&fine(Arm::Canary, 0), Duration::ZERO), Some(Turn::Stepped));
    for _ in 0..10 {
        assert_eq!(trial.observe(&fine(Arm::Baseline, 0), Duration::ZERO), None);
        assert_eq!(trial.observe(&fine(Arm::Canary, 1), Duration::ZERO), None);
    }
    assert_eq!(trial.observe(&fine(Arm::Baseline, 1), Duration::ZERO), Some(Turn::Promoted));
    assert_eq!(trial.observe(&fine(Arm::Baseline, 2), Duration::ZERO), None, "it is over");
}

#[test]
fn a_canary_whose_last_step_is_not_everything_stays_there_and_is_still_watched() {
    let mut trial = Trial::begin(Arc::new(plan(&[5, 10], 1, 2)), Duration::ZERO);
    let seen = |arm, step, failed| Observation { arm, step, failed, first_token: None, cost: None };
    for arm in Arm::ALL {
        trial.observe(&seen(arm, 0, false), Duration::ZERO);
    }
    for _ in 0..500 {
        for arm in Arm::ALL {
            assert_eq!(trial.observe(&seen(arm, 1, false), Duration::MAX), None);
        }
    }
    assert_eq!((trial.standing().stage, trial.standing().share_percent), (Stage::Running, 10));
    let mut fail = || trial.observe(&seen(Arm::Canary, 1, true), Duration::MAX);
    assert!((0..500).any(|_| matches!(fail(), Some(Turn::RolledBack(_)))));
}

proptest! {
    #[test]
    fn no_step_is_taken_before_its_hold_and_its_requests(
        hold in 0_u64..50, requests_min in 1_u32..20, seen in prop::collection::vec((any::<bool>(), 0_u64..10), 1..300),
    ) {
        let plan = CanaryPlan { hold: Duration::from_secs(hold), ..plan(&[10, 20, 50], requests_min, 2) };
        let mut trial = Trial::begin(Arc::new(plan), Duration::ZERO);
        let (mut now, mut since, mut requests) = (0, 0, [0; 2]);
        for (is_canary, passed) in seen {
            now += passed;
            let arm = if is_canary { Arm::Canary } else { Arm::Baseline };
            requests[arm as usize] += 1;
            let is_time = now - since >= hold && requests.iter().all(|requests| *requests >= requests_min);
            let step = trial.standing().step;
            let fine = Observation { arm, step, failed: false, first_token: None, cost: None };
            let turn = trial.observe(&fine, Duration::from_secs(now));
            prop_assert_eq!(turn.is_some(), is_time && step < 2);
            if turn.is_some() {
                (since, requests) = (now, [0; 2]);
            }
        }
    }

    #[test]
    fn who_is_in_the_canary_stays_there_as_it_grows(point: u64, share in 0_u32..=100, more in 0_u32..=100) {
        if arm_at(point, share) == Arm::Canary {
            prop_assert_eq!(arm_at(point, share.max(more)), Arm::Canary);
        }
    }
}

/// A canary that is judged by what is said of its answers alone.
fn rated_plan() -> CanaryPlan {
    let guards = vec![Guard { metric: Metric::Feedback, worse_by_percent: 5 }];
    CanaryPlan { guards, ..plan(&[50], 1, 5) }
}

/// Says of so many answers of each arm whether they were bad, by turns, until there is an alarm; after how many of the canary.
fn rated(bad_of: [u32; 2], count: u32) -> Option<(u32, Alarm)> {
    let mut trial = Trial::begin(Arc::new(rated_plan()), Duration::ZERO);
    for number in 0..count {
        for arm in Arm::ALL {
            let is_bad = number % 10 < bad_of[arm as usize];
            if let Some(Turn::RolledBack(alarm)) = trial.rated(arm, 0, is_bad) {
                return Some((number + 1, alarm));
            }
        }
    }
    assert_eq!(trial.standing().stage, Stage::Running);
    None
}

#[test]
fn a_canary_whose_answers_are_said_to_be_bad_is_rolled_back() {
    let (ratings, alarm) = rated([1, 6], 200).unwrap();
    assert!(ratings < 60, "{ratings}");
    assert_eq!(alarm.metric, Metric::Feedback);
    assert!(alarm.canary > alarm.baseline + 0.05, "{alarm:?}");
    assert_eq!(rated([4, 4], 2_000), None);
    assert_eq!(rated([6, 1], 2_000), None, "it is better");
}

#[test]
fn what_is_said_after_a_step_or_where_nobody_heeds_it_says_nothing() {
    let mut trial = Trial::begin(Arc::new(rated_plan()), Duration::ZERO);
    assert!((0..500).all(|_| trial.rated(Arm::Canary, 1, true).is_none()), "another step");
    let mut deaf = Trial::begin(Arc::new(plan(&[50], 1, 5)), Duration::ZERO);
    for _ in 0..500 {
        assert_eq!(deaf.rated(Arm::Baseline, 0, false), None);
        assert_eq!(deaf.rated(Arm::Canary, 0, true), None);
    }
    assert_eq!(deaf.standing().stage, Stage::Running);
}

#[test]
fn requests_that_fail_are_no_ratings() {
    let mut trial = Trial::begin(Arc::new(rated_plan()), Duration::ZERO);
    for _ in 0..500 {
        for (arm, failed) in [(Arm::Baseline, false), (Arm::Canary, true)] {
            let seen = Observation { arm, step: 0, failed, first_token: None, cost: None };
            assert_eq!(trial.observe(&seen, Duration::ZERO), None);
        }
    }
}
