//! Every interleaving of what many requests change at once, as the model checker loom tries them: `cargo xtask test --only loom`.
//! Threads that really run at once, as in `tests/it`, meet in a few orders of many. Without `--cfg loom` there is nothing here.
#![cfg(loom)]

mod byte_budget;
mod counts;
mod denials;
mod ledger;
mod rests;
mod wrong_keys;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

/// How often a thread is stopped in the middle within one order. Most mistakes need two ("Iterative Context Bounding", Musuvathi and
/// Qadeer 2007), and each further one multiplies the orders.
const PREEMPTIONS_MAX: usize = 3;

/// Tries a model in every order of its threads.
#[track_caller]
fn in_every_order(model: impl Fn() + Send + Sync + 'static) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    assert!(tried.load(Ordering::Relaxed) > 1, "a model of one order shows nothing");
}

/// What operations come to, each by itself, and what is left in the end.
type Outcome<O, L> = (Vec<O>, L);

/// The law of a state that many change at once: whatever comes of it would have come of the same operations one after another, in some
/// order ("Linearizability", Herlihy and Wing 1990).
#[track_caller]
fn as_one_after_another<S, O, L, const COUNT: usize>(
    begin: fn() -> S,
    operations: [fn(&S) -> O; COUNT],
    left: fn(&S) -> L,
) where
    S: Send + Sync + 'static,
    O: Debug + PartialEq + Send + 'static,
    L: Debug + PartialEq + 'static,
{
    in_every_order(move || {
        let one_after_another = |order: Vec<usize>| -> Outcome<O, L> {
            let state = begin();
            let mut outcomes: Vec<_> =
                order.iter().map(|place| (*place, operations[*place](&state))).collect();
            outcomes.sort_by_key(|(place, _)| *place);
            (outcomes.into_iter().map(|(_, outcome)| outcome).collect(), left(&state))
        };
        let permitted: Vec<_> = orders(COUNT).into_iter().map(one_after_another).collect();

        let state = Arc::new(begin());
        let spawn = |operation: fn(&S) -> O| {
            let state = Arc::clone(&state);
            thread::spawn(move || operation(&state))
        };
        let begun = operations.map(spawn);
        let outcomes = begun.map(|thread| thread.join().unwrap()).into();
        let outcome = (outcomes, left(&state));
        assert!(permitted.contains(&outcome), "{outcome:?} is none of {permitted:?}");
    });
}

/// Every order of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let longer = |shorter: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            order
        })
    };
    orders(count - 1).into_iter().flat_map(longer).collect()
}
