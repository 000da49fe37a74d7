//! Laws of renewal, under a clock that the test moves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ports::sign_in::SignInProblem;
use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{
    FAILURE_PAUSE_MAX, Issued, Live, PAUSE_MIN, Source, UNDATED_PAUSE, pause_after_failure,
    pause_until_renewal,
};
use crate::sign_in::fake::{noon, outside_at};
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

const HOUR: Duration = Duration::from_secs(3600);

/// Counts how often it is asked, and says what the test says.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    asked: Vec<Instant>,
    /// The life of what is issued; no life is a failure.
    life: Option<Duration>,
}

impl Counting {
    fn issuing(life: Duration) -> Self {
        let counting = Self::default();
        counting.set(Some(life));
        counting
    }

    fn set(&self, life: Option<Duration>) {
        self.0.lock().life = life;
    }

    fn asked(&self) -> usize {
        self.0.lock().asked.len()
    }
}

impl Source for Counting {
    type Proof = usize;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<usize>, FetchProblem> {
        let mut script = self.0.lock();
        script.asked.push(Instant::now());
        match script.life {
            Some(life) => Ok(Issued { proof: script.asked.len(), expires: Some(outside.now() + life) }),
            None => Err(FetchProblem::unusable("the fake", "it fails")),
        }
    }
}

/// A time of day that goes with the runtime's clock.
fn outside() -> (Outside, impl Fn() -> SystemTime + Clone) {
    let began = Instant::now();
    let clock = move || noon() + began.elapsed();
    (outside_at(&[], clock), clock)
}

/// Lets time go by, of which nothing is waited for in truth.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await; // tidy: sleep, the clock is paused
}

async fn settle(live: &Live<Counting>) {
    if let Some(pending) = live.pending() {
        pending.await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_before_it_is_started() {
    let source = Counting::issuing(HOUR);
    let live = Live::new(source.clone());
    tokio::time::advance(HOUR).await;
    assert_eq!(source.asked(), 0);
    assert_eq!(live.current(noon()).err(), Some(SignInProblem::Pending { failure: None }));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_expires_and_never_missing_in_between() {
    let (outside, clock) = outside();
    let source = Counting::issuing(HOUR);
    let live = Live::new(source.clone());
    live.start(&outside);
    live.start(&outside);
    settle(&live).await;
    assert_eq!(source.asked(), 1, "started twice, fetched once");
    for _ in 0..240 {
        pass(Duration::from_secs(60)).await;
        assert!(live.current(clock()).is_ok());
    }
    // Four hours, renewed after 45 to 52 minutes each.
    assert!((5..=6).contains(&source.asked()), "{}", source.asked());
}

#[tokio::test(start_paused = true)]
async fn the_last_good_one_is_kept_until_it_expires_while_renewing_fails() {
    let (outside, clock) = outside();
    let source = Counting::issuing(HOUR);
    let live = Live::new(source.clone());
    live.start(&outside);
    settle(&live).await;
    source.set(None);
    pass(HOUR - Duration::from_secs(1)).await;
    assert!(source.asked() > 3, "it was tried again and again: {}", source.asked());
    assert_eq!(live.current(clock()).unwrap().proof, 1);
    pass(Duration::from_secs(2)).await;
    let problem = live.current(clock()).err().unwrap();
    assert_eq!(problem.to_string(), "the sign-in to the provider has expired: the fake: it fails");

    source.set(Some(HOUR));
    pass(FAILURE_PAUSE_MAX).await;
    assert!(live.current(clock()).is_ok(), "and it recovers by itself");
}

#[tokio::test(start_paused = true)]
async fn a_first_failure_settles_the_matter_and_says_why() {
    let (outside, clock) = outside();
    let source = Counting::default();
    let live = Live::new(source.clone());
    live.start(&outside);
    settle(&live).await;
    assert!(live.pending().is_none(), "nobody waits any more");
    let problem = live.current(clock()).err().unwrap();
    assert_eq!(problem.to_string(), "the sign-in to the provider is not done yet: the fake: it fails");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_holds_is_no_longer_renewed() {
    let (outside, _) = outside();
    let source = Counting::issuing(HOUR);
    let live = Live::new(source.clone());
    live.start(&outside);
    settle(&live).await;
    drop(live);
    pass(24 * HOUR).await;
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_time_of_day_is_noticed_within_half_a_minute() {
    let began = Instant::now();
    let jump = Arc::new(Mutex::new(Duration::ZERO));
    let jumped = Arc::clone(&jump);
    let outside = outside_at(&[], move || noon() + began.elapsed() + *jumped.lock());
    let source = Counting::issuing(HOUR);
    let live = Live::new(source.clone());
    live.start(&outside);
    settle(&live).await;
    // As after a night in which the machine was suspended.
    *jump.lock() = 8 * HOUR;
    pass(Duration::from_secs(31)).await;
    assert_eq!(source.asked(), 2);
}

#[test]
fn what_has_no_known_end_is_looked_at_again_now_and_then() {
    assert_eq!(pause_until_renewal(None, noon(), 7), UNDATED_PAUSE);
}

proptest! {
    #[test]
    fn a_renewal_leaves_an_eighth_of_the_life_for_failures(seconds in 8_u64..1_000_000, random: u64) {
        let life = Duration::from_secs(seconds);
        let pause = pause_until_renewal(Some(noon() + life), noon(), random);
        prop_assert!(pause >= life.mul_f64(0.749) && pause <= life.mul_f64(0.876), "{:?}", pause);
    }

    #[test]
    fn what_expires_at_once_does_not_make_it_spin(ago in 0_u64..100_000, random: u64) {
        let expires = noon() - Duration::from_secs(ago);
        prop_assert_eq!(pause_until_renewal(Some(expires), noon(), random), PAUSE_MIN);
    }

    #[test]
    fn failures_are_retried_ever_more_slowly_and_at_least_every_minute(failures in 1_u32..u32::MAX, random: u64) {
        let pause = pause_after_failure(failures, random);
        let whole = Duration::from_secs(1 << (failures - 1).min(10)).min(FAILURE_PAUSE_MAX);
        prop_assert!(pause >= whole / 2 && pause <= whole, "{:?}", pause);
    }
}
