//! `tollgate check FILE`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::surroundings::{complain, loader, say};

/// Says whether a configuration file is right.
#[derive(Debug, Args)]
pub struct Check {
    /// The file.
    #[arg(default_value = "tollgate.yaml")]
    file: PathBuf,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = match loader(&self.file).load(1) {
            Ok(loaded) => loaded,
            Err(errors) => bail!("{errors}"),
        };
        loaded.warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
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
