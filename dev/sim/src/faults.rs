//! What goes wrong, and when.

use std::time::Duration;

use crate::luck::Luck;
use crate::scenario::Scenario;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// A replica ends without a word, and another one starts in its place.
    Kill(usize),
    /// A replica is told to end, and another one starts in its place.
    Restart(usize),
    /// The store answers nobody any more.
    StoreFails,
    /// It answers again.
    StoreWorks,
}

/// All of a course.
pub(crate) fn schedule(scenario: &Scenario, luck: &mut Luck) -> Vec<(Duration, Fault)> {
    let lasts = u64::try_from(scenario.lasts.as_millis()).unwrap_or(u64::MAX);
    let mut faults = Vec::new();
    let replicas = u64::try_from(scenario.replicas).unwrap_or(1);
    let place = |luck: &mut Luck| usize::try_from(luck.below(replicas)).unwrap_or_default();
    for _ in 0..if scenario.has_ends { 4 } else { 0 } {
        faults.push((Duration::from_millis(luck.below(lasts)), Fault::Kill(place(luck))));
        faults.push((Duration::from_millis(luck.below(lasts)), Fault::Restart(place(luck))));
    }
    for _ in 0..if scenario.has_faults { 3 } else { 0 } {
        let fails = Duration::from_millis(luck.below(lasts));
        faults.push((fails, Fault::StoreFails));
        faults.push((fails + Duration::from_millis(luck.below(8_000)), Fault::StoreWorks));
    }
    faults
}
