//! `tollgate catalog …`.

mod export;
mod in_force;
mod source;
mod update;

use clap::Subcommand;

/// The catalogue of models and prices.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Writes the catalogue that is in force as JSON Lines.
    Export(export::Export),
    /// Puts another catalogue in force: shows what changes, and writes it beside the configuration.
    Update(update::Update),
}

impl Catalog {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Export(command) => command.run(),
            Self::Update(command) => command.run(),
        }
    }
}
