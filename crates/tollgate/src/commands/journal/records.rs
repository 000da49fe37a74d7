//! Where the records are, and what they look like.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use store::JournalFiles;

use crate::commands::BadInput;
use crate::commands::surroundings::loaded;

/// Where the records are.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The configuration whose journal it is.
    #[arg(long, default_value = "tollgate.yaml")]
    config: PathBuf,
    /// The journal's folder, in place of the configuration's.
    #[arg(long, conflicts_with = "config")]
    folder: Option<PathBuf>,
}

/// What there is to choose records by, and to show of them. A refusal has little of it.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) at: Timestamp,
    pub(super) request_id: String,
    pub(super) key: Option<String>,
    pub(super) model: Option<String>,
    pub(super) served_by: Option<ServedBy>,
    pub(super) status: u16,
    pub(super) outcome: Option<String>,
    pub(super) code: Option<String>,
    pub(super) attempts: Option<u32>,
    pub(super) duration_ms: Option<u64>,
    pub(super) cost_usd: Option<String>,
}

/// Whose answer it was.
#[derive(Debug, Deserialize)]
pub(super) struct ServedBy {
    provider: String,
    model: Option<String>,
}

impl Source {
    /// Goes through all records, the oldest first, for as long as it is wanted: each as it was read and as its line. Other lines in the folder's files are passed over.
    pub(super) fn each(&self, mut act: impl FnMut(Record, String)) -> anyhow::Result<()> {
        let folder = self.folder()?;
        let files = JournalFiles::in_folder(&folder)
            .with_context(|| format!("{}: the journal cannot be read", folder.display()))?;
        for line in files.lines() {
            let line = line.with_context(|| format!("{}: the journal cannot be read", folder.display()))?;
            if let Ok(record) = serde_json::from_str(&line) {
                act(record, line);
            }
        }
        Ok(())
    }

    fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let loaded = loaded(&self.config).map_err(|error| BadInput::of(&error))?;
        let journal = loaded.journal.ok_or_else(|| {
            let message = format!("{} keeps no journal; add `journal: {{}}`", self.config.display());
            BadInput::of(&anyhow!(message))
        })?;
        Ok(journal.path)
    }
}

impl Record {
    /// `provider/model`, as far as it is known.
    pub(super) fn target(&self) -> Option<String> {
        let ServedBy { provider, model } = self.served_by.as_ref()?;
        Some(model.as_ref().map_or_else(|| provider.clone(), |model| format!("{provider}/{model}")))
    }

    /// Whether its client has no whole answer.
    pub(super) fn has_failed(&self) -> bool {
        self.status >= 400 || self.outcome.as_deref().is_some_and(|outcome| outcome != "done")
    }
}
