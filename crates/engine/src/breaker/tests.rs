//! Laws of the breaker.

use std::time::Duration;

use domain::{BreakerPolicy, FailureClass, TimeoutStage};
use proptest::prelude::*;

use super::{Breaker, Stage, Turn, Verdict, verdict};

const SECOND: Duration = Duration::from_secs(1);
const START: Duration = Duration::from_secs(1000);

fn policy() -> BreakerPolicy {
    BreakerPolicy::default()
}

fn fail(breaker: &mut Breaker, now: Duration) -> Option<Turn> {
    let ticket = breaker.begin(now);
    breaker.failed(ticket, Verdict::Failed, None, &policy(), now)
}

fn succeed(breaker: &mut Breaker, now: Duration) -> Option<Turn> {
    let ticket = breaker.begin(now);
    breaker.succeeded(ticket, false, &policy(), now)
}

fn opened() -> Breaker {
    let mut breaker = Breaker::default();
    let turns: Vec<_> = (0..5).filter_map(|_| fail(&mut breaker, START)).collect();
    assert_eq!(turns, [Turn::Opened { cool_down: 10 * SECOND }]);
    breaker
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let mut breaker = Breaker::default();
    for _ in 0..4 {
        assert_eq!(fail(&mut breaker, START), None);
    }
    assert_eq!(succeed(&mut breaker, START), None);
    assert!(!breaker.is_shut(START));
    assert!(opened().is_shut(START));
}

#[test]
fn a_share_of_failures_opens_it_once_there_are_enough_calls() {
    let mut breaker = Breaker::default();
    for call in 0..19 {
        let turn = if call % 2 == 0 { fail(&mut breaker, START) } else { succeed(&mut breaker, START) };
        assert_eq!(turn, None, "{call}");
    }
    assert!(fail(&mut breaker, START).is_some());
}

#[test]
fn failures_from_before_the_window_count_no_more() {
    let mut breaker = Breaker::default();
    for call in 0..19 {
        let _ = if call % 2 == 0 { fail(&mut breaker, START) } else { succeed(&mut breaker, START) };
    }
    assert_eq!(succeed(&mut breaker, START + 31 * SECOND), None);
    assert_eq!(fail(&mut breaker, START + 31 * SECOND), None);
}

#[test]
fn a_probe_that_is_slow_is_no_sign_of_health() {
    let policy = BreakerPolicy { slow_after: Some(SECOND), ..policy() };
    let mut breaker = opened();
    let probe = breaker.begin(START + 10 * SECOND);
    let turn = breaker.succeeded(probe, true, &policy, START + 13 * SECOND);
    assert_eq!(turn, Some(Turn::Opened { cool_down: 20 * SECOND }));
    let probe = breaker.begin(START + 33 * SECOND);
    assert_eq!(breaker.succeeded(probe, false, &policy, START + 34 * SECOND), Some(Turn::Closed));
}

#[test]
fn a_target_of_which_nothing_is_heard_is_not_waited_for_until_the_time_limit() {
    let policy = BreakerPolicy { slow_after: Some(2 * SECOND), ..policy() };
    let listened = |calls: u32, heard_after: Option<u32>, waited: Duration| {
        let mut breaker = Breaker::default();
        for call in 0..calls {
            breaker.begin(START);
            if heard_after == Some(call) {
                breaker.heard();
            }
        }
        breaker.listen(&policy, START + waited)
    };
    let opened = Some(Turn::Opened { cool_down: 10 * SECOND });
    assert_eq!(listened(5, None, 3 * SECOND), opened);
    assert_eq!(listened(4, None, 3 * SECOND), None, "too few wait");
    assert_eq!(listened(5, None, 2 * SECOND), None, "they have not waited for long");
    assert_eq!(listened(9, Some(4), 3 * SECOND), None, "it was heard of");
    let unbounded = BreakerPolicy { slow_after: None, ..policy };
    let mut breaker = Breaker::default();
    for _ in 0..99 {
        breaker.begin(START);
    }
    assert_eq!(breaker.listen(&unbounded, START + 99 * SECOND), None);
}

#[test]
fn slow_answers_open_it_where_slowness_is_defined() {
    let answered = |breaker: &mut Breaker, is_slow| breaker.answered(is_slow, &policy(), START);
    let mut breaker = Breaker::default();
    for _ in 0..19 {
        assert_eq!(answered(&mut breaker, true), None);
    }
    assert_eq!(answered(&mut breaker, true), Some(Turn::Opened { cool_down: 10 * SECOND }));
    let mut breaker = Breaker::default();
    assert!((0..100).all(|answer| answered(&mut breaker, answer % 4 != 0).is_none()), "75 of a hundred");
}

#[test]
fn many_good_answers_of_a_while_ago_do_not_hide_that_all_are_slow_now() {
    let mut breaker = Breaker::default();
    let policy = policy();
    for _ in 0..1_000 {
        assert_eq!(breaker.answered(false, &policy, START), None);
    }
    let now = START + policy.window / 2;
    let turns: Vec<_> = (0..40).filter_map(|_| breaker.answered(true, &policy, now)).collect();
    assert_eq!(turns.len(), 1);
}

#[test]
fn after_the_cool_down_one_probe_at_a_time_passes_and_its_success_closes_it() {
    let mut breaker = opened();
    let due = START + 10 * SECOND;
    assert!(breaker.is_shut(due - Duration::from_millis(1)) && !breaker.is_shut(due));
    let probe = breaker.begin(due);
    assert!(breaker.is_shut(due), "a second probe must wait");
    let late = breaker.begin(due);
    assert_eq!(breaker.succeeded(late, false, &policy(), due), None, "only the probe closes it");
    assert_eq!(breaker.succeeded(probe, false, &policy(), due), Some(Turn::Closed));
    assert!(!breaker.is_shut(due) && breaker.is_closed());
}

#[test]
fn each_probe_that_fails_doubles_the_cool_down_up_to_the_longest() {
    let mut breaker = opened();
    let mut now = START;
    let mut expected = 10;
    for _ in 0..40 {
        now += SECOND * expected;
        expected = (expected * 2).min(60);
        assert_eq!(fail(&mut breaker, now), Some(Turn::Opened { cool_down: SECOND * expected }));
    }
}

#[test]
fn a_probe_without_a_verdict_makes_room_for_the_next() {
    let mut breaker = opened();
    let due = START + 10 * SECOND;
    let probe = breaker.begin(due);
    breaker.abandoned(probe);
    assert!(!breaker.is_shut(due));
}

#[test]
fn a_providers_wish_lengthens_the_cool_down() {
    let mut breaker = Breaker::default();
    let wish = Some(40 * SECOND);
    let turns: Vec<_> = (0..5)
        .filter_map(|_| {
            let ticket = breaker.begin(START);
            breaker.failed(ticket, Verdict::Failed, wish, &policy(), START)
        })
        .collect();
    assert_eq!(turns, [Turn::Opened { cool_down: 40 * SECOND }]);
}

#[test]
fn an_answer_to_a_call_that_began_while_it_was_open_closes_it_and_an_older_one_does_not() {
    let mut breaker = Breaker::default();
    let old = breaker.begin(START - SECOND);
    for _ in 0..5 {
        let _ = fail(&mut breaker, START);
    }
    assert_eq!(breaker.succeeded(old, false, &policy(), START), None);
    assert_eq!(succeed(&mut breaker, START + SECOND), Some(Turn::Closed));
}

#[test]
fn a_model_that_is_not_there_opens_it_at_once() {
    let mut breaker = Breaker::default();
    let ticket = breaker.begin(START);
    assert!(breaker.failed(ticket, Verdict::Absent, None, &policy(), START).is_some());
}

#[test]
fn a_breaker_that_is_off_never_opens() {
    let off = BreakerPolicy { enabled: false, ..policy() };
    let mut breaker = Breaker::default();
    for _ in 0..100 {
        let ticket = breaker.begin(START);
        assert_eq!(breaker.failed(ticket, Verdict::Absent, None, &off, START), None);
    }
    assert!(!breaker.is_shut(START));
}

#[test]
fn failures_are_blamed_on_whose_fault_they_are() {
    let timeout = |stage| FailureClass::Timeout(stage);
    for (class, target, provider) in [
        (FailureClass::Caller, None, None),
        (FailureClass::Credential, None, None),
        (FailureClass::RateLimited, None, None),
        (FailureClass::ModelMissing, Some(Verdict::Absent), None),
        (FailureClass::Overloaded, Some(Verdict::Failed), None),
        (FailureClass::Provider, Some(Verdict::Failed), None),
        (FailureClass::Broken, Some(Verdict::Failed), None),
        (timeout(TimeoutStage::FirstToken), Some(Verdict::Failed), None),
        (timeout(TimeoutStage::Connect), Some(Verdict::Failed), Some(Verdict::Failed)),
        (FailureClass::Connect, Some(Verdict::Failed), Some(Verdict::Failed)),
    ] {
        assert_eq!(verdict(class, Stage::Target), target, "{class:?}");
        assert_eq!(verdict(class, Stage::Provider), provider, "{class:?}");
    }
}

proptest! {
    /// Whatever happens, an open breaker lets a probe pass after its longest cool-down, and never two at once.
    #[test]
    fn it_always_comes_back_and_probes_singly(ends in prop::collection::vec((0_u8..3, 0_u64..20_000), 1..200)) {
        let mut breaker = Breaker::default();
        let mut now = START;
        for (end, step) in ends {
            now += Duration::from_millis(step);
            let was_due = !breaker.is_closed() && !breaker.is_shut(now);
            let ticket = breaker.begin(now);
            prop_assert_eq!(ticket.is_probe, was_due);
            prop_assert!(!was_due || breaker.is_shut(now));
            match end {
                0 => { breaker.succeeded(ticket, false, &policy(), now); }
                1 => { breaker.failed(ticket, Verdict::Failed, None, &policy(), now); }
                _ => breaker.abandoned(ticket),
            }
            prop_assert!(!breaker.is_shut(now + policy().cool_down_max));
        }
    }
}
