//! Telling of budgets whoever is to hear of them.

use std::fmt::Debug;

use crate::notice::BudgetNotice;

/// Tells of budgets, in the background: whoever hands in a notice waits for nothing.
pub trait Notices: Debug + Send + Sync {
    /// Tells it, unless another process that shares the budget has.
    fn tell(&self, notice: BudgetNotice);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untold;

impl Notices for Untold {
    fn tell(&self, _: BudgetNotice) {}
}
