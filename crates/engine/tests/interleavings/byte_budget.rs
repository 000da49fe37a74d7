//! The bytes of all requests.

use std::sync::Arc;

use domain::byte_budget::{ByteBudget, Hold};
use loom::thread;

use super::in_every_order;

const BYTES_MAX: usize = 100;

/// Takes so many bytes; none where there is no room.
fn taken(budget: &Arc<ByteBudget>, bytes: usize) -> Option<Hold> {
    let mut hold = budget.hold();
    hold.grow(bytes, BYTES_MAX).is_ok().then_some(hold)
}

/// The same, in a thread of its own.
fn taking(budget: &Arc<ByteBudget>, bytes: usize) -> thread::JoinHandle<Option<Hold>> {
    let budget = Arc::clone(budget);
    thread::spawn(move || taken(&budget, bytes))
}

#[test]
fn what_fits_is_not_refused_because_something_else_does_not() {
    in_every_order(|| {
        let budget = Arc::default();
        let _half = taken(&budget, 50).unwrap();
        let (too_many, few) = (taking(&budget, 60), taking(&budget, 40));
        assert!(too_many.join().unwrap().is_none());
        assert!(few.join().unwrap().is_some());
    });
}

#[test]
fn no_more_is_taken_than_there_is_and_each_byte_comes_back_once() {
    in_every_order(|| {
        let budget = Arc::default();
        let others = [taking(&budget, 60), taking(&budget, 60)];
        assert!(budget.used_bytes() <= BYTES_MAX);
        let held: Vec<_> = others.into_iter().filter_map(|other| other.join().unwrap()).collect();
        assert_eq!((held.len(), budget.used_bytes()), (1, 60));
        let returning = thread::spawn(move || drop(held));
        let own = taken(&budget, 60);
        returning.join().unwrap();
        assert_eq!(budget.used_bytes(), if own.is_some() { 60 } else { 0 });
        drop(own);
        assert_eq!(budget.used_bytes(), 0);
    });
}
