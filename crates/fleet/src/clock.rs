//! The clock of everything that is kept of targets: the time since the plane began, which no correction of the time of day moves.

use std::time::Duration;

use tokio::time::Instant;

/// A clock that begins at zero.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// One that begins there.
    #[must_use]
    pub fn since(beginning: Instant) -> Self {
        Self(beginning)
    }

    /// The time since its beginning.
    pub fn now(self) -> Duration {
        self.0.elapsed()
    }
}
