//! Something about an account that somebody wants to hear of.

use std::sync::Arc;

use domain::Allotment;

use super::claims::shown;
use super::standing::Standing;

/// A budget was spent beyond a threshold, for the first time in its span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which.
    pub allotment: Arc<Allotment>,
    /// Whose account of it.
    pub group: Box<str>,
    /// The threshold, in percent of the budget.
    pub percent: u8,
    /// How it stands.
    pub standing: Standing,
}

impl Notice {
    /// Whose account it is, for people; empty where all share one.
    #[must_use]
    pub fn group_name(&self) -> String {
        shown(&self.group, &self.allotment.selector)
    }
}
