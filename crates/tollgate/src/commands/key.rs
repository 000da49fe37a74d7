//! `tollgate key …`.

mod new;
mod pair;

use clap::Subcommand;

/// Client keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a key: prints it once, with the entry for the configuration file.
    New(new::New),
    /// Shows the key pair with which Amazon's clients sign requests in the place of a key.
    Pair(pair::Pair),
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(),
            Self::Pair(command) => command.run(),
        }
    }
}
