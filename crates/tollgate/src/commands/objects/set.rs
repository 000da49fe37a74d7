//! `tollgate KIND set`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use control::objects::ObjectKind;
use http::Method;

use super::super::entry::entry;
use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Makes an object, or changes it.
#[derive(Debug, Args)]
pub struct Set {
    /// Its name.
    name: String,
    /// A file with its entry as it would stand in the configuration, in YAML or JSON; `-` for standard input.
    file: PathBuf,
    /// Changes only what the file has, and takes out what is null there (a JSON merge patch).
    #[arg(long)]
    patch: bool,
    #[command(flatten)]
    server: Server,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Set {
    pub(super) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let body = entry(&self.file)?;
        let gateway = self.server.gateway()?;
        let path = path_of(kind, &self.name);
        let seen = gateway.try_call(&Call { path: &path, ..Call::default() })?;
        let version = match &seen {
            Ok(shown) => shown["version"].as_u64(),
            Err(refused) if refused["code"] == "TG2016" => None,
            Err(refused) => bail!("{}", refused["detail"].as_str().unwrap_or_default()),
        };
        let tag = version.map(|version| format!("\"{version}\""));
        let method = if self.patch { Method::PATCH } else { Method::PUT };
        let call = Call { method, path: &path, body: Some(&body), if_match: tag.as_deref() };
        let shown = gateway.call(&call)?;
        if self.json {
            say(&shown.to_string());
        } else {
            let done = if seen.is_ok() { "changed" } else { "made" };
            say(&format!("{done} {}/{}, version {}", kind.section(), self.name, shown["version"]));
        }
        Ok(())
    }
}
