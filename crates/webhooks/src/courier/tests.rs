//! What is told, sent and given up, by a courier whose receiver does what the test says.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::notice::BudgetNews;
use tokio::sync::watch;

use super::*;
use crate::port::{Outgoing, Posted};
use crate::tests::{Memory, budget, notice};
use crate::webhook::WebhookParts;

/// What happened, as the outside sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Record {
    told: usize,
    delivered: usize,
    failed: usize,
    given_up: usize,
    undelivered: usize,
    /// Messages on their way, now and at most.
    under_way: usize,
    under_way_most: usize,
}

/// The outside. Messages wait until the receiver opens.
#[derive(Clone)]
struct Outside {
    record: Arc<watch::Sender<Record>>,
    is_open: Arc<watch::Sender<bool>>,
}

/// A message on its way, until it is answered or not waited for any more.
struct UnderWay(Arc<watch::Sender<Record>>);

impl UnderWay {
    fn begin(record: &Arc<watch::Sender<Record>>) -> Self {
        record.send_modify(|record| {
            record.under_way += 1;
            record.under_way_most = record.under_way_most.max(record.under_way);
        });
        Self(Arc::clone(record))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|record| record.under_way -= 1);
    }
}

impl Post for Outside {
    fn post(&self, _: Outgoing) -> Posted<'_> {
        Box::pin(async {
            let _under_way = UnderWay::begin(&self.record);
            let opened = self.is_open.subscribe().wait_for(|is_open| *is_open).await.is_ok();
            Ok(Answer { status: if opened { 200 } else { 500 }, retry_after: None })
        })
    }
}

impl Observer for Outside {
    fn told(&self, _: &BudgetNotice) {
        self.record.send_modify(|record| record.told += 1);
    }

    fn attempted(&self, attempt: Attempt<'_>) {
        self.record.send_modify(|record| match attempt.verdict {
            Verdict::Delivered => record.delivered += 1,
            Verdict::Again { .. } => record.failed += 1,
            Verdict::GivenUp { .. } => record.given_up += 1,
        });
    }

    fn undelivered(&self, count: usize) {
        self.record.send_modify(|record| record.undelivered = count);
    }

    fn failed(&self, _: &str) {}
}

struct Scene {
    courier: Arc<Courier>,
    outside: Outside,
}

impl Scene {
    /// A courier that shares by the first store, and keeps for itself by the second.
    fn of(shared: Option<&Arc<Memory>>, own: &Arc<Memory>, is_open: bool) -> Self {
        let outside = Outside { record: Arc::default(), is_open: Arc::new(watch::Sender::new(is_open)) };
        Self::beside(outside, shared, own)
    }

    fn beside(outside: Outside, shared: Option<&Arc<Memory>>, own: &Arc<Memory>) -> Self {
        static COURIERS: AtomicU64 = AtomicU64::new(0);
        let courier = Courier::new(CourierParts {
            shared: shared.map(|store| Arc::clone(store) as _),
            own: Arc::clone(own) as _,
            post: Box::new(outside.clone()),
            observer: Box::new(outside.clone()),
            random: || COURIERS.fetch_add(1, Ordering::Relaxed),
            unix_seconds: Box::new(|| 1_765_324_800),
        });
        courier.install(&[webhook("w")]);
        Self { courier, outside }
    }

    fn run(&self) -> JoinSet<()> {
        let mut running = JoinSet::new();
        running.spawn(Arc::clone(&self.courier).run());
        running
    }

    async fn until(&self, what: impl FnMut(&Record) -> bool) -> Record {
        self.outside.record.subscribe().wait_for(what).await.unwrap().clone()
    }
}

fn webhook(name: &str) -> Arc<Webhook> {
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    Arc::new(Webhook::new(WebhookParts { name, url: "http://h/", secret, previous_secret: None }).unwrap())
}

/// That half of an account is spent.
fn half(account: usize) -> BudgetNotice {
    let notice = notice(budget(), BudgetNews::Passed { percent: 50 });
    BudgetNotice { account: format!("b/{account}").into(), ..notice }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_place_is_sent_when_there_is_one_and_nothing_is_lost() {
    let scene = Scene::of(None, &Memory::new(), false);
    let _running = scene.run();
    (0..60).for_each(|account| scene.courier.tell(half(account)));
    scene.until(|record| record.told == 60 && record.under_way == SENDINGS_MAX).await;
    scene.until(|record| record.failed >= SENDINGS_MAX).await;
    scene.outside.is_open.send_replace(true);
    let end = scene.until(|record| record.delivered == 60 && record.undelivered == 0).await;
    assert_eq!((end.told, end.given_up, end.under_way_most), (60, 0, SENDINGS_MAX));
}

#[tokio::test(start_paused = true)]
async fn a_message_for_a_webhook_that_is_not_known_yet_waits_for_it() {
    let scene = Scene::of(None, &Memory::new(), true);
    scene.courier.install(&[]);
    let _running = scene.run();
    scene.courier.tell(half(1));
    scene.until(|record| record.told == 1 && record.undelivered == 1).await;
    scene.courier.install(&[webhook("w")]);
    let end = scene.until(|record| record.delivered == 1 && record.undelivered == 0).await;
    assert_eq!(end.under_way_most, 1);
}

#[tokio::test(start_paused = true)]
async fn what_two_processes_share_one_of_them_tells() {
    let shared = Memory::new();
    let one = Scene::of(Some(&shared), &Memory::new(), true);
    let other = Scene::beside(one.outside.clone(), Some(&shared), &Memory::new());
    let _running = (one.run(), other.run());
    for account in 0..20 {
        one.courier.tell(half(account));
        other.courier.tell(half(account));
    }
    let end = one.until(|record| record.delivered == 20 && record.undelivered == 0).await;
    assert_eq!((end.told, end.delivered, end.failed), (20, 20, 0));
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_each_process_tells_what_it_finds_and_once() {
    let (shared, own) = (Memory::new(), Memory::new());
    shared.stop();
    let scene = Scene::of(Some(&shared), &own, true);
    let _running = scene.run();
    scene.courier.tell(half(1));
    scene.until(|record| record.delivered == 1).await;
    scene.courier.tell(half(1));
    scene.courier.tell(half(2));
    let end = scene.until(|record| record.delivered == 2).await;
    assert_eq!(end.told, 2);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_remember_is_told_all_the_same_and_given_up() {
    let own = Memory::new();
    own.stop();
    let scene = Scene::of(None, &own, true);
    let _running = scene.run();
    scene.courier.tell(half(1));
    let end = scene.until(|record| record.given_up == 1).await;
    assert_eq!((end.told, end.delivered), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_at_once_is_told_in_the_log_and_given_up() {
    let scene = Scene::of(None, &Memory::new(), true);
    (0..=NOTICES_MAX).for_each(|account| scene.courier.tell(half(account)));
    let record = scene.outside.record.borrow().clone();
    assert_eq!((record.told, record.given_up), (1, 1), "nobody works yet");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_told_at_the_end_is_told_then_and_a_silent_receiver_is_not_waited_for() {
    let scene = Scene::of(None, &Memory::new(), false);
    (0..3).for_each(|account| scene.courier.tell(half(account)));
    let begun = tokio::time::Instant::now();
    Arc::clone(&scene.courier).finish().await;
    assert_eq!((scene.outside.record.borrow().told, begun.elapsed()), (3, FINISH_MAX));
}
