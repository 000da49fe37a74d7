//! The plane's state: what outlives a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::allotment::Terms;
use domain::byte_budget::ByteBudget;
use domain::ports::notices::Notices;
use domain::ports::response_store::ResponseStore;
use domain::ports::shared_state::SharedState;
use engine::ledger::{EXCHANGE_INTERVAL, Ledger, Total};
use engine::{Denials, WrongKeys};
use fleet::Clock;
use fleet::allotted::{Clearing, Leases, Times, WallClock};
use fleet::feedback::Feedback;
use fleet::health::Health;
use fleet::mirrors::Mirrors;
use fleet::quotas::Quotas;
use jiff::Timestamp;
use providers::transport::Transport;
use telemetry::{BudgetSpending, Telemetry};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, MissedTickBehavior};

use crate::pinned::{Configuration, Pinned};
use crate::response_owners::ResponseOwners;
use crate::running::Running;

/// What a gateway is made of. Time of day and randomness come from outside.
pub struct GatewayParts {
    /// The way to providers.
    pub transport: Transport,
    /// Where events go.
    pub telemetry: Telemetry,
    /// Where responses and conversations are kept.
    pub store: Arc<dyn ResponseStore>,
    /// What processes with the same budgets share; none where this one has them for itself, until it ends.
    pub shared_state: Option<Arc<dyn SharedState>>,
    /// Who tells of budgets.
    pub notices: Arc<dyn Notices>,
    /// 64 random bits per call.
    pub random: Box<dyn Fn() -> u64 + Send + Sync>,
    /// The time of day.
    pub wall_clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// Whether new requests are welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Yes.
    Ready,
    /// No: the process finishes what it has.
    Draining,
}

/// The data plane. Shared by all connections.
pub struct Gateway {
    pub(crate) transport: Transport,
    pub(crate) telemetry: Telemetry,
    pub(crate) budget: Arc<ByteBudget>,
    pub(crate) owners: ResponseOwners,
    pub(crate) wrong_keys: WrongKeys,
    /// What was refused and not told to the audit log yet.
    pub(crate) denials: Arc<Denials>,
    pub(crate) health: Arc<Health>,
    pub(crate) quotas: Quotas,
    pub(crate) feedback: Feedback,
    pub(crate) store: Arc<dyn ResponseStore>,
    pub(crate) running: Arc<Running>,
    /// Where limits and budgets are settled.
    pub(crate) clearing: Arc<Clearing>,
    /// The copies of requests.
    pub(crate) mirrors: Arc<Mirrors>,
    /// How many token counts may be estimated at once.
    pub(crate) estimates: Arc<Semaphore>,
    random: Box<dyn Fn() -> u64 + Send + Sync>,
    wall_clock: WallClock,
    pinned: ArcSwap<Pinned>,
    draining: AtomicBool,
    pub(crate) clock: Clock,
    /// Told of each configuration, and of the drain.
    changed: Notify,
}

/// How many threads run at once.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn ledger(configuration: &Configuration, before: Option<&Ledger>, is_shared: bool) -> Ledger {
    let allotments = &configuration.snapshot.allotments;
    if is_shared { Ledger::shared(allotments, before) } else { Ledger::of(allotments, before) }
}

impl Gateway {
    /// A gateway that serves a configuration.
    #[must_use]
    pub fn new(parts: GatewayParts, configuration: Configuration) -> Arc<Self> {
        let wall_clock: WallClock = Arc::from(parts.wall_clock);
        let clock = Clock::since(Instant::now());
        let times = Times { wall_clock: Arc::clone(&wall_clock), clock };
        let (telemetry, notices) = (parts.telemetry.clone(), parts.notices);
        let leases =
            |state| Leases::new(state, &parts.random, times.clone(), telemetry.clone(), Arc::clone(&notices));
        let leases = parts.shared_state.map(leases);
        let ledger = ledger(&configuration, None, leases.is_some());
        let health = Arc::new(Health::new(clock, telemetry.clone(), leases.is_some()));
        let feedback = Feedback::new(telemetry.clone(), leases.is_some());
        let clearing = Arc::new(Clearing::new(telemetry.clone(), times, leases, notices));
        let pinned =
            Pinned::new(configuration, None, ledger, &parts.transport, &parts.telemetry, Duration::ZERO);
        Arc::new(Self {
            transport: parts.transport,
            telemetry: parts.telemetry,
            budget: Arc::default(),
            owners: ResponseOwners::new(),
            wrong_keys: WrongKeys::new((parts.random)()),
            denials: Arc::default(),
            health,
            quotas: Quotas::default(),
            feedback,
            store: parts.store,
            running: Arc::default(),
            clearing,
            mirrors: Arc::default(),
            estimates: Arc::new(Semaphore::new(cores())),
            random: parts.random,
            wall_clock,
            pinned: ArcSwap::from_pointee(pinned),
            draining: AtomicBool::new(false),
            clock,
            changed: Notify::new(),
        })
    }

    /// Serves another configuration from now on. Requests under way keep theirs; the health of credentials that did not
    /// change is kept.
    pub fn install(&self, configuration: Configuration) {
        let (before, now) = (self.pinned.load(), self.uptime());
        let ledger = ledger(&configuration, Some(&before.ledger), self.clearing.leases().is_some());
        let next = Pinned::new(configuration, Some(&before), ledger, &self.transport, &self.telemetry, now);
        self.pinned.store(Arc::new(next));
        self.changed.notify_one();
    }

    /// Refuses new work from now on; `/readyz` says so.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Whether new requests are welcome.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        if self.draining.load(Ordering::Relaxed) { Readiness::Draining } else { Readiness::Ready }
    }

    /// Whether what processes share cannot be read or written. Requests are served all the same, as far as their budgets go.
    pub(crate) fn shared_state_fails(&self) -> bool {
        self.clearing.leases().is_some_and(Leases::are_stuck)
    }

    /// Tells the processes that share limits and budgets what is used of them here, and gives back what is not needed, for ever.
    pub async fn keep_leases(self: Arc<Self>) {
        let Some(leases) = self.clearing.leases() else { return };
        tokio::join!(
            self.exchange_leases(leases),
            self.health.share(leases, || Arc::clone(&self.pin().snapshot)),
            self.feedback.share(leases, || self.pin().canaries.heed_feedback()),
        );
    }

    async fn exchange_leases(&self, leases: &Leases) {
        let mut interval = tokio::time::interval(EXCHANGE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        leases.look().await;
        loop {
            interval.tick().await;
            let due = self.pin().ledger.due(self.clearing.moment());
            if due.is_empty() && leases.are_stuck() {
                leases.look().await;
            } else {
                leases.tell(due).await;
            }
        }
    }

    /// Gives back everything that was granted to this process of limits and budgets that others share, after the last request.
    pub async fn return_leases(&self) {
        if let Some(leases) = self.clearing.leases() {
            leases.leave(self.pin().ledger.granted(self.clearing.moment())).await;
        }
    }

    /// Waits until no response works in the background any more, and no copy of a request is under way.
    pub async fn background_done(&self) {
        self.running.idle().await;
        self.mirrors.idle().await;
    }

    /// What was refused, until the audit log is told.
    #[must_use]
    pub fn denials(&self) -> &Arc<Denials> {
        &self.denials
    }

    /// Waits for another configuration, or for the drain. For one to wait at a time.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn pin(&self) -> Arc<Pinned> {
        self.pinned.load_full()
    }

    pub(crate) fn random(&self) -> u64 {
        (self.random)()
    }

    pub(crate) fn wall_clock(&self) -> Timestamp {
        (self.wall_clock)()
    }

    /// Time since start, the clock of credential health.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) fn exposition(&self) -> String {
        let bytes = i64::try_from(self.budget.used_bytes()).unwrap_or(i64::MAX);
        self.telemetry.meters().in_flight_bytes.set(bytes);
        let totals = || self.pin().ledger.totals(self.clearing.moment()).into_iter().filter_map(spending);
        self.telemetry.meters().spending.budgets.refresh(self.uptime(), totals);
        self.telemetry.exposition()
    }
}

/// What a metric says of a budget.
fn spending(total: Total) -> Option<BudgetSpending> {
    let Total { allotment, limit, accounts, spent, held, highest } = total;
    let Terms::Budget(budget) = &allotment.terms else { return None };
    let (budget, unit) = (allotment.name.as_str().into(), budget.unit);
    Some(BudgetSpending { budget, unit, limit, accounts, spent, held, highest })
}
