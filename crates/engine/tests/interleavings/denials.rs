//! What was refused, until it is told.

use std::sync::Arc;

use domain::ErrorCode;
use engine::{Denial, Denials};
use loom::thread;

use super::in_every_order;

fn count(denials: &Denials) {
    denials.count(&Denial {
        key: None,
        address: None,
        code: ErrorCode::ModelNotAllowed,
        request_id: None,
        at_milliseconds: 5,
    });
}

#[test]
fn each_denial_is_told_once_whenever_they_are_taken() {
    in_every_order(|| {
        let denials = Arc::new(Denials::default());
        let counting = |_| {
            let denials = Arc::clone(&denials);
            thread::spawn(move || count(&denials))
        };
        let threads: Vec<_> = (0..2).map(counting).collect();
        let mut told = denials.take();
        for thread in threads {
            thread.join().unwrap();
        }
        told.extend(denials.take());
        assert_eq!(told.iter().map(|entry| entry.times).sum::<u64>(), 2);
    });
}
