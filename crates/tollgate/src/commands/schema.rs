//! `tollgate schema …`.

mod config;

use clap::Subcommand;

/// Machine-readable descriptions.
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// The JSON schema of the configuration file, for editors.
    Config(config::Config),
}

impl Schema {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Config(command) => command.run(),
        }
    }
}
