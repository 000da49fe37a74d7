//! `tollgate KIND get`.

use clap::Args;
use control::objects::ObjectKind;

use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Shows an object.
#[derive(Debug, Args)]
pub struct Get {
    /// Its name.
    name: String,
    #[command(flatten)]
    server: Server,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Get {
    pub(in crate::commands) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let path = path_of(kind, &self.name);
        let shown = self.server.gateway()?.call(&Call { path: &path, ..Call::default() })?;
        say(&if self.json { shown.to_string() } else { serde_json::to_string_pretty(&shown)? });
        Ok(())
    }
}
