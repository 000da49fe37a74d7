//! Several processes, and a store that answers when and how the test says: whatever happens in whatever order, a message is delivered, and by one
//! process as long as nobody dies.

use std::sync::Arc;

use domain::notice::BudgetNews;
use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::*;
use crate::entry::TAKEN_FOR;
use crate::tests::{Values, budget, notice};

/// What becomes of a call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It is done, and the answer does not come back.
    AnswerLost,
    /// It does not arrive.
    CallLost,
}

type Call = Box<dyn FnOnce(&mut Values, Duration, Fate) + Send>;

/// A store whose calls wait until the test has them done.
#[derive(Default)]
struct Store {
    values: Mutex<Values>,
    calls: Mutex<Vec<Call>>,
    now: Mutex<Duration>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Store")
    }
}

impl Store {
    fn call<'a, T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Values) -> T + Send + 'static,
    ) -> Pending<'a, Seen<T>> {
        let (answer, answered) = oneshot::channel();
        let lost = || Err(StateError::Unavailable("lost".to_owned()));
        self.calls.lock().push(Box::new(move |values, at, fate| {
            let what = (fate != Fate::CallLost).then(|| act(values));
            let seen = what.filter(|_| fate == Fate::Answered).map(|what| Seen { at, what });
            // Whoever asked may be gone.
            let _ = answer.send(seen.map_or_else(lost, Ok));
        }));
        Box::pin(async move { answered.await.unwrap_or_else(|_| lost()) })
    }

    /// Has one of the calls done that wait; `false` where there is none.
    fn answer(&self, which: usize, fate: Fate) -> bool {
        let mut calls = self.calls.lock();
        if calls.is_empty() {
            return false;
        }
        let place = which % calls.len();
        let call = calls.remove(place);
        drop(calls);
        call(&mut self.values.lock(), *self.now.lock(), fate);
        true
    }

    /// The law that all of this rests on: somebody is reminded of every message when it is anybody's.
    fn every_message_is_reminded_of(&self) -> bool {
        let values = self.values.lock();
        let entries =
            values.by_key.iter().filter_map(|(key, value)| Some((key.strip_prefix(ENTRIES)?, value)));
        let mut messages = entries.flat_map(|(key, value)| {
            let entry: serde_json::Value = serde_json::from_slice(&value.value).unwrap();
            let messages = entry["messages"].as_array().unwrap().clone();
            messages.into_iter().map(move |message| (message["wakes_at"].as_u64().unwrap(), key))
        });
        messages.all(|message| values.by_key.keys().any(|key| parts(key) == Some(message)))
    }
}

impl SharedState for Store {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        let keys = keys.to_vec();
        self.call(move |values| values.read(&keys))
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        let changes = changes.to_vec();
        self.call(move |values| values.replace(&changes))
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        assert_eq!(after, None);
        let prefix: Box<str> = prefix.into();
        self.call(move |values| values.list(&prefix, keys_max))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        Box::pin(async { Ok(0) })
    }
}

/// What happened to the outside.
#[derive(Debug, Default)]
struct Outside {
    /// How often it was told.
    told: usize,
    /// How often the receiver was sent a message, and took one.
    sent: usize,
    taken: usize,
}

/// A process.
struct Process {
    outbox: Arc<Outbox>,
    tasks: JoinSet<()>,
}

struct Fleet {
    store: Arc<Store>,
    processes: Vec<Process>,
    started: usize,
    outside: Arc<Mutex<Outside>>,
    /// How many messages the receiver does not take.
    refusals: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Tell { which: usize },
    Look { which: usize },
    Answer { which: usize, fate: Fate },
    Kill { which: usize },
    Wait { milliseconds: u64 },
}

fn telling() -> Telling {
    Telling::of(&notice(budget(), BudgetNews::Passed { percent: 80 })).unwrap()
}

impl Fleet {
    fn new(refusals: usize) -> Self {
        let store = Arc::new(Store::default());
        *store.now.lock() = Duration::from_secs(1_000_000);
        let mut fleet = Self { store, processes: Vec::new(), started: 0, outside: Arc::default(), refusals };
        for _ in 0..3 {
            let process = fleet.start();
            fleet.processes.push(process);
        }
        fleet
    }

    fn start(&mut self) -> Process {
        self.started += 1;
        let holder = format!("p{}", self.started).into();
        let outbox = Arc::new(Outbox::new(Arc::clone(&self.store) as _, holder));
        Process { outbox, tasks: JoinSet::new() }
    }

    /// Sends what there is to send, and says what became of it.
    async fn work(outbox: Arc<Outbox>, work: Work<()>, outside: Arc<Mutex<Outside>>, refusals: usize) {
        for parcel in work.parcels {
            let verdict = {
                let mut outside = outside.lock();
                outside.sent += 1;
                if outside.sent <= refusals {
                    Verdict::Again { wait: Duration::from_secs(1), why: String::new() }
                } else {
                    outside.taken += 1;
                    Verdict::Delivered
                }
            };
            for _ in 0..TRIES_MAX {
                if outbox.settle(&parcel, &verdict).await.is_ok() {
                    break;
                }
            }
        }
    }

    async fn take(&mut self, step: &Step) {
        let (outside, refusals) = (Arc::clone(&self.outside), self.refusals);
        match *step {
            Step::Tell { which } => {
                let Process { outbox, tasks } = &mut self.processes[which];
                let outbox = Arc::clone(outbox);
                tasks.spawn(async move {
                    if let Ok(Some(work)) = outbox.tell(&telling(), |_| Turn::Now(())).await {
                        outside.lock().told += 1;
                        Self::work(outbox, work, outside, refusals).await;
                    }
                });
            }
            Step::Look { which } => {
                let Process { outbox, tasks } = &mut self.processes[which];
                let outbox = Arc::clone(outbox);
                tasks.spawn(async move {
                    let Ok(look) = outbox.look(|_| Turn::Now(())).await else { return };
                    for work in look.work {
                        Self::work(Arc::clone(&outbox), work, Arc::clone(&outside), refusals).await;
                    }
                });
            }
            Step::Answer { which, fate } => {
                self.store.answer(which, fate);
            }
            // What it asked the store for may still come there.
            Step::Kill { which } => self.processes[which] = self.start(),
            Step::Wait { milliseconds } => *self.store.now.lock() += Duration::from_millis(milliseconds),
        }
        self.settle_down().await;
    }

    /// Lets everybody go on up to their next call of the store.
    async fn settle_down(&self) {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    /// Has everything answered, and looks for what was left behind until nothing is.
    async fn end(&mut self) {
        for _ in 0..8 {
            while self.store.answer(0, Fate::Answered) {
                self.settle_down().await;
            }
            self.take(&Step::Wait { milliseconds: milliseconds(TAKEN_FOR) }).await;
            self.take(&Step::Look { which: 0 }).await;
        }
        while self.store.answer(0, Fate::Answered) {
            self.settle_down().await;
        }
    }

    fn is_done(&self) -> bool {
        let values = self.store.values.lock();
        !values.by_key.keys().any(|key| key.starts_with(REMINDERS))
    }
}

fn which() -> impl Strategy<Value = usize> {
    0_usize..3
}

fn answered() -> impl Strategy<Value = Step> {
    (0_usize..9).prop_map(|which| Step::Answer { which, fate: Fate::Answered })
}

fn lost() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![Just(Fate::AnswerLost), Just(Fate::CallLost)];
    (0_usize..9, fate).prop_map(|(which, fate)| Step::Answer { which, fate })
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

proptest! {
    #[test]
    fn while_nobody_dies_a_message_is_told_and_sent_once_whatever_answers_are_lost(
        steps in prop::collection::vec(prop_oneof![
            1 => which().prop_map(|which| Step::Tell { which }),
            1 => which().prop_map(|which| Step::Look { which }),
            9 => answered(),
            1 => (0_u64..200).prop_map(|milliseconds| Step::Wait { milliseconds }),
        ], 0..80),
        losses in prop::collection::vec((0_usize..80, lost()), 0..2),
        refusals in 0_usize..2,
    ) {
        block_on(async {
            let mut fleet = Fleet::new(refusals);
            let mut steps = steps;
            for (at, loss) in losses {
                steps.insert(at.min(steps.len()), loss);
            }
            for step in [Step::Tell { which: 0 }, Step::Tell { which: 1 }].iter().chain(&steps) {
                fleet.take(step).await;
                prop_assert!(fleet.store.every_message_is_reminded_of(), "after {step:?}");
            }
            fleet.end().await;
            let outside = fleet.outside.lock();
            prop_assert_eq!((outside.told, outside.taken, outside.sent), (1, 1, 1 + refusals));
            prop_assert!(fleet.is_done(), "{:?}", fleet.store.values.lock().by_key.keys());
            Ok(())
        })?;
    }

    #[test]
    fn whoever_dies_a_message_that_was_claimed_is_delivered_and_nothing_is_left_over(
        steps in prop::collection::vec(prop_oneof![
            2 => which().prop_map(|which| Step::Tell { which }),
            2 => which().prop_map(|which| Step::Look { which }),
            12 => answered(),
            2 => lost(),
            1 => which().prop_map(|which| Step::Kill { which }),
            1 => (0_u64..40_000).prop_map(|milliseconds| Step::Wait { milliseconds }),
        ], 0..120),
        refusals in 0_usize..2,
    ) {
        block_on(async {
            let mut fleet = Fleet::new(refusals);
            for step in &steps {
                fleet.take(step).await;
                prop_assert!(fleet.store.every_message_is_reminded_of(), "after {step:?}");
            }
            // Sooner or later somebody finds it, unless it was told already.
            fleet.take(&Step::Tell { which: 1 }).await;
            fleet.end().await;
            let outside = fleet.outside.lock();
            prop_assert!(outside.taken >= 1, "{outside:?}");
            prop_assert!(fleet.is_done(), "{:?}", fleet.store.values.lock().by_key.keys());
            Ok(())
        })?;
    }
}

#[test]
fn a_value_that_cannot_be_read_is_left_alone_and_looked_at_again_later() {
    block_on(async {
        let mut fleet = Fleet::new(0);
        let garbled = Versioned { version: 7, value: Bytes::from_static(b"{") };
        let key: Box<str> = format!("{ENTRIES}{}", telling().key).into();
        let reminder: Box<str> = format!("{REMINDERS}{:016}/x.0/{}", 5, telling().key).into();
        for key in [&key, &reminder] {
            fleet.store.values.lock().by_key.insert(key.clone(), garbled.clone());
        }
        let outbox = Arc::clone(&fleet.processes[0].outbox);
        let looked = tokio::spawn(async move {
            let told = outbox.tell(&telling(), |_| Turn::Now(())).await;
            (told.map(|_| ()), outbox.look(|_| Turn::Now(())).await)
        });
        while !looked.is_finished() {
            fleet.take(&Step::Answer { which: 0, fate: Fate::Answered }).await;
        }
        let (told, look) = looked.await.unwrap();
        assert!(matches!(told, Err(OutboxError::Unreadable(..))));
        let look = look.unwrap();
        assert!(look.work.is_empty() && matches!(look.failures[..], [OutboxError::Unreadable(..)]));
        let values = fleet.store.values.lock();
        assert_eq!(values.by_key[&key], garbled);
        let reminders: Vec<_> = values.by_key.keys().filter_map(|key| parts(key)).map(|(at, _)| at).collect();
        let now = milliseconds(*fleet.store.now.lock());
        assert_eq!(reminders, [now + milliseconds(UNREADABLE_WAIT)]);
    });
}
