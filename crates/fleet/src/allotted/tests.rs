//! Requests that need more of a shared budget than is granted to this process, before a store that does what each test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::allotment::{
    AtLimit, Attribute, Budget, CutOff, Reserve, Selector, Span, StoreDown, Terms, Unit, UnknownCost,
};
use domain::notice::{BudgetNews, BudgetNotice};
use domain::ports::notices::Notices;
use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use domain::{Allotment, Money};
use engine::ledger::{Actual, Asked, Bound, Claims, Denials, Described, Ledger, Reservation};
use jiff::Timestamp;
use parking_lot::Mutex;
use telemetry::Telemetry;
use tokio::time::Instant;

use super::{Clearing, Leases, Leasing, Times, Turn};
use crate::Clock;

/// A store of one value.
#[derive(Debug, Default)]
struct OneValue {
    value: Mutex<Option<(u64, Bytes)>>,
    mood: Mutex<Mood>,
    reads: AtomicUsize,
}

/// How the store does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Answers,
    Fails,
    Hangs,
}

impl OneValue {
    fn answer<T: Send + 'static>(&self, what: T) -> Pending<'_, Seen<T>> {
        let mood = *self.mood.lock();
        Box::pin(async move {
            tokio::task::yield_now().await;
            match mood {
                Mood::Answers => Ok(Seen { at: Duration::from_secs(1_000), what }),
                Mood::Fails => Err(StateError::Unavailable("it is down".to_owned())),
                Mood::Hangs => std::future::pending().await,
            }
        })
    }

    fn versioned(&self) -> Option<Versioned> {
        self.value.lock().clone().map(|(version, value)| Versioned { version, value })
    }
}

impl SharedState for OneValue {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        assert_eq!(keys.len(), 1);
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.answer(vec![self.versioned()])
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        let change = &changes[0];
        let found = self.versioned();
        if *self.mood.lock() != Mood::Answers || found.as_ref().map(|found| found.version) != change.replaces
        {
            return self.answer(vec![Replaced::Overtaken(found)]);
        }
        let version = change.replaces.unwrap_or_default() + 1;
        *self.value.lock() = Some((version, change.value.clone()));
        self.answer(vec![Replaced::Done(version)])
    }

    fn list<'a>(&'a self, _: &'a str, _: Option<&'a str>, _: usize) -> Pending<'a, Seen<Vec<Listed>>> {
        self.answer(Vec::new())
    }

    fn sweep(&self) -> Pending<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

struct Anybody;

impl Described for Anybody {
    fn value(&self, _: &Attribute) -> Option<&str> {
        None
    }
}

/// What was handed over to be told.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<BudgetNotice>>);

impl Notices for Heard {
    fn tell(&self, notice: BudgetNotice) {
        self.0.lock().push(notice);
    }
}

/// A process with a budget of 100 that it shares by a store.
struct Process {
    store: Arc<OneValue>,
    clearing: Clearing,
    ledger: Ledger,
    heard: Arc<Heard>,
}

impl Process {
    fn new(store: &Arc<OneValue>, holder: u64, on_store_down: StoreDown) -> Self {
        let wall_clock = Arc::new(|| Timestamp::from_second(1_700_000_000).unwrap());
        let times = Times { wall_clock, clock: Clock::since(Instant::now()) };
        let (state, heard) = (Arc::clone(store) as _, Arc::new(Heard::default()));
        let notices = Arc::clone(&heard) as Arc<dyn Notices>;
        let leases = Leases::new(state, &|| holder, times.clone(), Telemetry::new(), Arc::clone(&notices));
        let budget = Budget {
            unit: Unit::Money,
            amount: 100,
            span: Span::Once,
            time_zone: "UTC".into(),
            raises: Vec::new(),
            warn_at: vec![50],
            notify: Vec::new(),
            reserve: Reserve::Most,
            unknown_cost: UnknownCost::Refuse,
            cut_off: CutOff::Held,
            on_store_down,
        };
        let allotment = Allotment {
            name: "b".into(),
            selector: Selector::default(),
            terms: Terms::Budget(budget),
            at_limit: AtLimit::Refuse,
        };
        let ledger = Ledger::shared(&[Arc::new(allotment)], None);
        let clearing = Clearing::new(Telemetry::new(), times, Some(leases), notices);
        Self { store: Arc::clone(store), clearing, ledger, heard }
    }

    fn claims(&self) -> Claims {
        self.ledger.claims(&Anybody, &[])
    }

    /// Holds so much, and has the others asked for it.
    async fn hold(&self, amount: i128) -> Result<Reservation, Turn> {
        let asked = Asked {
            most: Bound { tokens: None, money: Some(Money::from_pico_usd(amount)) },
            ..Asked::default()
        };
        let mut leasing = Leasing::default();
        loop {
            let denied = match self.ledger.reserve(&self.claims(), &asked, self.clearing.moment()) {
                Ok(held) => return Ok(held),
                Err(denied) => denied,
            };
            let short = |now| self.ledger.short(&self.claims(), now);
            match leasing.turn(&self.clearing, Denials::one(denied), short).await {
                Turn::Again => {}
                turn => return Err(turn),
            }
        }
    }

    fn settle(&self, held: Reservation, amount: i128) {
        let actual = Actual { tokens: None, money: Some(Money::from_pico_usd(amount)) };
        held.settle(&actual, &Anybody, None, self.clearing.moment());
    }

    async fn tick(&self) {
        let leases = self.clearing.leases().unwrap();
        leases.tell(self.ledger.due(self.clearing.moment())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_short_at_once_ask_the_store_together() {
    let store = Arc::default();
    let process = Process::new(&store, 1, StoreDown::LastLease);
    let held = futures_util::future::join_all((0..40).map(|_| process.hold(1))).await;
    assert!(held.iter().all(Result::is_ok));
    let reads = process.store.reads.load(Ordering::Relaxed);
    assert!(reads <= 2, "{reads} for 40 requests");
    assert!(matches!(process.hold(61).await, Err(Turn::Denied(_))), "no more is left than 60");
}

#[tokio::test(start_paused = true)]
async fn what_another_process_does_not_need_is_waited_for() {
    let store = Arc::default();
    let (one, two) =
        (Process::new(&store, 1, StoreDown::LastLease), Process::new(&store, 2, StoreDown::LastLease));
    let held = one.hold(80).await.unwrap();
    one.settle(held, 10);
    let began = Instant::now();
    let (held, ()) = tokio::join!(two.hold(90), async {
        for _ in 0..2 {
            tokio::time::advance(Duration::from_millis(200)).await;
            one.tick().await;
        }
    });
    assert!(held.is_ok() && began.elapsed() < Duration::from_secs(1));
    assert!(matches!(one.hold(1).await, Err(Turn::Denied(_))));
}

#[tokio::test(start_paused = true)]
async fn without_the_store_a_budget_does_as_it_says_and_nobody_waits_for_long() {
    for mood in [Mood::Fails, Mood::Hangs] {
        for (on_store_down, is_served) in
            [(StoreDown::LastLease, false), (StoreDown::Closed, false), (StoreDown::Open, true)]
        {
            let store = Arc::default();
            let process = Process::new(&store, 1, on_store_down);
            let held = process.hold(10).await.unwrap();
            *process.store.mood.lock() = mood;
            let began = Instant::now();
            assert_eq!(process.hold(50).await.is_ok(), is_served, "{on_store_down:?}");
            assert!(began.elapsed() <= Duration::from_secs(2));
            let (began, turn) = (Instant::now(), process.hold(60).await);
            assert!(turn.is_err(), "{on_store_down:?}");
            assert_eq!(began.elapsed(), Duration::ZERO, "it is known that nobody answers");
            process.settle(held, 10);
            *process.store.mood.lock() = Mood::Answers;
            process.tick().await;
            assert_eq!(process.hold(60).await.is_ok(), !is_served, "{on_store_down:?}: all is known again");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_stops_nobody_else() {
    let store = Arc::<OneValue>::default();
    let process = Process::new(&store, 1, StoreDown::LastLease);
    *store.mood.lock() = Mood::Hangs;
    let gone = tokio::time::timeout(Duration::from_millis(10), process.hold(10)).await;
    assert!(gone.is_err(), "the store does not answer");
    *store.mood.lock() = Mood::Answers;
    assert!(process.hold(10).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_threshold_that_processes_pass_together_is_found_when_they_tell_each_other() {
    let store = Arc::default();
    let processes = [1, 2].map(|holder| Process::new(&store, holder, StoreDown::LastLease));
    for process in &processes {
        let held = process.hold(30).await.unwrap();
        process.settle(held, 30);
    }
    for process in &processes {
        process.tick().await;
    }
    let heard: Vec<_> =
        processes.iter().flat_map(|process| std::mem::take(&mut *process.heard.0.lock())).collect();
    let [notice] = heard.as_slice() else { panic!("{} notices", heard.len()) };
    assert_eq!((notice.news, notice.spent, notice.limit), (BudgetNews::Passed { percent: 50 }, 60, 100));
    assert_eq!((&notice.request_id, notice.span_key()), (&None, "once".to_owned()));
}
