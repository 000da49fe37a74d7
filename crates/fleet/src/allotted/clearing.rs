//! What it takes to settle what is held: the time, and those who want to hear of it.

use std::sync::Arc;

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
}

impl Clearing {
    /// Where requests of this process settle; with `leases` where others have the same limits and budgets.
    #[must_use]
    pub fn new(telemetry: Telemetry, times: Times, leases: Option<Leases>) -> Self {
        Self { telemetry, times, settled: Notify::new(), leases }
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

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }
}
