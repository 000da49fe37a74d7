//! `tollgate admin`: people who sign in with a password and a code.

mod new;

use clap::Subcommand;

/// Local administrators.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Makes one: prints the entry for the configuration, and what they need to sign in.
    New(new::New),
}

impl Admin {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(),
        }
    }
}
