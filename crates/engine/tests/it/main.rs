//! State that many requests change at once, by threads that really run at once. Each of it is a single atomic number that no other is read
//! together with; `tests/interleavings` tries every order of fewer threads.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use domain::FailureClass;
use domain::route::Turns;
use engine::credentials::{Bench, Tried};

const THREADS: u64 = 8;
const TIMES: u64 = 2_000;

/// What each of several threads, which begin together, makes of its number.
fn together<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap_or_default());
    let begin = |number| {
        barrier.wait();
        work(number)
    };
    thread::scope(|scope| {
        let begun: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || begin(number))).collect();
        begun.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

#[test]
fn every_turn_is_somebodys_and_nobody_elses() {
    let turns = Turns::default();
    let taken = together(|_| (0..TIMES).map(|_| turns.take()).collect::<Vec<_>>()).concat();
    assert_eq!(taken.iter().copied().collect::<BTreeSet<_>>(), (0..THREADS * TIMES).collect());
}

#[test]
fn the_longest_of_many_rests_holds() {
    let now = Duration::from_secs(1_000);
    for _ in 0..100 {
        let bench = Bench::new(1);
        together(|number| {
            for time in 0..20 {
                let wish = Duration::from_secs(1 + number * 20 + time);
                bench.failed(0, FailureClass::RateLimited, Some(wish), now);
            }
        });
        let longest = Duration::from_secs(THREADS * 20);
        assert_eq!(bench.resting(now + longest - Duration::from_millis(1)), 1);
        assert_eq!(bench.resting(now + longest), 0);
    }
}

#[test]
fn credentials_take_turns_whoever_asks() {
    let bench = Bench::new(4);
    let chosen = together(|_| {
        let choose = |_| bench.choose(Tried::default(), Duration::ZERO).map(|choice| choice.index);
        (0..TIMES).filter_map(choose).collect::<Vec<_>>()
    })
    .concat();
    for index in 0..4 {
        let times = chosen.iter().filter(|chosen| **chosen == index).count() as u64;
        assert_eq!(times, THREADS * TIMES / 4);
    }
}
