//! How often wrong keys may come: a leaky bucket in one number.

use std::time::Duration;

use engine::WrongKeys;

use super::as_one_after_another;

/// Counts a wrong key after so many seconds, of two a minute.
fn after<const SECONDS: u64>(wrong: &WrongKeys) -> Result<(), Duration> {
    wrong.count(None, 2, Duration::from_secs(100 + SECONDS))
}

fn begin() -> WrongKeys {
    WrongKeys::new(7)
}

#[test]
fn no_more_come_through_at_once_than_one_after_another() {
    as_one_after_another(begin, [after::<0>, after::<0>, after::<0>], after::<30>);
}

#[test]
fn time_that_has_passed_lets_one_more_through_and_no_two() {
    let full = || {
        let wrong = begin();
        after::<0>(&wrong).unwrap();
        after::<0>(&wrong).unwrap();
        wrong
    };
    as_one_after_another(full, [after::<30>, after::<30>, after::<45>], after::<60>);
}
