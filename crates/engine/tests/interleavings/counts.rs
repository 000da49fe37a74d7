//! Turns, and the allowance for second calls.

use std::sync::Arc;

use domain::race::{Patience, Race};
use domain::route::Turns;
use loom::thread;

use super::{as_one_after_another, in_every_order};

#[test]
fn every_turn_is_somebodys_and_nobody_elses() {
    in_every_order(|| {
        let turns = Arc::new(Turns::default());
        let others = Arc::clone(&turns);
        let other = thread::spawn(move || [others.take(), others.take()]);
        let own = [turns.take(), turns.take()];
        let mut taken = [own, other.join().unwrap()].concat();
        taken.sort_unstable();
        assert_eq!(taken, [0, 1, 2, 3]);
    });
}

fn race() -> Race {
    Race { after: Patience::P95, share_percent_max: 50, allowance: Arc::default() }
}

#[test]
fn a_second_call_is_taken_by_one_alone_and_only_when_it_is_earned() {
    let earned = || {
        let race = race();
        race.called();
        race.called();
        race
    };
    as_one_after_another(earned, [Race::take, Race::take], Race::take);
    let half_earned = || {
        let race = race();
        race.called();
        race
    };
    let called = |race: &Race| {
        race.called();
        false
    };
    as_one_after_another(half_earned, [called, Race::take, Race::take], Race::take);
}

#[test]
fn no_share_of_a_second_call_is_lost() {
    as_one_after_another(race, [Race::called, Race::called], |race| (race.take(), race.take()));
}
