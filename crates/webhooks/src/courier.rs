//! Tells and delivers in the background. No request waits for it, and nothing here grows without bound.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::notice::BudgetNotice;
use domain::ports::notices::Notices;
use domain::ports::shared_state::SharedState;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::answer::judged;
use crate::entry::{Turn, Undelivered};
use crate::outbox::{Look, Outbox, OutboxError, Parcel, Work};
use crate::port::{Answer, Attempt, Observer, Post, Verdict};
use crate::telling::Telling;
use crate::webhook::Webhook;

/// Most notices that wait to be told.
const NOTICES_MAX: usize = 10_000;
/// Most notices that are told at once.
const TELLINGS_MAX: usize = 16;
/// Most messages on their way to one webhook.
const SENDINGS_MAX: usize = 8;
/// How long a receiver has to answer ("Request timeouts": 15 to 30 seconds).
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);
/// How often it is looked for messages that others left behind.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// When a message comes again for which there was no place, at the earliest.
const NO_PLACE_WAIT: Duration = Duration::from_secs(5);
/// The same for one whose webhook is not in this process's configuration, but may be in another's.
const UNKNOWN_WAIT: Duration = Duration::from_secs(60);
/// How long after its sending it is tried to say what became of a message, each time.
const SETTLE_WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4)];
/// How long the end of the process waits for messages on their way.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// What it is made of. Everything from outside comes in here.
pub struct CourierParts {
    /// What processes with the same budgets share; none where there are none.
    pub shared: Option<Arc<dyn SharedState>>,
    /// What this process keeps for itself.
    pub own: Arc<dyn SharedState>,
    /// The way to receivers.
    pub post: Box<dyn Post>,
    /// Who hears what happens.
    pub observer: Box<dyn Observer>,
    /// 64 random bits per call.
    pub random: fn() -> u64,
    /// The time of day, in seconds since 1970-01-01 00:00 UTC.
    pub unix_seconds: Box<dyn Fn() -> i64 + Send + Sync>,
}

/// Tells notices once, and delivers their messages.
pub struct Courier {
    /// Where replicas agree, and behind it where this process does when they cannot.
    outboxes: Vec<Arc<Outbox>>,
    post: Box<dyn Post>,
    observer: Box<dyn Observer>,
    random: fn() -> u64,
    unix_seconds: Box<dyn Fn() -> i64 + Send + Sync>,
    webhooks: ArcSwap<BTreeMap<Box<str>, Known>>,
    queue: mpsc::Sender<BudgetNotice>,
    queued: tokio::sync::Mutex<mpsc::Receiver<BudgetNotice>>,
    tellings: Arc<Semaphore>,
    /// Work under way, which outlives who began it.
    tasks: Mutex<JoinSet<()>>,
    /// Told when a message is to be sent again.
    postponed: Notify,
}

/// A webhook of the configuration in force.
#[derive(Debug, Clone)]
struct Known {
    webhook: Arc<Webhook>,
    places: Arc<Semaphore>,
}

/// The place of a message on its way, and where it goes.
#[derive(Debug)]
struct Place {
    webhook: Arc<Webhook>,
    _permit: OwnedSemaphorePermit,
}

impl Courier {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(parts: CourierParts) -> Arc<Self> {
        let CourierParts { shared, own, post, observer, random, unix_seconds } = parts;
        let holder: Box<str> = format!("{:016x}{:016x}", random(), random()).into();
        let outbox = |state| Arc::new(Outbox::new(state, holder.clone()));
        let outboxes = shared.into_iter().chain([own]).map(outbox).collect();
        let (queue, queued) = mpsc::channel(NOTICES_MAX);
        Arc::new(Self {
            outboxes,
            post,
            observer,
            random,
            unix_seconds,
            webhooks: ArcSwap::default(),
            queue,
            queued: tokio::sync::Mutex::new(queued),
            tellings: Arc::new(Semaphore::new(TELLINGS_MAX)),
            tasks: Mutex::default(),
            postponed: Notify::new(),
        })
    }

    /// Delivers to these webhooks from now on. What is not delivered yet goes to where they are now.
    pub fn install(&self, webhooks: &[Arc<Webhook>]) {
        let before = self.webhooks.load();
        let known = |webhook: &Arc<Webhook>| {
            let places = before.get(webhook.name()).map(|known| Arc::clone(&known.places));
            let places = places.unwrap_or_else(|| Arc::new(Semaphore::new(SENDINGS_MAX)));
            (webhook.name().into(), Known { webhook: Arc::clone(webhook), places })
        };
        self.webhooks.store(Arc::new(webhooks.iter().map(known).collect()));
    }

    /// Works, for ever.
    pub async fn run(self: Arc<Self>) {
        tokio::join!(Arc::clone(&self).tell_for_ever(), Arc::clone(&self).look_for_ever());
    }

    /// Tells what was not told yet, and waits for messages on their way, but not for long: others take over what remains.
    pub async fn finish(self: Arc<Self>) {
        let finishing = async {
            let mut queued = self.queued.lock().await;
            while let Ok(notice) = queued.try_recv() {
                Arc::clone(&self).tell_now(notice).await;
            }
            loop {
                let mut tasks = std::mem::take(&mut *self.tasks.lock());
                if tasks.is_empty() {
                    break;
                }
                while tasks.join_next().await.is_some() {}
            }
        };
        // What is on its way beyond that was taken for a while only.
        let _ = timeout(FINISH_MAX, finishing).await;
    }

    async fn tell_for_ever(self: Arc<Self>) {
        let mut queued = self.queued.lock().await;
        // The place first, so that no notice is in hand while this waits, and may be ended. It is never closed.
        while let Ok(permit) = Arc::clone(&self.tellings).acquire_owned().await {
            let Some(notice) = queued.recv().await else { return };
            let courier = Arc::clone(&self);
            self.spawn(async move {
                courier.tell_now(notice).await;
                drop(permit);
            });
        }
    }

    async fn look_for_ever(self: Arc<Self>) {
        // Replicas that are started together do not ask together, nor while everything else asks for the first time.
        let mut wait = LOOK_INTERVAL.mul_f64(self.share());
        loop {
            tokio::select! {
                () = sleep(wait) => {}
                () = self.postponed.notified() => {}
            }
            wait = LOOK_INTERVAL;
            let mut undelivered = 0_usize;
            for outbox in &self.outboxes {
                let looked = outbox.look(|message| self.turn(message)).await;
                self.judge(outbox, looked.as_ref().err());
                let Ok(Look { work, failures, next, undelivered: count }) = looked else { continue };
                undelivered = undelivered.saturating_add(count);
                wait = wait.min(next.unwrap_or(wait));
                failures.iter().for_each(|failure| self.observer.failed(&failure.to_string()));
                work.into_iter().for_each(|work| self.begin(outbox, work));
            }
            self.observer.undelivered(undelivered);
        }
    }

    async fn tell_now(self: Arc<Self>, notice: BudgetNotice) {
        let Some(telling) = Telling::of(&notice) else { return };
        for outbox in &self.outboxes {
            let told = outbox.tell(&telling, |message| self.turn(message)).await;
            self.judge(outbox, told.as_ref().err());
            match told {
                Ok(None) => return,
                Ok(Some(work)) => {
                    self.observer.told(&notice);
                    return self.begin(outbox, work);
                }
                // A warning that comes twice is better than one that does not come.
                Err(_) => {}
            }
        }
        self.lose(&notice, "there is no room for it");
    }

    /// Tells a notice that nobody remembers and delivers.
    fn lose(&self, notice: &BudgetNotice, why: &str) {
        self.observer.told(notice);
        let Some(Telling { message, webhooks, .. }) = Telling::of(notice) else { return };
        let verdict = Verdict::GivenUp { why: why.to_owned() };
        for webhook in &webhooks {
            self.observer.attempted(Attempt {
                webhook,
                message_id: &message.id,
                attempts: 0,
                verdict: &verdict,
            });
        }
    }

    /// Whether a message can be sent now.
    fn turn(&self, message: &Undelivered) -> Turn<Place> {
        let webhooks = self.webhooks.load();
        let Some(Known { webhook, places }) = webhooks.get(&message.webhook) else {
            return Turn::Later(UNKNOWN_WAIT);
        };
        match Arc::clone(places).try_acquire_owned() {
            Ok(permit) => Turn::Now(Place { webhook: Arc::clone(webhook), _permit: permit }),
            Err(_) => Turn::Later(NO_PLACE_WAIT + NO_PLACE_WAIT.mul_f64(self.share())),
        }
    }

    /// A number from 0 to 1.
    fn share(&self) -> f64 {
        f64::from(((self.random)() >> 32) as u32) / f64::from(u32::MAX)
    }

    fn begin(self: &Arc<Self>, outbox: &Arc<Outbox>, work: Work<Place>) {
        for Undelivered { webhook, id, attempts, .. } in &work.given_up {
            let verdict = Verdict::GivenUp { why: "nobody could send it in time".to_owned() };
            self.observer.attempted(Attempt {
                webhook,
                message_id: id,
                attempts: *attempts,
                verdict: &verdict,
            });
        }
        for parcel in work.parcels {
            let (courier, outbox) = (Arc::clone(self), Arc::clone(outbox));
            self.spawn(async move { courier.send(&outbox, parcel).await });
        }
    }

    async fn send(&self, outbox: &Outbox, parcel: Parcel<Place>) {
        let outgoing = parcel.place.webhook.outgoing(&parcel.message.message(), (self.unix_seconds)());
        let answer = timeout(ANSWER_WAIT_MAX, self.post.post(outgoing)).await;
        let silent = |_| Err(format!("there was no answer within {} seconds", ANSWER_WAIT_MAX.as_secs()));
        let answer: Result<Answer, String> = answer.unwrap_or_else(silent);
        let attempts = parcel.message.attempts.saturating_add(1);
        let verdict = judged(&answer, attempts, parcel.age, (self.random)());
        let Undelivered { webhook, id, .. } = &parcel.message;
        self.observer.attempted(Attempt { webhook, message_id: id, attempts, verdict: &verdict });
        for wait in SETTLE_WAITS {
            sleep(wait).await;
            let settled = outbox.settle(&parcel, &verdict).await;
            self.judge(outbox, settled.as_ref().err());
            if settled.is_ok() {
                break;
            }
        }
        if matches!(verdict, Verdict::Again { .. }) {
            self.postponed.notify_one();
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Tells when the store begins to fail, and not each time.
    fn judge(&self, outbox: &Outbox, failure: Option<&OutboxError>) {
        let is_news = outbox.has_turned(failure.is_some());
        if let Some(failure) = failure.filter(|_| is_news) {
            self.observer.failed(&failure.to_string());
        }
    }
}

impl Notices for Courier {
    fn tell(&self, notice: BudgetNotice) {
        if let Err(error) = self.queue.try_send(notice) {
            self.lose(&error.into_inner(), "too much has to be told at once");
        }
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Courier").field("outboxes", &self.outboxes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
