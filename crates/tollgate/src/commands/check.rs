//! `tollgate check FILE`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use providers::scripted;

use super::surroundings::{loader, say, warn};

/// Says whether a configuration file is right.
#[derive(Debug, Args)]
pub struct Check {
    /// The file.
    #[arg(default_value = "tollgate.yaml")]
    file: PathBuf,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        // As when serving: a route may name the scripted provider.
        let loader = loader(&self.file);
        let scripted = scripted::definition(std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
        let loaded = loader.load(1).or_else(|_| loader.with_provider(scripted::NAME, scripted).load(1));
        let loaded = loaded.map_err(|errors| anyhow!("{errors}"))?;
        loaded.warnings.iter().for_each(|warning| warn(warning));
        let snapshot = &loaded.snapshot;
        say(&format!(
            "{} is right: {} live providers, {} routes, {} keys",
            self.file.display(),
            snapshot.providers.len(),
            snapshot.routes.len(),
            snapshot.keys.len()
        ));
        Ok(())
    }
}
