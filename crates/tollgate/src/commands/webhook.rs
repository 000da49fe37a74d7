//! `tollgate webhook …`.

mod test;

use clap::Subcommand;
use control::objects::ObjectKind;

use super::objects::Made;

/// Whom budgets tell.
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// Sends a message that says nothing, and tells what is answered.
    Test(test::Test),
    /// What can be done to those of a running gateway.
    #[command(flatten)]
    Objects(Made),
}

impl Webhook {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Test(command) => command.run(),
            Self::Objects(command) => command.run(ObjectKind::Webhook),
        }
    }
}
