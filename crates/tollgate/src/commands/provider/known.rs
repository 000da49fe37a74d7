//! `tollgate provider known`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use providers::registry::Registry;

use crate::commands::surroundings::{loader, say};

/// Lists the providers that are known without a gateway.
#[derive(Debug, Args)]
pub struct Known {
    /// The configuration file; without one, what the environment makes live.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Known {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = match &self.config {
            Some(file) => loader(file).load(1),
            None => loader(std::path::Path::new("tollgate.yaml")).load_text("", 1),
        };
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(errors) => bail!("{errors}"),
        };
        let live: BTreeSet<&str> = loaded.snapshot.provider_names().map(|name| name.as_str()).collect();
        let registry = Registry::builtin();
        let names: BTreeSet<&str> = registry.names().chain(live.iter().copied()).collect();
        for name in names {
            let title = registry.get(name)?.and_then(|definition| definition.title).unwrap_or_default();
            let state = if live.contains(name) { "live" } else { "-" };
            say(&format!("{name:<20} {state:<5} {title}"));
        }
        Ok(())
    }
}
