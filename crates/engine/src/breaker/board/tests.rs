//! Several replicas before one target: what one knows, all know, and one of them probes.

use std::time::Duration;

use domain::BreakerPolicy;
use proptest::prelude::*;

use super::super::{Breaker, Ticket, Turn, Verdict};
use super::{Board, ENTRIES_MAX, Reader, Told};

const TICK: Duration = Duration::from_millis(250);
/// The clock of the store goes by no clock of a replica.
const STORE_AHEAD: Duration = Duration::from_secs(1_000_000);
const NAME: &str = "target";

#[derive(Default)]
struct Replica {
    holder: String,
    breaker: Breaker,
    told: Told,
    probe: Option<Ticket>,
}

struct Fleet {
    policy: BreakerPolicy,
    replicas: Vec<Replica>,
    board: Board,
    now: Duration,
}

impl Fleet {
    fn of(replicas: usize) -> Self {
        let replica = |number: usize| Replica { holder: number.to_string(), ..Replica::default() };
        Self {
            policy: BreakerPolicy::default(),
            replicas: (0..replicas).map(replica).collect(),
            board: Board::default(),
            now: Duration::from_secs(1),
        }
    }

    fn exchange(&mut self, which: usize) -> Option<Turn> {
        let Self { policy, replicas, board, now } = self;
        let Replica { holder, breaker, told, .. } = &mut replicas[which];
        let store_time = *now + STORE_AHEAD;
        let reader = Reader { holder: holder.as_str(), now: *now, store_time, policy };
        let turn = board.hear(NAME, breaker, told, &reader);
        if board.tell(NAME, breaker, told, &reader) || told.is_due(breaker) {
            told.confirm(breaker.turns());
        }
        turn
    }

    /// A quarter of a second goes by, in which all exchange.
    fn tick(&mut self) {
        self.now += TICK;
        for which in 0..self.replicas.len() {
            self.exchange(which);
        }
    }

    fn fails(&mut self, which: usize) {
        for _ in 0..self.policy.consecutive_failures {
            let breaker = &mut self.replicas[which].breaker;
            let ticket = breaker.begin(self.now);
            breaker.failed(ticket, Verdict::Failed, None, &self.policy, self.now);
        }
        assert!(self.is_shut(which));
    }

    fn is_shut(&self, which: usize) -> bool {
        self.replicas[which].breaker.is_shut(self.now)
    }

    /// A request comes, which goes to the target if it is not shut. Whether it is a probe.
    fn asks(&mut self, which: usize) -> bool {
        if self.is_shut(which) {
            self.replicas[which].told.want(self.now);
            return false;
        }
        let ticket = self.replicas[which].breaker.begin(self.now);
        self.replicas[which].probe = Some(ticket).filter(Ticket::is_probe);
        ticket.is_probe()
    }

    fn probe_ends(&mut self, which: usize, is_well: bool) {
        let replica = &mut self.replicas[which];
        let Some(ticket) = replica.probe.take() else { return };
        if is_well {
            replica.breaker.succeeded(ticket, false, &self.policy, self.now);
        } else {
            replica.breaker.failed(ticket, Verdict::Failed, None, &self.policy, self.now);
        }
    }

    fn probes(&self) -> usize {
        self.replicas.iter().filter(|replica| replica.probe.is_some()).count()
    }
}

#[test]
fn a_target_that_one_has_opened_rests_at_all_after_an_exchange() {
    let mut fleet = Fleet::of(3);
    fleet.fails(0);
    fleet.exchange(0);
    for which in [1, 2] {
        assert!(!fleet.is_shut(which));
        let turn = fleet.exchange(which);
        let Some(Turn::Opened { cool_down }) = turn else { panic!("{turn:?}") };
        assert!(fleet.is_shut(which) && cool_down <= fleet.policy.cool_down);
        assert_eq!(fleet.exchange(which), None, "it is told once");
    }
}

#[test]
fn a_target_that_one_finds_well_is_well_for_all() {
    let mut fleet = Fleet::of(3);
    fleet.fails(0);
    fleet.tick();
    fleet.now += fleet.policy.cool_down;
    assert!(fleet.asks(0));
    fleet.probe_ends(0, true);
    fleet.exchange(0);
    assert_eq!([fleet.exchange(1), fleet.exchange(2)], [Some(Turn::Closed); 2]);
    assert!((0..3).all(|which| fleet.replicas[which].breaker.is_closed()));
}

#[test]
fn the_probe_goes_to_another_where_the_first_has_no_request_for_it() {
    let mut fleet = Fleet::of(3);
    fleet.fails(0);
    let mut asked = None;
    for tick in 0..120 {
        fleet.tick();
        if fleet.asks(2) {
            asked.get_or_insert(TICK * tick);
        }
    }
    let asked = asked.expect("the others leave it to whoever has a request");
    let (soonest, latest) = (fleet.policy.cool_down, fleet.policy.cool_down + Duration::from_secs(8));
    assert!(asked >= soonest && asked <= latest, "{asked:?}");
}

#[test]
fn whoever_hears_of_nobody_probes_by_itself() {
    let mut fleet = Fleet::of(2);
    fleet.fails(0);
    fleet.tick();
    assert!(fleet.is_shut(1));
    fleet.now += fleet.policy.cool_down + Duration::from_secs(1);
    assert!(fleet.asks(1), "its last exchange is long ago");
}

#[test]
fn what_one_sees_goes_before_what_it_hears() {
    let mut fleet = Fleet::of(2);
    fleet.fails(0);
    fleet.tick();
    fleet.now += fleet.policy.cool_down;
    assert!(fleet.asks(0));
    fleet.probe_ends(0, true);
    fleet.exchange(0);
    // Meanwhile the other one was sent there for want of anything better, as it was before.
    fleet.exchange(1);
    fleet.fails(1);
    assert_eq!(fleet.exchange(1), None);
    assert!(matches!(fleet.exchange(0), Some(Turn::Opened { .. })));
}

#[test]
fn breakers_that_never_open_hear_of_nothing() {
    let mut fleet = Fleet::of(2);
    fleet.fails(0);
    fleet.exchange(0);
    fleet.policy.enabled = false;
    assert_eq!(fleet.exchange(1), None);
    assert!(!fleet.is_shut(1));
}

#[test]
fn no_number_of_targets_fills_the_value() {
    let policy = BreakerPolicy::default();
    let mut board = Board::default();
    for number in 0..u64::try_from(ENTRIES_MAX).unwrap() + 50 {
        let now = Duration::from_millis(number);
        let (mut breaker, mut told) = (Breaker::default(), Told::default());
        for _ in 0..policy.consecutive_failures {
            let ticket = breaker.begin(now);
            breaker.failed(ticket, Verdict::Failed, None, &policy, now);
        }
        let reader = Reader { holder: "h", now, store_time: now + STORE_AHEAD, policy: &policy };
        assert!(board.tell(&number.to_string(), &breaker, &mut told, &reader));
    }
    assert_eq!(board.names().count(), ENTRIES_MAX);
    assert!(board.names().all(|name| name.parse::<u64>().unwrap() >= 50), "the oldest went");
}

proptest! {
    #[test]
    fn all_replicas_together_have_one_probe_under_way(
        steps in prop::collection::vec((0_usize..4, 0_usize..4, prop::bool::ANY, prop::bool::ANY), 1..400),
    ) {
        let mut fleet = Fleet::of(4);
        fleet.fails(0);
        for (asks, ends, is_over, is_well) in steps {
            fleet.tick();
            fleet.asks(asks);
            prop_assert!(fleet.probes() <= 1, "{} at {:?}", fleet.probes(), fleet.now);
            if is_over {
                fleet.probe_ends(ends, is_well && fleet.now.as_secs().is_multiple_of(7));
            }
        }
    }
}
