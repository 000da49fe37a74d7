//! What became of the sources: counts, and what of them could not be read.

use std::collections::BTreeMap;

/// Gathered while reading.
#[derive(Debug, Default)]
pub(super) struct Report {
    left_out: BTreeMap<(&'static str, String), usize>,
    unread: BTreeMap<(&'static str, String), usize>,
    disagreements: Vec<String>,
}

impl Report {
    /// Models of a provider that Tollgate does not know, or that no request names.
    pub(super) fn left_out(&mut self, source: &'static str, what: &str, models: usize) {
        *self.left_out.entry((source, what.to_owned())).or_default() += models;
    }

    /// Figures that the catalogue has no word for.
    pub(super) fn unread(&mut self, source: &'static str, what: &str) {
        *self.unread.entry((source, what.to_owned())).or_default() += 1;
    }

    /// Figures in which the sources differ.
    pub(super) fn disagreement(&mut self, line: String) {
        self.disagreements.push(line);
    }

    /// The report for whoever ran the command.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let tally = |what: &BTreeMap<(&'static str, String), usize>, source: &str| {
            let of = what.iter().filter(|((from, _), _)| *from == source);
            of.map(|((_, what), count)| format!("{what} ({count})")).collect::<Vec<_>>().join(", ")
        };
        for (title, what) in [("models left out of", &self.left_out), ("figures not read of", &self.unread)] {
            let mut sources: Vec<&str> = what.keys().map(|(source, _)| *source).collect();
            sources.dedup();
            lines.extend(sources.iter().map(|source| format!("{title} {source}: {}", tally(what, source))));
        }
        lines.extend(self.disagreements.iter().map(|line| format!("the sources differ: {line}")));
        lines
    }
}
