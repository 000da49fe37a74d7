//! `cargo xtask prices`: builds the catalogue of models that is embedded in the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::background::Leash;
use crate::prerequisites::{self, Prerequisite};
use crate::prices::{self, Wheels};

/// Where the catalogue is embedded from.
const CATALOG: &str = "crates/providers/catalog/catalog.jsonl.gz";

/// Arguments of `cargo xtask prices`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    wheels: Wheels,
    /// Write the catalogue here instead of where it is embedded from
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Builds the catalogue, writes it, and says what of the sources it does not have.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    prerequisites::ensure(&[Prerequisite::Python], &Leash::new(&root.join("target/xtask/prices.log"))?)?;
    let catalog = prices::build(&arguments.wheels, &root.join("target/prices"))?;
    let path = arguments.out.clone().unwrap_or_else(|| root.join(CATALOG));
    fs::write(&path, &catalog.bytes).with_context(|| format!("cannot write {}", path.display()))?;
    catalog.report.iter().for_each(|line| println!("{line}"));
    println!("written to {}", path.display());
    Ok(ExitCode::SUCCESS)
}
