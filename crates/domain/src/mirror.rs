//! Copies of requests to further targets, whose answers nobody gets.

use crate::money::Money;

/// How many requests are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorPolicy {
    /// Of the requests, in percent; 1 to 100.
    pub share_percent: u32,
    /// Most copies under way.
    pub in_flight_max: u32,
    /// What all copies of a day (UTC) may cost; `None` sets no bound.
    pub usd_per_day_max: Option<Money>,
}

/// A node of a route that has requests copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Its place in the route.
    pub path: String,
    /// How many are copied.
    pub policy: MirrorPolicy,
}
