//! `tollgate audit list`.

use std::collections::VecDeque;

use clap::Args;
use domain::audit::{AuditEntry, AuditFilter, Outcome, SealedRecord, Who};
use jiff::Timestamp;

use super::source::{Source, each};
use crate::commands::surroundings::say;

/// Shows records.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    source: Source,
    /// Only what somebody did: the name of a control key or key, or a network.
    #[arg(long)]
    who: Option<String>,
    /// Only such acts: `update`, or `request` for what clients asked for.
    #[arg(long)]
    act: Option<String>,
    /// Only what was done to things of a kind, such as `Key`.
    #[arg(long)]
    kind: Option<String>,
    /// Only what was done to things of this name.
    #[arg(long)]
    name: Option<String>,
    /// Only what was done to things of a workspace.
    #[arg(long)]
    workspace: Option<String>,
    /// Only from a time on, such as `2026-12-31T00:00:00Z`.
    #[arg(long)]
    since: Option<Timestamp>,
    /// Only before a time.
    #[arg(long)]
    until: Option<Timestamp>,
    /// Most records; of more, the last.
    #[arg(long, default_value_t = 100)]
    max: usize,
    /// Prints a line of JSON for each, as `tollgate audit export` does.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let filter = self.filter();
        let mut last = VecDeque::new();
        self.source.with_log(async |log| {
            each(log, (0, &filter), |record| {
                last.push_back(record);
                if last.len() > self.max {
                    last.pop_front();
                }
                Ok(())
            })
            .await
        })?;
        for record in &last {
            say(&if self.json { record.to_line()? } else { line(record)? });
        }
        Ok(())
    }

    fn filter(&self) -> AuditFilter {
        let text = |text: &Option<String>| text.as_deref().map(Into::into);
        let time = |time: Option<Timestamp>| time.map(|time| time.as_millisecond().try_into().unwrap_or(0));
        AuditFilter {
            who: text(&self.who),
            act: text(&self.act),
            kind: text(&self.kind),
            name: text(&self.name),
            workspace: text(&self.workspace),
            since_milliseconds: time(self.since),
            until_milliseconds: time(self.until),
        }
    }
}

/// A record for people: `7  2026-11-27T10:00:00Z  key reporting  request Key reporting  denied TG2003  × 3  from 192.0.2.1`.
fn line(record: &SealedRecord) -> anyhow::Result<String> {
    let entry = record.entry()?;
    let at = i64::try_from(entry.at_milliseconds).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let at = at.unwrap_or_default();
    let parts = [
        record.head.sequence.to_string(),
        format!("{at:.0}"),
        who(&entry.who),
        what(&entry),
        match &entry.outcome {
            Outcome::Done => "done".to_owned(),
            Outcome::Denied(code) => format!("denied {code}"),
            Outcome::Failed(code) => format!("failed {code}"),
        },
        if entry.times > 1 { format!("× {}", entry.times) } else { String::new() },
        entry.from.map_or_else(String::new, |address| format!("from {address}")),
    ];
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "))
}

fn who(who: &Who) -> String {
    match who {
        Who::ControlKey(name) => format!("control key {name}"),
        Who::LocalAdmin(name) => format!("local admin {name}"),
        Who::User(name) => format!("user {name}"),
        Who::Key(name) => format!("key {name}"),
        Who::Network(network) => format!("network {network}"),
        Who::Others => "others".to_owned(),
    }
}

fn what(entry: &AuditEntry) -> String {
    let Some(resource) = &entry.resource else { return entry.act.to_string() };
    let workspace = resource.workspace.as_ref().map(|workspace| format!(" of {workspace}"));
    format!("{} {} {}{}", entry.act, resource.kind, resource.name, workspace.unwrap_or_default())
}
