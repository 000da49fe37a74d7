//! `tollgate KIND create`.

use std::path::PathBuf;

use clap::Args;
use control::objects::ObjectKind;
use http::Method;

use crate::commands::entry::entry_or_none;
use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Makes an object that is not there yet.
#[derive(Debug, Args)]
pub struct Create {
    /// Its name.
    name: String,
    /// A file with its entry as it would stand in the configuration, in YAML or JSON; `-` for standard input. Nothing is said of it when left out.
    file: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(in crate::commands) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let Self { name, file, server, json } = self;
        let body = entry_or_none(file.as_deref())?;
        let path = path_of(kind, &name);
        let call = Call {
            method: Method::PUT,
            path: &path,
            body: Some(&body),
            must_be_new: true,
            ..Call::default()
        };
        let made = server.gateway()?.call(&call)?;
        match json {
            true => say(&made.to_string()),
            false => say(&format!("made {}/{name}, version {}", kind.section(), made["version"])),
        }
        Ok(())
    }
}
