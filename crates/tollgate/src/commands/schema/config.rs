//! `tollgate schema config`.

use clap::Args;

use crate::commands::surroundings::say;

/// Prints the JSON schema of the configuration file.
#[derive(Debug, Args)]
pub struct Config {}

impl Config {
    pub(super) fn run(self) -> anyhow::Result<()> {
        say(&serde_json::to_string_pretty(&control::schema::config_schema())?);
        Ok(())
    }
}
