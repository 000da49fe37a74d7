//! What budgets have spent, for whoever accounts for money: the plane that spends knows, the plane that is asked does not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::allotment::Allotment;
use crate::notice::NoticePeriod;

/// What is known of a budget, on its way.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Option<BudgetSpend>> + Send + 'a>>;

/// Knows what budgets have spent.
pub trait SpendReader: Send + Sync {
    /// What a budget has spent; of one account where `group` has the values of `group_by`, empty ones for those that requests do not have. None
    /// where there is no such budget.
    fn read<'a>(&'a self, budget: &'a str, group: Option<&'a [String]>) -> Reading<'a>;
}

/// What is known of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSpend {
    /// The budget.
    pub allotment: Arc<Allotment>,
    /// The span of the calendar that it is about.
    pub period: NoticePeriod,
    /// When it was read, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_milliseconds: i64,
    /// By whom it is known.
    pub source: SpendSource,
    /// Whether all accounts are here. There may be more than are looked through.
    pub is_complete: bool,
    /// Its accounts, in no particular order: one where all share it.
    pub accounts: Vec<AccountSpend>,
}

/// By whom it is known what is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpendSource {
    /// This process alone has the budget.
    Process,
    /// All processes that share it, as they told each other.
    Shared,
    /// The others cannot be asked: it is what this process has heard of them the last time.
    LastKnown,
}

impl SpendSource {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Shared => "shared",
            Self::LastKnown => "last_known",
        }
    }
}

/// What one account has spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpend {
    /// The values of `group_by`, empty for those that its requests do not have; only a hash where they are long. None where all share.
    pub group: Vec<Box<str>>,
    /// How much is spent: pico-dollars or tokens.
    pub spent: i128,
    /// How much is held for requests under way, and granted to other processes.
    pub held: i128,
}
