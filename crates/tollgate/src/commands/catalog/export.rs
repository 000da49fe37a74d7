//! `tollgate catalog export`.

use std::path::PathBuf;

use clap::Args;

use super::in_force::InForce;
use crate::commands::surroundings::{loaded_or_default, say};

/// Writes the catalogue that is in force.
#[derive(Debug, Args)]
pub struct Export {
    /// The configuration file; `tollgate.yaml` when absent, if there is one. Its overrides are not written.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded_or_default(self.config.as_deref())?;
        say(InForce::of(&loaded)?.catalog()?.lines().trim_end());
        Ok(())
    }
}
