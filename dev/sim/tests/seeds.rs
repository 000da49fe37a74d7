//! What holds for every course.

use sim::{Scenario, run};

/// Courses of each kind in a test run; `cargo run -p sim` runs as many as one likes.
const SEEDS: u64 = 20;

#[track_caller]
fn holds(scenario: &Scenario) {
    let mut served = 0;
    for seed in 1..=SEEDS {
        let report = run(scenario, seed, false);
        assert_eq!(report.findings, [""; 0], "seed {seed}");
        assert!(report.refused > 0, "seed {seed} spends too little to prove anything");
        served += report.served;
    }
    assert!(served > 100 * SEEDS, "{served} served: too little to prove anything");
}

#[test]
fn a_fleet_exceeds_nothing_whatever_happens() {
    holds(&Scenario::FLEET);
}

#[test]
fn where_replicas_live_on_nothing_is_lost_either() {
    holds(&Scenario::LASTING);
}

#[test]
fn one_replica_refuses_nothing_for_which_there_is_room() {
    holds(&Scenario::ALONE);
}

#[test]
fn one_replica_of_many_can_use_all_that_there_is() {
    holds(&Scenario::LOPSIDED);
}

#[test]
fn the_same_seed_gives_the_same_course() {
    let digest = |seed| run(&Scenario::FLEET, seed, false).digest;
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}
