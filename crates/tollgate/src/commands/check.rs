//! `tollgate check FILE`.

use std::path::PathBuf;

use clap::Args;

use super::surroundings::{loaded, say, warn};

/// Says whether a configuration file is right.
#[derive(Debug, Args)]
pub struct Check {
    /// The file.
    #[arg(default_value = "tollgate.yaml")]
    file: PathBuf,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded(&self.file)?;
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
