//! The rests of credentials.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::FailureClass;
use engine::credentials::{Bench, Tried};
use loom::thread;

use super::{as_one_after_another, in_every_order};

const NOW: Duration = Duration::from_secs(1_000);

fn limited(bench: &Bench, index: usize, seconds: u64) {
    bench.failed(index, FailureClass::RateLimited, Some(Duration::from_secs(seconds)), NOW);
}

fn chosen(bench: &Bench) -> Option<usize> {
    bench.choose(Tried::default(), NOW).map(|choice| choice.index)
}

/// Whether the first credential rests after so many seconds.
fn rests(bench: &Bench, seconds: u64) -> bool {
    bench.rests(0, NOW + Duration::from_secs(seconds))
}

#[test]
fn no_turn_is_given_twice_nor_lost() {
    in_every_order(|| {
        let bench = Arc::new(Bench::new(3));
        let choose = |_| {
            let bench = Arc::clone(&bench);
            thread::spawn(move || chosen(&bench))
        };
        let threads: Vec<_> = (0..2).map(choose).collect();
        let own = chosen(&bench);
        let others = threads.into_iter().map(|thread| thread.join().unwrap());
        let chosen: BTreeSet<_> = others.chain([own]).flatten().collect();
        assert_eq!(chosen, [0, 1, 2].into());
    });
}

#[test]
fn the_longest_rest_holds() {
    let (short, long) = (|bench: &Bench| limited(bench, 0, 5), |bench: &Bench| limited(bench, 0, 9));
    as_one_after_another(|| Bench::new(1), [short, long], |bench| (rests(bench, 8), rests(bench, 9)));
}

#[test]
fn an_answer_to_an_earlier_call_ends_no_rest_that_has_begun_since() {
    let disturbed = || {
        let bench = Bench::new(1);
        limited(&bench, 0, 10);
        chosen(&bench).unwrap();
        bench
    };
    let (served, refused) = (|bench: &Bench| bench.served(0), |bench: &Bench| limited(bench, 0, 20));
    as_one_after_another(disturbed, [served, refused], |bench| rests(bench, 19));
}

#[test]
fn a_rest_that_begins_while_its_credential_is_chosen_is_not_disturbed() {
    // Of two that rest, the first is back sooner; who chooses it has not seen its longer rest.
    let resting = || {
        let bench = Bench::new(2);
        limited(&bench, 0, 10);
        limited(&bench, 1, 15);
        bench
    };
    let refused = |bench: &Bench| {
        limited(bench, 0, 20);
        None
    };
    let after_its_answer = |bench: &Bench| {
        bench.served(0);
        rests(bench, 19)
    };
    as_one_after_another(resting, [chosen, refused], after_its_answer);
}
