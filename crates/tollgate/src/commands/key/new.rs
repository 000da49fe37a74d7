//! `tollgate key new`.

use std::path::PathBuf;

use clap::Args;
use control::key_entry::key_entry;
use domain::KeyText;

use super::pair::{as_json, pairing_secret, show};
use crate::commands::surroundings::{loaded, random_key, say};

/// Makes a key.
#[derive(Debug, Args)]
pub struct New {
    /// Its owner's name for it, used in logs and metrics.
    #[arg(default_value = "new-key")]
    name: String,
    /// Prints one JSON object: `name`, `key`, `hash`, and with `--aws` the `pair`.
    #[arg(long)]
    json: bool,
    /// Shows its key pair for Amazon's clients as well.
    #[arg(long, requires = "config")]
    aws: bool,
    /// The configuration file with `signed_requests.secrets`, for `--aws`.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl New {
    pub(super) fn run(self) -> anyhow::Result<()> {
        domain::name::check_name(&self.name)?;
        let key = KeyText::from_random(random_key()?);
        let hash = key.hash();
        let pair = match &self.config {
            Some(file) if self.aws => Some(pairing_secret(&loaded(file)?)?.pair(hash)),
            _ => None,
        };
        if self.json {
            let mut object =
                serde_json::json!({"name": self.name, "key": key.reveal(), "hash": hash.to_string()});
            if let Some(pair) = &pair {
                object["pair"] = as_json(pair);
            }
            say(&object.to_string());
            return Ok(());
        }
        say(&format!("key {}", key.reveal()));
        if let Some(pair) = &pair {
            show(pair);
        }
        say("It is shown this once. Put its entry under `keys:` in the configuration file:");
        say("");
        say(key_entry(&self.name, hash).trim_end());
        Ok(())
    }
}
