//! The retry budgets: one for each saved route, and one that all other routes share, so that clients who write their own cannot
//! multiply an outage either. Who decides is `engine`; here its state is kept and found.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Route, RouteName, Snapshot};
use engine::RetryBudget;
use parking_lot::Mutex;

/// What is left of one budget.
pub type Purse = Arc<Mutex<RetryBudget>>;

/// Every budget of a configuration.
#[derive(Debug, Default)]
pub struct RetryBudgets {
    saved: HashMap<RouteName, Purse>,
    shared: Purse,
}

impl RetryBudgets {
    /// Those of a snapshot; routes that there were before go on with what they had.
    pub fn of(snapshot: &Snapshot, before: Option<&Self>) -> Self {
        let purse = |name: &RouteName| {
            let known = before.and_then(|before| before.saved.get(name));
            (name.clone(), known.cloned().unwrap_or_default())
        };
        Self {
            saved: snapshot.routes.keys().map(purse).collect(),
            shared: before.map(|before| Arc::clone(&before.shared)).unwrap_or_default(),
        }
    }

    /// The budget of a route.
    pub fn find(&self, route: &Route) -> &Purse {
        route.name.as_ref().and_then(|name| self.saved.get(name)).unwrap_or(&self.shared)
    }
}
