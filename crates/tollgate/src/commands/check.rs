//! `tollgate check FILE`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::route_tests;
use super::surroundings::{loaded, say, warn};

/// Says whether a configuration file is right, and whether requests go where its tests say.
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
        let failures = route_tests::failures(&self.file, &loaded)?;
        let count = loaded.tests.len();
        if !failures.is_empty() {
            bail!("{}\n{} of {count} tests failed", failures.join("\n"), failures.len());
        }
        if count > 0 {
            say(&format!("{count} tests of its routes passed"));
        }
        Ok(())
    }
}
