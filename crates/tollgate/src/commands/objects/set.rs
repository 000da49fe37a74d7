//! `tollgate KIND set`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use control::objects::ObjectKind;
use http::Method;
use serde_json::Value as Json;

use super::super::entry::entry;
use crate::commands::gateway::{Call, Server, path_of, told};
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

/// How an object is changed by what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Writing {
    /// It says that and nothing else from now on.
    Whole,
    /// Only what is named changes.
    Part,
    /// The same, where there is one; where not, that is all of it.
    PartIfThere,
}

impl Set {
    pub(in crate::commands) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let body = entry(&self.file)?;
        let writing = if self.patch { Writing::Part } else { Writing::Whole };
        write(&self.server, (kind, &self.name), (&body, writing), self.json)
    }
}

/// Makes an object, or changes it, unless somebody else does at the same time; and says what was done.
pub(in crate::commands) fn write(
    server: &Server,
    (kind, name): (ObjectKind, &str),
    (body, writing): (&Json, Writing),
    json: bool,
) -> anyhow::Result<()> {
    let gateway = server.gateway()?;
    let path = path_of(kind, name);
    let seen = gateway.try_call(&Call { path: &path, ..Call::default() })?;
    let version = match &seen {
        Ok(shown) => shown["version"].as_u64(),
        Err(refused) if refused["code"] == "TG2016" => None,
        Err(refused) => bail!("{}", told(refused)),
    };
    let tag = version.map(|version| format!("\"{version}\""));
    let is_part = writing == Writing::Part || (writing == Writing::PartIfThere && seen.is_ok());
    let method = if is_part { Method::PATCH } else { Method::PUT };
    let call = Call { method, path: &path, body: Some(body), if_match: tag.as_deref(), ..Call::default() };
    let shown = gateway.call(&call)?;
    if json {
        say(&shown.to_string());
    } else {
        let done = if seen.is_ok() { "changed" } else { "made" };
        say(&format!("{done} {}/{name}, version {}", kind.section(), shown["version"]));
    }
    Ok(())
}
