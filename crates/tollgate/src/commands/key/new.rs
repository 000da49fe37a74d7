//! `tollgate key new`.

use clap::Args;
use control::key_entry::key_entry;
use domain::KeyText;

use crate::commands::surroundings::{random_key, say};

/// Makes a key.
#[derive(Debug, Args)]
pub struct New {
    /// Its owner's name for it, used in logs and metrics.
    #[arg(default_value = "new-key")]
    name: String,
    /// Prints one JSON object: `name`, `key`, `hash`.
    #[arg(long)]
    json: bool,
}

impl New {
    pub(super) fn run(self) -> anyhow::Result<()> {
        domain::name::check_name(&self.name)?;
        let key = KeyText::from_random(random_key()?);
        let hash = key.hash();
        if self.json {
            let object =
                serde_json::json!({"name": self.name, "key": key.reveal(), "hash": hash.to_string()});
            say(&object.to_string());
            return Ok(());
        }
        say(&format!("key {}", key.reveal()));
        say("It is shown this once. Put its entry under `keys:` in the configuration file:");
        say("");
        say(key_entry(&self.name, hash).trim_end());
        Ok(())
    }
}
