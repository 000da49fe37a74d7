//! `tollgate journal …`.

mod list;
mod records;
mod show;

use clap::Subcommand;

/// The requests that were written down, each with why it went where it went.
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Shows the last requests, or those that are asked for.
    List(list::List),
    /// Shows all of one request, as JSON.
    Show(show::Show),
}

impl Journal {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
        }
    }
}
