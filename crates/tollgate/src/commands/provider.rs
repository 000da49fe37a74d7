//! `tollgate provider …`.

mod check;
mod list;

use clap::Subcommand;

/// Model providers.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Calls a provider and says what works.
    Check(check::Check),
    /// Lists the providers that are known, and which of them are live.
    List(list::List),
}

impl Provider {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Check(command) => command.run(),
            Self::List(command) => command.run(),
        }
    }
}
