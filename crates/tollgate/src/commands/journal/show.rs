//! `tollgate journal show`.

use anyhow::anyhow;
use clap::Args;
use serde_json::Value;

use super::records::Source;
use crate::commands::BadInput;
use crate::commands::surroundings::say;

/// Shows a request.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    source: Source,
    /// The request's id, as its answer says in `x-tollgate-request-id`.
    request_id: String,
}

impl Show {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut found = Vec::new();
        self.source.each(|record, line| {
            if record.request_id == self.request_id {
                found.push(line);
            }
        })?;
        if found.is_empty() {
            return Err(BadInput::of(&anyhow!("the journal has no request `{}`", self.request_id)).into());
        }
        for line in found {
            say(&serde_json::to_string_pretty(&serde_json::from_str::<Value>(&line)?)?);
        }
        Ok(())
    }
}
