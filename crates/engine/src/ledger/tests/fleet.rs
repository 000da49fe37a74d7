//! Several processes that share a budget, and a store that loses answers: whatever happens in whatever order, they do not exceed it together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

const LIMIT: i128 = 100;
/// The clock of the store goes by neither clock of any process.
const STORE_AHEAD: Duration = Duration::from_secs(1_000_000);

/// A process.
pub(super) struct Process {
    pub(super) ledger: Ledger,
    holder: String,
    /// How far its wall clock is ahead, in milliseconds.
    ahead: i64,
    pub(super) open: Vec<(usize, Reservation)>,
    /// An exchange that is under way.
    exchange: Option<(Shared, Proposal, Option<u64>)>,
}

/// All of them, and the store: one value with its version.
pub(super) struct Fleet {
    allotment: Arc<Allotment>,
    pub(super) processes: Vec<Process>,
    started: usize,
    pub(super) store: Option<(u64, Vec<u8>)>,
    version: u64,
    pub(super) now: Duration,
    /// Every request that was let through: when it began, what it holds or took.
    pub(super) all: Vec<(Duration, i128)>,
    /// What was told to be granted to processes that are gone.
    unaccounted: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Ask {
        which: usize,
        amount: i128,
    },
    End {
        which: usize,
        percent: i128,
    },
    Read {
        which: usize,
    },
    /// Whether the change reaches the store, and whether its answer comes back.
    Replace {
        which: usize,
        arrives: bool,
        returns: bool,
    },
    Leave {
        which: usize,
    },
    Kill {
        which: usize,
    },
    Wait {
        milliseconds: u64,
    },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..3;
    prop_oneof![
        6 => (which.clone(), 0_i128..30).prop_map(|(which, amount)| Step::Ask { which, amount }),
        4 => (which.clone(), 0_i128..=100).prop_map(|(which, percent)| Step::End { which, percent }),
        8 => which.clone().prop_map(|which| Step::Read { which }),
        8 => (which.clone(), prop::bool::weighted(0.9), prop::bool::weighted(0.8))
            .prop_map(|(which, arrives, returns)| Step::Replace { which, arrives, returns }),
        1 => which.clone().prop_map(|which| Step::Leave { which }),
        1 => which.prop_map(|which| Step::Kill { which }),
        3 => (0_u64..20_000).prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

impl Fleet {
    fn new(span: Span, skews: &[i64]) -> Self {
        Self::of(of_budget("b", Budget { span, ..budget(LIMIT) }), skews)
    }

    pub(super) fn of(allotment: Allotment, skews: &[i64]) -> Self {
        let mut fleet = Self {
            allotment: Arc::new(allotment),
            processes: Vec::new(),
            started: 0,
            store: None,
            version: 0,
            now: SECOND,
            all: Vec::new(),
            unaccounted: Vec::new(),
        };
        for ahead in skews {
            let process = fleet.start(*ahead);
            fleet.processes.push(process);
        }
        fleet
    }

    fn start(&mut self, ahead: i64) -> Process {
        self.started += 1;
        let ledger = Ledger::shared(&[Arc::clone(&self.allotment)], None);
        Process { ledger, holder: format!("{}", self.started), ahead, open: Vec::new(), exchange: None }
    }

    pub(super) fn moment(&self, which: usize) -> Moment {
        let wall = Timestamp::from_second(1_700_000_000).unwrap();
        let wall = wall + self.now + SignedDuration::from_millis(self.processes[which].ahead);
        Moment { steady: self.now, wall }
    }

    fn propose(&mut self, which: usize, shared: Shared, is_leaving: bool) {
        let now = self.moment(which);
        let process = &mut self.processes[which];
        let asking = Asking {
            holder: &process.holder,
            is_leaving,
            asked: self.now,
            store_time: self.now + STORE_AHEAD,
        };
        let found = self.store.as_ref().map(|(_, value)| value.as_slice());
        let proposal = shared.propose(found, &asking, now).unwrap();
        let version = self.store.as_ref().map(|(version, _)| *version);
        process.exchange = proposal.map(|proposal| (shared, proposal, version));
    }

    /// Whether the proposal of a process is agreed to.
    fn replace(&mut self, which: usize, arrives: bool, returns: bool) {
        let now = self.moment(which);
        let Some((shared, proposal, version)) = self.processes[which].exchange.take() else { return };
        let is_first = self.store.as_ref().map(|(version, _)| *version) == version;
        if let Some(value) = &proposal.value {
            if !arrives || !is_first {
                return;
            }
            self.version += 1;
            self.store = Some((self.version, value.clone()));
        }
        if returns {
            self.unaccounted.extend(shared.agree(&proposal, now).map(|unaccounted| unaccounted.amount));
        }
    }

    pub(super) fn take(&mut self, step: &Step) {
        match *step {
            Step::Ask { which, amount } => {
                let now = self.moment(which);
                if let Ok(held) = reserve(&self.processes[which].ledger, &A, amount, now) {
                    self.processes[which].open.push((self.all.len(), held));
                    self.all.push((self.now, amount));
                }
            }
            Step::End { which, percent } => {
                let now = self.moment(which);
                let Some((number, held)) = self.processes[which].open.pop() else { return };
                let took_now = self.all[number].1 * percent / 100;
                self.all[number].1 = took_now;
                settle(held, &took(took_now), now);
            }
            Step::Read { which } => {
                let now = self.moment(which);
                let ledger = &self.processes[which].ledger;
                let claims = ledger.claims(&A, &[TARGET]);
                let due = [ledger.short(&claims, now), ledger.due(now)].concat();
                if let Some(shared) = due.into_iter().next() {
                    self.propose(which, shared, false);
                }
            }
            Step::Replace { which, arrives, returns } => self.replace(which, arrives, returns),
            Step::Leave { which } => {
                while !self.processes[which].open.is_empty() {
                    self.take(&Step::End { which, percent: 50 });
                }
                let granted = self.processes[which].ledger.granted(self.moment(which));
                if let Some(shared) = granted.into_iter().next() {
                    self.propose(which, shared, true);
                    self.replace(which, true, true);
                }
                self.processes[which] = self.start(self.processes[which].ahead);
            }
            // What it held may have been spent.
            Step::Kill { which } => self.processes[which] = self.start(self.processes[which].ahead),
            Step::Wait { milliseconds } => self.now += Duration::from_millis(milliseconds),
        }
    }

    /// What requests took or hold that began within a time.
    fn used_within(&self, span: Option<Duration>) -> i128 {
        let counts = |began: Duration| span.is_none_or(|span| self.now.saturating_sub(began) < span);
        self.all.iter().filter(|(began, _)| counts(*began)).map(|(_, amount)| amount).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_a_budget_is_never_exceeded(
        steps in prop::collection::vec(step(), 1..200),
        skews in prop::array::uniform3(-5_000_i64..5_000),
        rolling in prop::option::of(1_u64..120),
    ) {
        let rolling = rolling.map(Duration::from_secs);
        let mut fleet = Fleet::new(rolling.map_or(Span::Once, Span::Rolling), &skews);
        for step in steps {
            fleet.take(&step);
            prop_assert!(fleet.used_within(rolling) <= LIMIT, "{} after {step:?}", fleet.used_within(rolling));
        }
    }
}

/// Exchanges until a request of the process is let through, as often as that may take.
pub(super) fn ask(fleet: &mut Fleet, which: usize, amount: i128) -> bool {
    for _ in 0..3 {
        let before = fleet.all.len();
        fleet.take(&Step::Ask { which, amount });
        if fleet.all.len() > before {
            return true;
        }
        fleet.take(&Step::Read { which });
        fleet.take(&Step::Replace { which, arrives: true, returns: true });
    }
    false
}

pub(super) fn exchange(fleet: &mut Fleet, which: usize) {
    fleet.take(&Step::Wait { milliseconds: 250 });
    fleet.take(&Step::Read { which });
    fleet.take(&Step::Replace { which, arrives: true, returns: true });
}

#[test]
fn one_process_can_spend_the_last_unit() {
    let mut fleet = Fleet::new(Span::Once, &[0]);
    for _ in 0..LIMIT {
        assert!(ask(&mut fleet, 0, 1));
        fleet.take(&Step::End { which: 0, percent: 100 });
    }
    assert!(!ask(&mut fleet, 0, 1));
    assert_eq!(fleet.used_within(None), LIMIT);
}

#[test]
fn what_one_does_not_need_the_others_have_soon() {
    let mut fleet = Fleet::new(Span::Once, &[0, 0]);
    assert!(ask(&mut fleet, 0, 60));
    fleet.take(&Step::End { which: 0, percent: 0 });
    assert!(!ask(&mut fleet, 1, 100), "the first may still use a part");
    exchange(&mut fleet, 0);
    assert!(ask(&mut fleet, 1, 100), "it gave back what no request of its own needs, since another one does");
}

#[test]
fn what_was_spent_outlives_the_process() {
    let mut fleet = Fleet::new(Span::Once, &[0]);
    assert!(ask(&mut fleet, 0, 70));
    fleet.take(&Step::End { which: 0, percent: 100 });
    fleet.take(&Step::Leave { which: 0 });
    let now = fleet.moment(0);
    assert!(!ask(&mut fleet, 0, 31));
    let denied = reserve(&fleet.processes[0].ledger, &A, 31, now).unwrap_err();
    let Why::Short(shortage) = denied.why else { panic!("{denied:?}") };
    assert_eq!((shortage.standing.used, shortage.standing.left()), (70, 30));
    assert!(ask(&mut fleet, 0, 30));
}

#[test]
fn what_a_killed_process_was_granted_stays_granted() {
    let mut fleet = Fleet::new(Span::Once, &[0, 0]);
    assert!(ask(&mut fleet, 0, 40));
    fleet.take(&Step::Kill { which: 0 });
    fleet.take(&Step::Wait { milliseconds: 60_000 });
    assert!(!ask(&mut fleet, 1, 61));
    assert!(ask(&mut fleet, 1, 60));
    assert_eq!(fleet.unaccounted, [Unit::Money.show(40)], "it is told once");
}

#[test]
fn the_others_spending_passes_thresholds_too() {
    let mut fleet = Fleet::new(Span::Once, &[0, 0]);
    fleet.allotment =
        Arc::new(of_budget("b", Budget { span: Span::Once, warn_at: vec![50], ..budget(LIMIT) }));
    fleet.processes = [0, 0].map(|ahead| fleet.start(ahead)).into();
    assert!(ask(&mut fleet, 0, 45));
    fleet.take(&Step::End { which: 0, percent: 100 });
    exchange(&mut fleet, 0);
    assert!(ask(&mut fleet, 1, 5));
    let now = fleet.moment(1);
    let (_, held) = fleet.processes[1].open.pop().unwrap();
    let news = settle(held, &took(5), now).first().map(|notice| notice.news);
    assert_eq!(news, Some(BudgetNews::Passed { percent: 50 }));
}

#[test]
fn what_the_others_have_spent_is_heard_without_a_further_request() {
    let mut fleet = Fleet::new(Span::Once, &[0, 0]);
    fleet.allotment =
        Arc::new(of_budget("b", Budget { span: Span::Once, warn_at: vec![50], ..budget(LIMIT) }));
    fleet.processes = [0, 0].map(|ahead| fleet.start(ahead)).into();
    for which in [0, 1] {
        assert!(ask(&mut fleet, which, 30));
    }
    for which in [0, 1] {
        fleet.take(&Step::End { which, percent: 100 });
    }
    let heard = [0, 1].map(|which| {
        fleet.take(&Step::Wait { milliseconds: 250 });
        let now = fleet.moment(which);
        let due = fleet.processes[which].ledger.due(now);
        fleet.propose(which, due[0].clone(), false);
        fleet.replace(which, true, true);
        let news = || due[0].news(now).into_iter().map(|notice| notice.news).collect::<Vec<_>>();
        [news(), news()]
    });
    let passed = vec![BudgetNews::Passed { percent: 50 }];
    assert_eq!(
        heard,
        [[vec![], vec![]], [passed, vec![]]],
        "whoever is told last sees all, and says so once"
    );
}

#[test]
fn a_statement_has_what_all_have_spent_whoever_is_asked() {
    let mut fleet = Fleet::new(Span::Day, &[0, 0]);
    assert!(ask(&mut fleet, 0, 30));
    fleet.take(&Step::End { which: 0, percent: 100 });
    assert!(ask(&mut fleet, 0, 20));
    exchange(&mut fleet, 0);
    let (_, value) = fleet.store.clone().unwrap();
    let told = |which: usize, value: &[u8]| {
        let mut statement = fleet.processes[which].ledger.statement("b", None, fleet.moment(which)).unwrap();
        assert!(statement.is_shared());
        let key = statement.key().unwrap();
        let heard = statement.hear((&key, value), &fleet.processes[which].holder, fleet.now + STORE_AHEAD);
        heard.map(|()| statement.accounts().iter().map(|account| (account.spent, account.held)).collect())
    };
    assert_eq!(told(0, &value).unwrap(), [(30, 20)]);
    let others: Vec<_> = told(1, &value).unwrap();
    assert!(matches!(others[..], [(30, held)] if held >= 20), "what is granted may be held: {others:?}");
    assert!(told(1, b"{").is_err());
    let mut statement = fleet.processes[1].ledger.statement("b", None, fleet.moment(1)).unwrap();
    for elsewhere in ["spend/b/0/0", "spend/b/0/rolling", "spend/bb/0/0", "rate/b/0"] {
        statement.hear((elsewhere, b"{"), "1", fleet.now + STORE_AHEAD).unwrap();
    }
    let key = statement.key().unwrap().replace("spend/b/", "spend/b/0");
    statement.hear((&key, &value), "1", fleet.now + STORE_AHEAD).unwrap();
    assert_eq!(statement.accounts()[0].spent, 0, "nothing that is another account's");
}

#[test]
fn what_happens_without_the_store_is_as_the_budget_says() {
    for (on_store_down, granted, more) in [
        (StoreDown::LastLease, true, false),
        (StoreDown::Closed, false, false),
        (StoreDown::Open, true, true),
    ] {
        let mut fleet = Fleet::new(Span::Once, &[]);
        fleet.allotment =
            Arc::new(of_budget("b", Budget { span: Span::Once, on_store_down, ..budget(LIMIT) }));
        let process = fleet.start(0);
        fleet.processes.push(process);
        assert!(ask(&mut fleet, 0, 10));
        fleet.take(&Step::End { which: 0, percent: 0 });
        let now = fleet.moment(0);
        let held = |fleet: &Fleet, amount| reserve(&fleet.processes[0].ledger, &A, amount, now).is_ok();
        for shared in fleet.processes[0].ledger.granted(now) {
            shared.cut_off();
        }
        let held = [10, 90, 1].map(|amount| held(&fleet, amount));
        assert_eq!(held, [granted, more, false], "{on_store_down:?}: what is granted, the rest, and beyond");
        exchange(&mut fleet, 0);
        assert_eq!(ask(&mut fleet, 0, 10), on_store_down != StoreDown::Open, "the store works again");
    }
}
