//! `tollgate audit export`.

use clap::Args;
use domain::audit::AuditFilter;

use super::source::{Source, each};
use crate::commands::surroundings::say;

/// Writes all records.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    source: Source,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.source.with_log(async |log| {
            let base = log.extent().await?.base;
            say(&serde_json::to_string(&base)?);
            let all = AuditFilter::default();
            each(log, (base.sequence, &all), |record| {
                say(&record.to_line()?);
                Ok(())
            })
            .await
        })
    }
}
