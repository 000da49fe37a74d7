//! `tollgate key create`.

use std::path::PathBuf;

use clap::Args;
use http::Method;

use crate::commands::entry::entry_or_none;
use crate::commands::gateway::{Call, Server};
use crate::commands::surroundings::say;

/// Makes a key in a running gateway, which tells its text this once.
#[derive(Debug, Args)]
pub struct Create {
    /// Its owner's name for it, used in logs and metrics.
    name: String,
    /// A file with what else its entry says, in YAML or JSON; `-` for standard input.
    file: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
    /// Prints one JSON object, with the text as `key`.
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut body = entry_or_none(self.file.as_deref())?;
        body["name"] = self.name.as_str().into();
        let call = Call { method: Method::POST, path: "keys", body: Some(&body), ..Call::default() };
        let made = self.server.gateway()?.call(&call)?;
        if self.json {
            say(&made.to_string());
        } else {
            say(&format!("key {}", made["key"].as_str().unwrap_or_default()));
            say("It is shown this once, and good from now on.");
        }
        Ok(())
    }
}
