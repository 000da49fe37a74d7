//! What is spent of each budget by all of its accounts together, for whoever watches over money.

use std::sync::Arc;

use domain::Allotment;
use domain::allotment::Terms;

use super::measure::Moment;
use super::reservation::Book;
use super::reserve::Ledger;

/// What is spent of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Which.
    pub allotment: Arc<Allotment>,
    /// How much each of its accounts has.
    pub limit: i128,
    /// How many accounts there are.
    pub accounts: usize,
    /// What they have spent together.
    pub spent: i128,
    /// What is held of them for requests under way, and granted to other processes.
    pub held: i128,
    /// What the one has spent that has spent most.
    pub highest: i128,
}

impl Ledger {
    /// How each budget stands, as far as this process knows.
    #[must_use]
    pub fn totals(&self, now: Moment) -> Vec<Total> {
        let total = |book: &Arc<Book>| {
            let Terms::Budget(budget) = &book.allotment.terms else { return None };
            let mut total = Total {
                allotment: Arc::clone(&book.allotment),
                limit: budget.amount_at(now.wall.as_second()),
                accounts: 0,
                spent: 0,
                held: 0,
                highest: 0,
            };
            book.accounts.lock().each(|account| {
                account.advance(book.law(), now);
                for standing in account.standings(book.law(), now) {
                    total.accounts += 1;
                    total.spent = total.spent.saturating_add(standing.used);
                    total.held = total.held.saturating_add(standing.held);
                    total.highest = total.highest.max(standing.used);
                }
            });
            Some(total)
        };
        self.books().iter().filter_map(total).collect()
    }
}
