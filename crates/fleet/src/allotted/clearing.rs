//! What it takes to settle what is held: the time, and those who want to hear of it.

use std::sync::Arc;

use domain::RequestId;
use domain::notice::BudgetNotice;
use domain::ports::notices::Notices;
use engine::ledger::Moment;
use jiff::Timestamp;
use telemetry::Telemetry;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::leases::Leases;

use crate::Clock;

/// The time of day.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Both clocks.
#[derive(Clone)]
pub struct Times {
    /// By which spans of the calendar begin.
    pub wall_clock: WallClock,
    /// By which all else is measured.
    pub clock: Clock,
}

impl Times {
    pub(super) fn moment(&self) -> Moment {
        Moment { steady: self.clock.now(), wall: (self.wall_clock)() }
    }
}

/// Shared by all requests.
pub struct Clearing {
    telemetry: Telemetry,
    times: Times,
    settled: Notify,
    /// The way to the other processes that have the same limits and budgets; none where there are none.
    leases: Option<Leases>,
    notices: Arc<dyn Notices>,
}

impl Clearing {
    /// Where requests of this process settle; with `leases` where others have the same limits and budgets. Who hears of thresholds is told by `notices`.
    #[must_use]
    pub fn new(
        telemetry: Telemetry,
        times: Times,
        leases: Option<Leases>,
        notices: Arc<dyn Notices>,
    ) -> Self {
        Self { telemetry, times, settled: Notify::new(), leases, notices }
    }

    /// Now, by both clocks.
    pub fn moment(&self) -> Moment {
        self.times.moment()
    }

    /// The way to the other processes that have the same limits and budgets; none where there are none.
    pub fn leases(&self) -> Option<&Leases> {
        self.leases.as_ref()
    }

    /// Tells those who wait for a limit or a budget that something was given back.
    pub(super) fn tell(&self) {
        self.settled.notify_waiters();
    }

    /// The next time that something is given back.
    pub fn settled(&self) -> Notified<'_> {
        self.settled.notified()
    }

    /// Has those told who want to hear of budgets what a request has shown.
    pub fn notify(&self, notices: impl IntoIterator<Item = BudgetNotice>, id: &RequestId) {
        for notice in notices {
            self.notices.tell(BudgetNotice { request_id: Some(id.as_str().into()), ..notice });
        }
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }
}
