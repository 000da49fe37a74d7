//! What it takes to settle what is held: the time, and those who want to hear of it.

use std::sync::Arc;

use engine::ledger::Moment;
use jiff::Timestamp;
use telemetry::Telemetry;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::clock::Clock;

/// The time of day.
pub(crate) type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Shared by all requests.
pub(crate) struct Clearing {
    telemetry: Telemetry,
    wall_clock: WallClock,
    clock: Clock,
    settled: Notify,
}

impl Clearing {
    pub(crate) fn new(telemetry: Telemetry, wall_clock: WallClock, clock: Clock) -> Self {
        Self { telemetry, wall_clock, clock, settled: Notify::new() }
    }

    /// Now, by both clocks.
    pub(crate) fn moment(&self) -> Moment {
        Moment { steady: self.clock.now(), wall: (self.wall_clock)() }
    }

    /// Tells those who wait for a limit or a budget that something was given back.
    pub(super) fn tell(&self) {
        self.settled.notify_waiters();
    }

    /// The next time that something is given back.
    pub(crate) fn settled(&self) -> Notified<'_> {
        self.settled.notified()
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }
}
