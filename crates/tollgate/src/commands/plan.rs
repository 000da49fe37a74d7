//! `tollgate plan` and `tollgate apply`: a file's entries against the objects of a running gateway.

mod difference;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use control::load::CONFIG_BYTES_MAX;
use control::objects::{ObjectKind, read_file};
use http::Method;
use serde_json::{Value as Json, json};

use self::difference::{Change, Differences, compare};
use super::gateway::{Call, Gateway, Hashes, Server, escaped};
use super::surroundings::{environment, say, warn};

/// Says what `apply` would do, and has the gateway judge it.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    from: From,
}

/// Makes the objects of a running gateway those of a file: all of it, or nothing.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    from: From,
}

#[derive(Debug, Args)]
struct From {
    /// A file in the form of the configuration. Its workspaces, users, keys, limits, budgets, routes and providers are compared with the
    /// objects of the gateway; what was applied from a file of this name and is not in it any more goes.
    file: PathBuf,
    #[command(flatten)]
    server: Server,
    /// Prints one JSON array of changes.
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.from.run(true)
    }
}

impl Apply {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.from.run(false)
    }
}

impl From {
    fn run(&self, dry_run: bool) -> anyhow::Result<()> {
        let name = self.file.display().to_string();
        let text = environment().file(&self.file, CONFIG_BYTES_MAX);
        let text = text.with_context(|| format!("{name} cannot be read"))?;
        let wanted = read_file(&name, &text).map_err(|errors| anyhow!("{errors}"))?;
        let label = label(&self.file)?;
        let gateway = self.server.gateway()?;
        let mut there = Vec::new();
        for kind in ObjectKind::ALL {
            there.extend(gateway.all(kind, Hashes::Whole)?.into_iter().map(|shown| (kind, shown)));
        }
        let Differences { changes, fixed } = compare(&wanted, &there, label);
        for id in fixed {
            warn(&format!(
                "`{id}` stands in the gateway's own file, with something else, and stays as it is there"
            ));
        }
        self.show(&changes);
        if changes.is_empty() {
            return Ok(());
        }
        send(&gateway, &changes, label, dry_run)?;
        if !dry_run && !self.json {
            say(&format!("applied {} changes", changes.len()));
        }
        Ok(())
    }

    fn show(&self, changes: &[Change]) {
        if self.json {
            say(&changes.iter().map(Change::to_json).collect::<Json>().to_string());
            return;
        }
        changes.iter().for_each(|change| say(change.to_string().trim_end()));
        let count = |sign: char| changes.iter().filter(|change| change.sign() == sign).count();
        say(&format!("{} to make, {} to change, {} to delete", count('+'), count('~'), count('-')));
    }
}

/// What the file is called where its objects say what they were applied from.
fn label(file: &Path) -> anyhow::Result<&str> {
    match file.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok(name),
        None => bail!("{} is no file", file.display()),
    }
}

/// Sends all changes as one, each for the version that was compared with.
fn send(gateway: &Gateway, changes: &[Change], label: &str, dry_run: bool) -> anyhow::Result<()> {
    let changes: Vec<_> = changes.iter().map(Change::to_request).collect();
    let body = json!({"changes": changes, "dry_run": dry_run});
    let path = format!("changes?applied_from={}", escaped(label));
    gateway.call(&Call { method: Method::POST, path: &path, body: Some(&body), ..Call::default() }).map(drop)
}
