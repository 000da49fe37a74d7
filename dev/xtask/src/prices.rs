//! The catalogue of models that is embedded in the binary, built from published price data. What is taken are facts, with
//! their sources and dates; the form is ours.

mod complete;
mod decimal;
mod entry;
mod file;
mod genai;
mod litellm;
mod merge;
mod provider;
mod release;
mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use self::entry::Entry;
use self::release::{GENAI_PRICES, LITELLM};
use self::report::Report;
use crate::process;

/// Reads the wheels without running anything of them.
const EXTRACT: &str = include_str!("prices/extract.py");

/// What [`EXTRACT`] prints.
#[derive(Deserialize)]
struct Extracted {
    genai_prices: Vec<genai::Provider>,
    litellm: BTreeMap<String, Map<String, Json>>,
}

/// The wheels to read instead of those that are fetched.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Wheels {
    /// The wheel of genai-prices, instead of fetching it
    #[arg(long)]
    genai_prices: Option<PathBuf>,
    /// The wheel of LiteLLM, instead of fetching it
    #[arg(long)]
    litellm: Option<PathBuf>,
}

/// A catalogue.
pub(crate) struct Catalog {
    /// The file, packed.
    pub(crate) bytes: Vec<u8>,
    /// What became of the sources, for people.
    pub(crate) report: Vec<String>,
}

/// Fetches what is not at hand into `folder`, reads the sources and puts them together.
pub(crate) fn build(wheels: &Wheels, folder: &Path) -> Result<Catalog> {
    let genai_prices = GENAI_PRICES.wheel(wheels.genai_prices.as_deref(), folder)?;
    let litellm = LITELLM.wheel(wheels.litellm.as_deref(), folder)?;
    let mut python = Command::new("python3");
    let text = process::output(python.args(["-I", "-c", EXTRACT]).arg(genai_prices).arg(litellm))?;
    let extracted: Extracted = serde_json::from_str(&text).context("the price data has an unknown form")?;

    let mut report = Report::default();
    let checked = genai::entries(&extracted.genai_prices, &mut report)?;
    let wide = litellm::entries(&extracted.litellm, &mut report)?;
    let mut entries = merge::merge(checked, wide, &mut report);
    complete::complete(&mut entries);
    let bytes = file::file(&entries, &[GENAI_PRICES, LITELLM])?;
    let mut report = report.lines();
    report.push(summary(&entries, bytes.len()));
    Ok(Catalog { bytes, report })
}

fn summary(entries: &[Entry], bytes: usize) -> String {
    let priced = entries.iter().filter(|entry| !entry.prices.is_empty()).count();
    let mut providers: Vec<&str> = entries.iter().map(|entry| entry.provider).collect();
    providers.dedup();
    let (models, providers) = (entries.len(), providers.len());
    format!("{models} models of {providers} providers, {priced} with prices, in {bytes} bytes")
}
