//! Many threads at once: nothing is lost, nothing is exceeded, and nobody waits for ever.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use super::*;

const THREADS: u64 = 8;
const REQUESTS: u64 = 3_000;

/// A small generator of numbers, so that each thread is another.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn threads_that_reserve_and_settle_at_once_exceed_nothing_and_lose_nothing() {
    const LIMIT: i128 = 200_000;
    let each = Selector { group_by: vec![Attribute::Key], ..Selector::default() };
    let allotments: Vec<_> = [
        of_budget("all", budget(LIMIT)),
        Allotment { selector: each, ..of_budget("each", budget(LIMIT / 4)) },
        of_rate(Vec::new(), Some(6)),
    ]
    .map(Arc::new)
    .into();
    let ledger = Ledger::of(&allotments, None);
    // A configuration with the same accounts in another order: whoever sees it must not wait for those who see the first.
    let turned: Vec<_> = allotments.iter().rev().cloned().collect();
    let turned = Ledger::of(&turned, Some(&ledger));
    let spent = AtomicI64::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (ledger, spent) = (if number % 2 == 0 { &ledger } else { &turned }, &spent);
            scope.spawn(move || {
                let mut state = number + 1;
                for _ in 0..REQUESTS {
                    let key = ["a", "b", "c", "d", "e"][usize::try_from(next(&mut state) % 5).unwrap()];
                    let most = i128::from(next(&mut state) % 50);
                    let request = Request { key, customer: None };
                    let Ok(mut held) = reserve(ledger, &request, most, at(0)) else { continue };
                    let (used, limit) = {
                        let standing = ledger.standings("all", "", at(0))[0];
                        (standing.used + standing.held, standing.limit)
                    };
                    assert!(used <= limit);
                    let second = held.extend(2, at(0)).is_ok();
                    let last = i128::from(next(&mut state)) % (most + 1);
                    if second {
                        held.lose_call(&A, Some(&TARGET));
                    }
                    let total = last + if second { most } else { 0 };
                    spent.fetch_add(i64::try_from(total).unwrap(), Ordering::Relaxed);
                    settle(held, &took(last), at(0));
                }
            });
        }
    });
    let total = i128::from(spent.load(Ordering::Relaxed));
    assert_eq!(state(&ledger, "all", at(0)), (total, 0));
    assert!(total <= LIMIT && total > LIMIT / 2, "{total}");
    let of_keys = ["a", "b", "c", "d", "e"].map(|key| {
        let standing = ledger.standings("each", key, at(0))[0];
        assert!(standing.held == 0 && standing.used <= LIMIT / 4, "{key}");
        standing.used
    });
    assert_eq!(of_keys.iter().sum::<i128>(), total);
    assert_eq!(state(&ledger, "r", at(0)), (0, 0));
}
