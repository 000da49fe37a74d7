//! What is told of money: how budgets stand, what workspaces cost, and how those fare who are told of it.

mod budgets;
mod webhooks;
mod workspaces;

use domain::{Money, Subject};
use prometheus_client::registry::Registry;

use workspaces::WorkspaceMeters;

pub use budgets::{BudgetMeters, BudgetSpending};
pub use webhooks::WebhookMeters;

/// The metrics of money.
#[derive(Debug, Default)]
pub struct SpendingMeters {
    /// How budgets stand.
    pub budgets: BudgetMeters,
    /// How messages of webhooks fare.
    pub webhooks: WebhookMeters,
    workspaces: WorkspaceMeters,
}

impl SpendingMeters {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.budgets.clone()));
        self.webhooks.register(registry);
        self.workspaces.register(registry);
    }

    /// A request of somebody cost so much.
    pub(crate) fn cost(&self, subject: &Subject, cost: Money) {
        self.workspaces.cost(subject, cost);
    }
}
