//! `tollgate audit …`.

mod export;
mod list;
mod source;
mod verify;

use clap::Subcommand;

/// What was done to the gateway, and what was refused.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Shows the last records, or those that are asked for.
    List(list::List),
    /// Writes all records, a line of JSON for each.
    Export(export::Export),
    /// Says whether the records are as they were written, all of them and in their order.
    Verify(verify::Verify),
}

impl Audit {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Verify(command) => command.run(),
        }
    }
}
