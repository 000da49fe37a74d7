//! What came of one or more configurations in the same world, for people and for machines.

mod figures;
mod json;
mod table;

use std::fmt;
use std::time::Duration;

use crate::tally::{Tally, percentile};

/// What came of one configuration.
#[derive(Debug)]
pub struct Outcome {
    /// What the configuration is called.
    pub name: String,
    /// What came of it.
    pub tally: Tally,
    /// What comes of it where nothing goes wrong; none where nothing does anyway.
    pub without_faults: Option<Tally>,
}

/// What came of several configurations.
#[derive(Debug)]
pub struct Report {
    /// The seed of all luck.
    pub seed: u64,
    /// At least one.
    pub outcomes: Vec<Outcome>,
}

impl Outcome {
    /// By how much the p99 of whole answers rose through the faults; nothing where it fell.
    #[must_use]
    pub fn added_p99(&self) -> Option<Duration> {
        self.added(|tally| &tally.answers)
    }

    /// By how much the p99 of first contents rose through the faults; nothing where it fell.
    #[must_use]
    pub fn added_first_token_p99(&self) -> Option<Duration> {
        self.added(|tally| &tally.first_tokens)
    }

    fn added(&self, times: impl Fn(&Tally) -> &Vec<u64>) -> Option<Duration> {
        let before = percentile(times(self.without_faults.as_ref()?), 0.99)?;
        Some(percentile(times(&self.tally), 0.99)?.saturating_sub(before))
    }
}

impl Report {
    /// The report as a JSON object: times in milliseconds, shares from 0 to 1, money as decimal texts in US dollars.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json::report(self)
    }
}

impl fmt::Display for Report {
    /// A table with a column for each configuration, then one with a row for each target.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.outcomes.iter().map(|outcome| outcome.tally.requests).max().unwrap_or(0);
        let lasted = self.outcomes.iter().map(|outcome| outcome.tally.lasted).max().unwrap_or_default();
        writeln!(formatter, "{requests} requests in {}, seed {}", figures::long(lasted), self.seed)?;
        writeln!(formatter)?;
        figures::of(&self.outcomes).fmt(formatter)?;
        writeln!(formatter)?;
        figures::by_target(&self.outcomes).fmt(formatter)
    }
}

#[cfg(test)]
mod tests;
