//! `tollgate key new`.

use std::path::PathBuf;

use clap::Args;
use domain::{KeyHash, KeyText};

use super::pair::{as_json, pairing_secret, show};
use crate::commands::key_entry::{HeldRoleEntry, control_section, key_entry};
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
    /// Makes a key to administer the gateway with, and none for clients.
    #[arg(long, requires = "role", conflicts_with = "aws")]
    control: bool,
    /// What the holder of a control key may do: `owner`, `admin`, `developer`, `analyst`, `auditor`, `agent`, or a role of the
    /// configuration.
    #[arg(long, requires = "control")]
    role: Option<String>,
    /// The only workspace in which they may.
    #[arg(long, requires = "control")]
    workspace: Option<String>,
    /// The only environment in which they may.
    #[arg(long, requires = "control")]
    environment: Option<String>,
}

impl New {
    pub(super) fn run(self) -> anyhow::Result<()> {
        domain::name::check_name(&self.name)?;
        let random = random_key()?;
        let key =
            if self.control { KeyText::control_from_random(random) } else { KeyText::from_random(random) };
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
        say(&self.entry(hash));
        Ok(())
    }

    /// What to do with it.
    fn entry(&self, hash: KeyHash) -> String {
        const SHOWN: &str = "It is shown this once. Put its entry under";
        match &self.role {
            Some(role) => {
                let held = HeldRoleEntry {
                    role,
                    workspace: self.workspace.as_deref(),
                    environment: self.environment.as_deref(),
                };
                let section = control_section(&self.name, hash, held);
                format!("{SHOWN} `control.keys` in the configuration file:\n\n{}", section.trim_end())
            }
            None => {
                let entry = key_entry(&self.name, hash);
                format!("{SHOWN} `keys:` in the configuration file:\n\n{}", entry.trim_end())
            }
        }
    }
}
