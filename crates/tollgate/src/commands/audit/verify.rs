//! `tollgate audit verify`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use domain::audit::{AuditFilter, AuditHash, Head, SealedRecord};

use super::source::{Source, each};
use crate::commands::BadInput;
use crate::commands::surroundings::say;

/// Longest line of an export: several times what the control plane takes.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Says whether the records are as they were written.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    source: Source,
    /// What `tollgate audit export` wrote, in place of a database; `-` for the standard input.
    #[arg(long, conflicts_with_all = ["state", "config"])]
    export: Option<PathBuf>,
    /// The hash that the last record has to have, as it is known from elsewhere: `blake3:` and 64 hexadecimal digits.
    #[arg(long)]
    head: Option<AuditHash>,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (base, head) = match &self.export {
            Some(path) if path.as_os_str() == "-" => of_export(std::io::stdin().lock())?,
            Some(path) => {
                let file = File::open(path);
                let file = file.with_context(|| format!("{} cannot be read", path.display()));
                of_export(BufReader::new(file.map_err(|error| BadInput::of(&error))?))?
            }
            None => self.of_database()?,
        };
        if let Some(expected) = self.head {
            head.expect(expected)?;
        }
        say(&format!(
            "{} records are as they were written, {} the last",
            head.sequence - base.sequence,
            head.sequence
        ));
        if base.sequence > 0 {
            say(&format!("those up to {} are not kept any more", base.sequence));
        }
        say(&format!("head {}", head.hash));
        Ok(())
    }

    fn of_database(&self) -> anyhow::Result<(Head, Head)> {
        self.source.with_log(async |log| {
            let base = log.extent().await?.base;
            let mut head = base;
            let all = AuditFilter::default();
            each(log, (base.sequence, &all), |record| Ok(head.follow(&record)?)).await?;
            Ok((base, head))
        })
    }
}

/// Where the records of an export begin and end.
fn of_export(mut export: impl BufRead) -> anyhow::Result<(Head, Head)> {
    let bad = |number: u64, error: &dyn std::fmt::Display| BadInput(format!("line {number}: {error}"));
    let mut line = String::new();
    let mut read = |line: &mut String| {
        line.clear();
        export.by_ref().take(LINE_BYTES_MAX).read_line(line)
    };
    read(&mut line).map_err(|error| bad(1, &error))?;
    let base: Head = serde_json::from_str(&line).map_err(|error| bad(1, &error))?;
    let mut head = base;
    for number in 2.. {
        if read(&mut line).map_err(|error| bad(number, &error))? == 0 {
            break;
        }
        let record = SealedRecord::from_line(line.trim_end()).map_err(|error| bad(number, &error))?;
        head.follow(&record).map_err(|broken| anyhow!("line {number}: {broken}"))?;
    }
    Ok((base, head))
}
