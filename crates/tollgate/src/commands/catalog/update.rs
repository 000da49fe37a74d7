//! `tollgate catalog update FILE|URL`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use providers::catalog::{Catalog, JUMP_PERCENT_MAX, differences};

use super::in_force::InForce;
use super::source;
use crate::commands::surroundings::{loaded_or_default, say, warn};

/// Puts another catalogue in force.
#[derive(Debug, Args)]
pub struct Update {
    /// The new catalogue: a file, or an http or https URL. Its form is described in docs/reference/catalog.md.
    #[arg(value_name = "FILE|URL")]
    source: String,
    /// The configuration file, beside which the catalogue is written; `tollgate.yaml` when absent.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Takes prices that move by more than half.
    #[arg(long)]
    accept: bool,
    /// Only shows what would change.
    #[arg(long)]
    dry_run: bool,
}

impl Update {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded_or_default(self.config.as_deref())?;
        let in_force = InForce::of(&loaded)?;
        let old = in_force.catalog()?;
        let bytes = source::read(&self.source, &loaded.upstream)?;
        let new = Catalog::read(&bytes).with_context(|| format!("{} is no catalogue", self.source))?;
        let (before, after) = (&old.header().date, &new.header().date);
        say(&format!(
            "{} models of {before} -> {} models of {after}",
            old.header().models,
            new.header().models
        ));
        if after < before {
            warn("the new catalogue is older than the one in force");
        }
        let differences = differences(old, &new);
        let mut jumps = 0;
        for difference in &differences {
            let is_jump = difference.change.is_jump();
            jumps += usize::from(is_jump);
            say(&format!("{} {difference}", if is_jump { "!" } else { " " }));
        }
        say(&format!("differences: {}", differences.len()));
        if self.dry_run {
            return Ok(());
        }
        if jumps > 0 && !self.accept {
            bail!(
                "nothing was written: what is marked with ! ({jumps}) moves by more than {JUMP_PERCENT_MAX} %; \
                 look at it, then run it again with --accept"
            );
        }
        write(&loaded.catalog_file, &new)?;
        say(&format!(
            "written to {}; a running Tollgate takes it up by itself",
            loaded.catalog_file.display()
        ));
        Ok(())
    }
}

/// Written aside, then put in place, so that nobody reads half of it.
fn write(file: &Path, catalog: &Catalog) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", file.display());
    let aside = file.with_extension("new");
    fs::write(&aside, catalog.lines()).with_context(cannot)?;
    fs::rename(&aside, file).with_context(cannot)
}
