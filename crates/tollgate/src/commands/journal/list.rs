//! `tollgate journal list`.

use std::collections::VecDeque;

use clap::Args;
use jiff::Timestamp;

use super::records::{Record, Source};
use crate::commands::surroundings::say;

/// Shows requests.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    source: Source,
    /// Only those of a key.
    #[arg(long)]
    key: Option<String>,
    /// Only those that asked for a model or route.
    #[arg(long)]
    model: Option<String>,
    /// Only those that were refused, failed or were cancelled.
    #[arg(long)]
    failed: bool,
    /// Only from a time on, such as `2026-12-31T00:00:00Z`.
    #[arg(long)]
    since: Option<Timestamp>,
    /// Only before a time.
    #[arg(long)]
    until: Option<Timestamp>,
    /// Most requests; of more, the last.
    #[arg(long, default_value_t = 100)]
    max: usize,
    /// Prints their records, a line of JSON for each.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut last = VecDeque::new();
        self.source.each(|record, text| {
            if self.wants(&record) {
                last.push_back(if self.json { text } else { line(&record) });
            }
            if last.len() > self.max {
                last.pop_front();
            }
        })?;
        last.iter().for_each(|line| say(line));
        Ok(())
    }

    fn wants(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        is(&self.key, &record.key)
            && is(&self.model, &record.model)
            && (!self.failed || record.has_failed())
            && self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
    }
}

/// A request for people: `2026-11-27T10:00:00Z  req_…  key app  reliable → openai/gpt-4o  200  2 attempts  812 ms  $0.0031`.
fn line(record: &Record) -> String {
    let asked = record.model.as_deref();
    let way = match (asked, record.target()) {
        (Some(asked), Some(target)) if asked != target => format!("{asked} → {target}"),
        (asked, target) => target.or(asked.map(str::to_owned)).unwrap_or_default(),
    };
    let told = |outcome: &&String| outcome.as_str() != "done";
    let parts = [
        format!("{:.0}", record.at),
        record.request_id.clone(),
        record.key.as_ref().map(|key| format!("key {key}")).unwrap_or_default(),
        way,
        record.status.to_string(),
        record.code.clone().unwrap_or_default(),
        record.outcome.as_ref().filter(told).cloned().unwrap_or_default(),
        record
            .attempts
            .filter(|attempts| *attempts > 1)
            .map(|attempts| format!("{attempts} attempts"))
            .unwrap_or_default(),
        record.duration_ms.map(|time| format!("{time} ms")).unwrap_or_default(),
        record.cost_usd.as_ref().map(|cost| format!("${cost}")).unwrap_or_default(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}
