//! `tollgate budget …`.

mod spend;

use clap::Subcommand;
use control::objects::ObjectKind;

use super::objects::Made;

/// Budgets of a running gateway.
#[derive(Debug, Subcommand)]
pub enum Budget {
    /// Says what budgets have spent.
    Spend(spend::Spend),
    /// What can be done to those of a running gateway.
    #[command(flatten)]
    Objects(Made),
}

impl Budget {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Spend(command) => command.run(),
            Self::Objects(command) => command.run(ObjectKind::Budget),
        }
    }
}
