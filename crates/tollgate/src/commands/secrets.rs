//! `tollgate secrets …`.

mod new_key;
mod rewrap;

use clap::Subcommand;

/// How secrets are kept that are given over the control API.
#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Makes a key to seal them with: prints it once.
    NewKey(new_key::NewKey),
    /// Has a running gateway seal them all with the key that its configuration has now.
    Rewrap(rewrap::Rewrap),
}

impl Secrets {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::NewKey(command) => command.run(),
            Self::Rewrap(command) => command.run(),
        }
    }
}
