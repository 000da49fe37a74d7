//! Something about an account that somebody wants to hear of.

use std::sync::Arc;

use domain::Allotment;

use super::standing::Standing;

/// A budget was spent beyond a threshold, for the first time in its span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which.
    pub allotment: Arc<Allotment>,
    /// Whose account of it; empty where all share one.
    pub group: Box<str>,
    /// The threshold, in percent of the budget.
    pub percent: u8,
    /// How it stands.
    pub standing: Standing,
}
