//! `tollgate provider set`.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::{ArgGroup, Args};
use control::objects::ObjectKind;
use serde_json::{Value as Json, json};

use super::secrets::Secrets;
use crate::commands::entry::entry;
use crate::commands::gateway::Server;
use crate::commands::objects::{Writing, write};

/// Makes a provider, or changes it: by an entry, by its credentials, or by both.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("given").multiple(true).required(true))]
pub struct Set {
    /// Its name: that of a built-in one, or another.
    name: String,
    /// A file with its entry as it would stand in the configuration, in YAML or JSON; `-` for standard input. When absent, a provider that is
    /// there keeps all but its credentials.
    #[arg(group = "given")]
    file: Option<PathBuf>,
    /// The same.
    #[arg(short = 'f', long = "file", value_name = "FILE", group = "given", conflicts_with = "file")]
    file_option: Option<PathBuf>,
    #[command(flatten)]
    secrets: Secrets,
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
    pub(super) fn run(self) -> anyhow::Result<()> {
        let file = self.file.as_deref().or(self.file_option.as_deref());
        let mut body = self.said(file)?;
        let credentials = self.secrets.read()?;
        if !credentials.is_empty() {
            body["credentials"] = credentials.into();
        }
        let writing = match file {
            _ if self.patch => Writing::Part,
            Some(_) => Writing::Whole,
            None => Writing::PartIfThere,
        };
        write(&self.server, (ObjectKind::Provider, &self.name), (&body, writing), self.json)
    }

    /// What the file says, to which credentials may be added.
    fn said(&self, file: Option<&Path>) -> anyhow::Result<Json> {
        let Some(file) = file else { return Ok(json!({})) };
        let is_input = file == Path::new("-");
        ensure!(
            !(is_input && self.secrets.take_input()),
            "standard input can be the entry or a credential, and not both"
        );
        let body = entry(file)?;
        let adds = self.secrets.are_given();
        ensure!(body.is_object(), "{} holds no entry", file.display());
        ensure!(
            !(adds && body.get("credentials").is_some()),
            "{} has `credentials` already; leave them out there, or here",
            file.display()
        );
        Ok(body)
    }
}
