//! What budgets have spent, told to whoever may ask for it: what this process knows, completed by what the others have said.

use domain::ports::spend::{BudgetSpend, Reading, SpendReader, SpendSource};
use fleet::allotted::Heard;

use crate::gateway::Gateway;

impl SpendReader for Gateway {
    fn read<'a>(&'a self, budget: &'a str, group: Option<&'a [String]>) -> Reading<'a> {
        Box::pin(self.read_spend(budget, group))
    }
}

impl Gateway {
    async fn read_spend(&self, budget: &str, group: Option<&[String]>) -> Option<BudgetSpend> {
        let now = self.clearing.moment();
        let mut statement = self.pin().ledger.statement(budget, group, now)?;
        let heard = match self.clearing.leases().filter(|_| statement.is_shared()) {
            Some(leases) => Some(leases.complete(&mut statement).await),
            None => None,
        };
        Some(BudgetSpend {
            allotment: statement.allotment().clone(),
            period: statement.period(),
            at_milliseconds: now.wall.as_millisecond(),
            source: match heard {
                None => SpendSource::Process,
                Some(Heard::Nothing) => SpendSource::LastKnown,
                Some(Heard::All | Heard::Part) => SpendSource::Shared,
            },
            is_complete: heard != Some(Heard::Part),
            accounts: statement.accounts(),
        })
    }
}
