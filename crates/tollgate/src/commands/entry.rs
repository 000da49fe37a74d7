//! An entry of a configuration in a file of its own, or on standard input.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use control::objects::read_entry;
use serde_json::{Value as Json, json};

use super::surroundings::environment;

/// The longest entry.
const ENTRY_BYTES_MAX: u64 = 256 << 10;

/// Reads an entry, or has one that says nothing where no file is named.
pub(super) fn entry_or_none(file: Option<&Path>) -> anyhow::Result<Json> {
    file.map_or_else(|| Ok(json!({})), entry)
}

/// Reads an entry, in YAML or JSON; `-` is standard input.
pub(super) fn entry(file: &Path) -> anyhow::Result<Json> {
    let name = file.display();
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .take(ENTRY_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    } else {
        environment().file(file, ENTRY_BYTES_MAX).with_context(|| format!("{name} cannot be read"))?
    };
    ensure!(text.len() as u64 <= ENTRY_BYTES_MAX, "{name} is longer than {ENTRY_BYTES_MAX} bytes");
    read_entry(&name.to_string(), &text).map_err(|errors| anyhow!("{errors}"))
}
