//! `tollgate key …`.

mod new;

use clap::Subcommand;

/// Client keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a key: prints it once, with the entry for the configuration file.
    New(new::New),
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(),
        }
    }
}
