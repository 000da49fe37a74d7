//! Laws of watching calls, on guards of which a test holds everything.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use domain::{BreakerPolicy, Failure, FailureClass, TimeoutStage};

use super::{Guards, Seen, Stage, Turn, Watch};

const START: Duration = Duration::from_secs(1_000);
const TOOK: Duration = Duration::from_millis(300);

#[derive(Default)]
struct World {
    now: Cell<Duration>,
    policy: BreakerPolicy,
    /// Who is called.
    provider: Cell<&'static str>,
    /// What was seen of each provider, and under no name of their region.
    seen: RefCell<HashMap<(Stage, &'static str), Seen>>,
    turns: RefCell<Vec<(Stage, bool, Turn)>>,
}

impl Guards for &World {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn policy(&self) -> &BreakerPolicy {
        &self.policy
    }

    fn provider(&self) -> &str {
        self.provider.get()
    }

    fn seen<R>(&self, stage: Stage, act: impl FnOnce(&mut Seen) -> R) -> Option<R> {
        let whose = if stage == Stage::Region { "" } else { self.provider.get() };
        Some(act(self.seen.borrow_mut().entry((stage, whose)).or_default()))
    }

    fn turned(&self, stage: Stage, was_closed: bool, turn: Turn) {
        self.turns.borrow_mut().push((stage, was_closed, turn));
    }
}

impl World {
    fn new() -> Self {
        Self { now: Cell::new(START), ..Self::default() }
    }

    /// A call that takes [`TOOK`] up to where `end` tells how it went.
    fn call(&self, has_own_limits: bool, end: impl FnOnce(Watch<&Self>)) {
        let watch = Watch::begin(self, has_own_limits);
        self.now.set(self.now.get() + TOOK);
        end(watch);
    }

    fn is_shut(&self, stage: Stage) -> bool {
        (&self).seen(stage, |seen| seen.breaker.is_shut(self.now.get())).unwrap()
    }

    fn pending(&self) -> [u32; 3] {
        Stage::ALL.map(|stage| (&self).seen(stage, |seen| seen.load.pending).unwrap())
    }
}

fn failure(class: FailureClass) -> Failure {
    Failure::without_status(class, "")
}

#[test]
fn whatever_its_end_a_call_is_no_longer_pending() {
    let ends: [fn(Watch<&World>); 4] = [
        |_untold| {},
        |watch| watch.failed(&failure(FailureClass::Provider)),
        |mut watch| {
            watch.answered(TOOK);
            watch.ended();
        },
        |mut watch| {
            watch.answered(TOOK);
            watch.broke_off();
        },
    ];
    for end in ends {
        let world = World::new();
        world.call(false, |watch| {
            assert_eq!(world.pending(), [1; 3]);
            end(watch);
        });
        assert_eq!(world.pending(), [0; 3]);
    }
}

#[test]
fn failures_of_a_model_shut_its_target_and_no_other_of_the_provider() {
    let world = World::new();
    for _ in 0..5 {
        world.call(false, |watch| watch.failed(&failure(FailureClass::Provider)));
    }
    assert!(world.is_shut(Stage::Target) && !world.is_shut(Stage::Provider));
    let turns = world.turns.borrow();
    assert!(matches!(turns.as_slice(), [(Stage::Target, true, Turn::Opened { .. })]), "{turns:?}");
}

#[test]
fn a_provider_that_cannot_be_reached_is_shut_as_a_whole() {
    let world = World::new();
    for _ in 0..5 {
        world.call(false, |watch| watch.failed(&failure(FailureClass::Connect)));
    }
    assert!(world.is_shut(Stage::Target) && world.is_shut(Stage::Provider));
}

#[test]
fn an_answer_that_breaks_off_speaks_against_its_target() {
    let world = World::new();
    for _ in 0..5 {
        world.call(false, |mut watch| {
            watch.answered(TOOK);
            watch.broke_off();
        });
    }
    assert!(world.is_shut(Stage::Target));
}

#[test]
fn a_request_that_ran_out_of_its_own_limits_speaks_against_nobody() {
    for (has_own_limits, is_shut) in [(true, false), (false, true)] {
        let world = World::new();
        let class = FailureClass::Timeout(TimeoutStage::FirstToken);
        for _ in 0..5 {
            world.call(has_own_limits, |watch| watch.failed(&failure(class)));
        }
        assert_eq!(world.is_shut(Stage::Target), is_shut);
    }
}

#[test]
fn a_probe_has_done_its_work_with_the_first_content() {
    let world = World::new();
    for _ in 0..5 {
        world.call(false, |watch| watch.failed(&failure(FailureClass::Provider)));
    }
    world.now.set(world.now.get() + world.policy.cool_down);
    let mut probe = Watch::begin(&world, false);
    assert!(world.is_shut(Stage::Target), "one probe at a time");
    probe.answered(TOOK);
    assert!(!world.is_shut(Stage::Target));
    assert_eq!(world.turns.borrow().last(), Some(&(Stage::Target, false, Turn::Closed)));
    probe.broke_off();
    assert!(!world.is_shut(Stage::Target), "one failure of many");
}

#[test]
fn to_be_outrun_is_no_failure_and_counts_as_slow_all_the_same() {
    let world = World::new();
    for _ in 0..20 {
        let watch = Watch::begin(&world, false);
        world.now.set(world.now.get() + Duration::from_secs(2));
        watch.outrun();
    }
    assert!(!world.is_shut(Stage::Target));
    let seen = world.seen.borrow();
    let seen = &seen[&(Stage::Target, "")];
    assert_eq!((seen.load.pending, seen.load.latency), (0, Duration::from_secs(2)));
    assert!(seen.times.quantile(50).unwrap() >= Duration::from_secs(2));
}

#[test]
fn a_probe_that_ends_without_a_verdict_lets_another_probe_go() {
    let world = World::new();
    for _ in 0..5 {
        world.call(false, |watch| watch.failed(&failure(FailureClass::Provider)));
    }
    world.now.set(world.now.get() + world.policy.cool_down);
    world.call(false, |_untold| {});
    assert!(!world.is_shut(Stage::Target));
}

#[test]
fn calls_that_wait_unheard_shut_a_target_and_any_answer_or_end_of_one_is_a_sign_of_life() {
    let slow_after = Some(Duration::from_secs(2));
    let later = Duration::from_secs(3);
    type End = fn(&mut Option<Watch<&World>>);
    let ends: [(End, bool); 3] = [
        (|_| {}, true),
        (|first| first.as_mut().unwrap().answered(TOOK), false),
        (|first| *first = None, false),
    ];
    for (end, is_shut) in ends {
        let policy = BreakerPolicy { slow_after, ..BreakerPolicy::default() };
        let world = World { policy, ..World::new() };
        let mut first = Some(Watch::begin(&world, false));
        let _waiting: Vec<_> = (0..5).map(|_| Watch::begin(&world, false)).collect();
        end(&mut first);
        world.now.set(START + later);
        let _next = Watch::begin(&world, false);
        assert_eq!(world.is_shut(Stage::Target), is_shut);
        assert!(!world.is_shut(Stage::Provider));
    }
}

impl World {
    /// So many calls of a provider fail.
    fn fail(&self, provider: &'static str, times: u32, class: FailureClass) {
        self.provider.set(provider);
        for _ in 0..times {
            self.call(false, |watch| watch.failed(&failure(class)));
        }
    }

    fn answer(&self, provider: &'static str) {
        self.provider.set(provider);
        self.call(false, |mut watch| watch.answered(TOOK));
    }
}

#[test]
fn one_sick_provider_never_shuts_its_region_and_two_do() {
    for class in
        [FailureClass::Connect, FailureClass::Provider, FailureClass::Timeout(TimeoutStage::FirstToken)]
    {
        let world = World::new();
        world.fail("north", 20, class);
        world.fail("south", 4, class);
        assert!(!world.is_shut(Stage::Region), "{class:?}");
        world.fail("south", 1, class);
        assert!(world.is_shut(Stage::Region), "{class:?}");
        let (turns, region) = (world.turns.borrow(), Stage::Region);
        assert_eq!(turns.iter().filter(|(stage, ..)| *stage == region).count(), 1, "it is told once");
    }
}

#[test]
fn what_somebody_says_is_no_loss_of_a_region() {
    for class in
        [FailureClass::RateLimited, FailureClass::ModelMissing, FailureClass::Caller, FailureClass::Broken]
    {
        let world = World::new();
        world.fail("north", 20, class);
        world.fail("south", 20, class);
        assert!(!world.is_shut(Stage::Region), "{class:?}");
    }
}

#[test]
fn as_long_as_anybody_in_a_region_answers_it_is_there() {
    let world = World::new();
    for _ in 0..20 {
        world.fail("north", 4, FailureClass::Connect);
        world.fail("south", 4, FailureClass::Connect);
        world.answer("west");
    }
    assert!(!world.is_shut(Stage::Region));
}

#[test]
fn the_first_content_of_one_probe_brings_a_region_back_and_a_failed_one_keeps_it_shut_as_long_as_before() {
    let world = World::new();
    world.fail("north", 5, FailureClass::Connect);
    world.fail("south", 5, FailureClass::Connect);
    let rest = |times: u32| world.now.set(world.now.get() + times * world.policy.cool_down);
    rest(1);
    assert!(!world.is_shut(Stage::Region), "a probe is due");
    world.fail("south", 1, FailureClass::Overloaded);
    assert!(world.is_shut(Stage::Region));
    rest(1);
    assert!(!world.is_shut(Stage::Region), "not for longer, unlike a target");
    world.answer("north");
    assert!(!world.is_shut(Stage::Region));
    world.fail("south", 5, FailureClass::Connect);
    assert!(!world.is_shut(Stage::Region), "what was before is forgotten");
}

#[test]
fn a_call_of_what_is_shut_is_a_bypass_unless_breakers_are_off() {
    for enabled in [true, false] {
        let mut world = World::new();
        world.fail("north", 5, FailureClass::Provider);
        world.policy.enabled = enabled;
        assert_eq!(Watch::begin(&world, false).is_bypass(), enabled);
        world.now.set(world.now.get() + world.policy.cool_down);
        assert!(!Watch::begin(&world, false).is_bypass(), "a probe is none");
    }
}
