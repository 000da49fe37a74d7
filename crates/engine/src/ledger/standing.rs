//! How an account stands.

use std::time::Duration;

use domain::allotment::{Span, Unit};
use domain::quota::Counted;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// So much within a time.
    Rate(Counted, Duration),
    /// Requests at once.
    Concurrency,
    /// A budget.
    Budget(Unit, Span),
}

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What is measured.
    pub measured: Measured,
    /// How much there is.
    pub limit: i128,
    /// How much of it is used.
    pub used: i128,
    /// How much of it is held for requests under way.
    pub held: i128,
    /// When it is whole again; `None` where that depends on requests under way, or never is.
    pub resets_in: Option<Duration>,
}

impl Standing {
    /// How much is left, at least 0.
    #[must_use]
    pub fn left(&self) -> i128 {
        self.limit.saturating_sub(self.used).saturating_sub(self.held).max(0)
    }

    /// Whether so many percent of it are used.
    #[must_use]
    pub fn has_passed(&self, percent: u8) -> bool {
        is_passed(self.used, self.limit, percent)
    }
}

/// Whether so many percent of a limit are used.
pub(super) fn is_passed(used: i128, limit: i128, percent: u8) -> bool {
    used.saturating_mul(100) >= limit.saturating_mul(i128::from(percent))
}
